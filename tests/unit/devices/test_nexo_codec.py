"""nexo messages: golden bytes, exact amounts, masked cards, and answers that are none."""

import datetime as dt
import json
from typing import Any

import pytest

from devices.errors import GarbledFrame
from devices.ports.payment import (
    Attempt,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    Refunded,
    RefundOutcome,
    RefundRefused,
    Unknown,
)
from devices.terminal_nexo import codec
from devices.terminal_nexo.codec import Desk, FrameDecoder
from devices.terminal_nexo.messages import Answer, answer_of
from domain.scan import PaymentCode

AT = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DESK = Desk("till-1", "terminal-1")
ATTEMPT = Attempt("S1-1", 1205)
GOLDEN = (
    b'\x00\x00\x01\x7b{"SaleToPOIRequest":{"MessageHeader":{"ProtocolVersion":"3.0","MessageClass":"Service","MessageCategory":"Payment",'
    b'"MessageType":"Request","ServiceID":"%s","SaleID":"till-1","POIID":"terminal-1"},"PaymentRequest":{"SaleData":{"SaleTransactionID":'
    b'{"TransactionID":"S1-1","TimeStamp":"2026-11-21T12:00:00+00:00"}},"PaymentTransaction":{"AmountsReq":{"Currency":"CNY","RequestedAmount":12.05}}}}}'
)


def answered(category: str, body: dict[str, Any], service: str = "X") -> Answer:
    header = {"MessageCategory": category, "ServiceID": service}
    return answer_of(json.dumps({"SaleToPOIResponse": {"MessageHeader": header, f"{category}Response": body}}).encode())


def approved(amount: str = "12.05", pan: str = "622202******7890") -> dict[str, Any]:
    text = [{"Text": "REF 000001"}, {"Text": "签名\x1bp"}]
    return {
        "Response": {"Result": "Success"},
        "POIData": {"POITransactionID": {"TransactionID": "000001", "TimeStamp": "2026-11-21T12:00:09Z"}},
        "PaymentResult": {
            "PaymentInstrumentData": {"CardData": {"MaskedPan": pan, "PaymentBrand": "UnionPay"}},
            "AmountsResp": {"AuthorizedAmount": json.loads(amount)},
        },
        "PaymentReceipt": [
            {"DocumentQualifier": "CustomerReceipt", "OutputContent": {"OutputText": text}},
            {"DocumentQualifier": "CashierReceipt", "OutputContent": {"OutputText": [{"Text": "not for the shopper"}]}},
        ],
    }


def test_the_golden_payment_request() -> None:
    body = GOLDEN[4:] % codec.service_id("S1-1").encode()
    sent = codec.framed(DESK.pay(ATTEMPT, AT))
    assert json.loads(sent[4:]) == json.loads(body)
    assert sent == len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("minor", "written"), [(1, "0.01"), (10, "0.10"), (1205, "12.05"), (100_000_000, "1000000.00")]
)
def test_amounts_are_written_digit_by_digit(minor: int, written: str) -> None:
    assert bytes(codec.amount(minor)).decode() == written


def test_numbers_of_one_order_are_always_the_same_and_of_two_never() -> None:
    numbers = {
        codec.service_id(f"S1-{number}", kind) for number in range(2000) for kind in (codec.PAYMENT, codec.REVERSAL)
    }
    assert len(numbers) == 4000
    assert all(len(number) == 10 and number.isalnum() for number in numbers)


def test_a_code_goes_to_the_acquirer_and_into_no_repr() -> None:
    attempt = Attempt("S1-1", 1, code=PaymentCode("alipay", "28763443825664394"))
    assert b"authCode=28763443825664394" in codec.framed(DESK.pay(attempt, AT))
    assert "28763443825664394" not in repr(attempt)


def test_paid_with_a_receipt_for_the_shopper_and_four_digits_of_the_card() -> None:
    paid = codec.outcome_of(ATTEMPT, answered("Payment", approved()))
    assert paid == Paid(
        1205,
        "card",
        "000001",
        dt.datetime(2026, 11, 21, 12, 0, 9, tzinfo=dt.UTC),
        "UnionPay ****7890",
        ("REF 000001", "签名p"),
    )


def test_a_terminal_that_sends_a_whole_card_number_is_masked_by_us() -> None:
    paid = codec.outcome_of(ATTEMPT, answered("Payment", approved(pan="6222021234567890")))
    assert isinstance(paid, Paid)
    assert paid.payer == "UnionPay ****7890"


@pytest.mark.parametrize("amount", ["12.04", "1205", "12.051", "-12.05", "1e400"])
def test_another_amount_is_not_paid(amount: str) -> None:
    body = json.dumps(approved()).replace("12.05", amount)
    header = {"MessageCategory": "Payment", "ServiceID": "X"}
    whole = json.dumps({"SaleToPOIResponse": {"MessageHeader": header, "PaymentResponse": json.loads("0")}}).replace(
        '"PaymentResponse": 0', f'"PaymentResponse": {body}'
    )
    assert codec.outcome_of(ATTEMPT, answer_of(whole.encode())) == Unknown("amount_differs")


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("Refusal", Failed("declined", "51")),
        ("Cancel", Failed("cancelled", "51")),
        ("Aborted", Failed("cancelled", "51")),
        ("Busy", Unknown("busy", sent=False)),
        ("UnreachableHost", Unknown("host_not_reached")),
        ("InProgress", NeedsPassword(3.0)),
        ("NotFound", Unknown("not_found")),
        ("SomethingNew", Unknown("unknown_condition")),
    ],
)
def test_conditions(condition: str, outcome: Outcome) -> None:
    response = {"Result": "Failure", "ErrorCondition": condition, "AdditionalResponse": "51"}
    assert codec.outcome_of(ATTEMPT, answered("Payment", {"Response": response})) == outcome
    assert codec.outcome_of(ATTEMPT, answered("TransactionStatus", {"Response": response})) == outcome


def test_a_status_repeats_the_answer_and_tells_of_a_reversal() -> None:
    body = {"RepeatedResponseMessageBody": {"PaymentResponse": approved()}}
    status = answered("TransactionStatus", {"Response": {"Result": "Success"}, "RepeatedMessageResponse": body})
    assert isinstance(codec.outcome_of(ATTEMPT, status), Paid)
    assert codec.transaction_of(status) == {"TransactionID": "000001", "TimeStamp": "2026-11-21T12:00:09+00:00"}
    undone = {"RepeatedResponseMessageBody": {"ReversalResponse": {"Response": {"Result": "Success"}}}}
    done = answered("TransactionStatus", {"Response": {"Result": "Success"}, "RepeatedMessageResponse": undone})
    assert codec.was_reversed(done) is True
    for condition, said in (("NotFound", False), ("InProgress", None)):
        response = {"Result": "Failure", "ErrorCondition": condition}
        assert codec.was_reversed(answered("TransactionStatus", {"Response": response})) is said


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (approved("5.00"), Refunded("000001")),
        (approved("4.99"), Unknown("amount_differs")),
        ({"Response": {"Result": "Failure", "ErrorCondition": "NotAllowed"}}, RefundRefused("above_paid")),
        ({"Response": {"Result": "Failure", "ErrorCondition": "Busy"}}, Unknown("busy", sent=False)),
    ],
)
def test_refunds(body: dict[str, Any], outcome: RefundOutcome) -> None:
    assert codec.refund_outcome_of(Refund("R1", "S1-1", 500, 1205), answered("Payment", body)) == outcome


@pytest.mark.parametrize("message", [b"", b"[]", b"{}", b'{"SaleToPOIResponse": {}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_message_is_garbled(message: bytes) -> None:
    with pytest.raises(GarbledFrame, match="malformed"):
        answer_of(message)


def test_a_length_that_no_message_has_ends_the_connection() -> None:
    with pytest.raises(GarbledFrame, match="too_long"):
        FrameDecoder().feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")
