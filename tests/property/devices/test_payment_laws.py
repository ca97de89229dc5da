"""Whatever a provider or a terminal says: nothing crashes, chunks do not matter, and only the right amount is ever paid."""

import contextlib
import json
import random
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import GarbledFrame
from devices.payment_code import codec as codes
from devices.payment_code.signing import NotTrusted
from devices.payment_code.words import MAX_SAID, clean
from devices.ports.payment import Attempt, Paid, Refund, Refunded
from devices.terminal_nexo import codec as nexo
from devices.terminal_nexo.messages import answer_of
from domain.scan import PaymentCode
from tests.budget import INPUTS, LONG

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

ATTEMPT = Attempt("S1-1", 1250, code=PaymentCode("wechat", "134567890123456789"))
REFUND = Refund("R1", "S1-1", 500, 1250)

WORDS = (
    *(
        "SUCCESS",
        "10000",
        "USERPAYING",
        "SYSTEMERROR",
        "40004",
        "CLOSED",
        "REFUND",
        "NOTENOUGH",
        "ACQ.TRADE_NOT_EXIST",
        "",
        "?",
    ),
)
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1250,
    500,
    12.5,
    1e300,
    "",
    "x",
    "1250",
    [],
    [1],
    {},
    {"a": 1},
    "2026-11-21T12:00:00",
)
MANY = 100
"""Inputs an example: Hypothesis chooses seeds, since drawing each value by itself takes a hundred times longer."""

SEEDS = st.integers(0, 2**48).map(random.Random)


def _one_of(chance: random.Random, *usual: Any) -> Any:
    return chance.choice(usual) if chance.random() < 0.8 else chance.choice(ODD)


def _some(chance: random.Random, fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if chance.random() < 0.85}


def _mangled(chance: random.Random, data: bytes) -> bytes:
    if chance.random() < 0.8:
        return data
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(4)) + data[at + chance.randrange(4) :]


def provider_answer(chance: random.Random) -> bytes:
    fields = {
        "order_no": _one_of(chance, "S1-1", "S1-1", "S1-2"),
        "refund_no": _one_of(chance, "R1", "R1", "R2"),
        "word": _one_of(chance, *WORDS),
        "sub": _one_of(chance, *WORDS),
        "amount_minor": _one_of(chance, 1250, 500, 0, -1250),
        "transaction_no": _one_of(chance, "42", ""),
        "paid_at": _one_of(chance, "2026-11-21T12:00:00Z", "never"),
        "recall": _one_of(chance, "Y", "N"),
        "action": _one_of(chance, "close", "refund"),
    }
    return _mangled(chance, json.dumps(_some(chance, fields)).encode())


@settings(max_examples=INPUTS // MANY)
@given(SEEDS)
def test_a_provider_pays_only_what_was_asked_for(chance: random.Random) -> None:
    for _ in range(MANY):
        body = provider_answer(chance)
        with contextlib.suppress(NotTrusted):
            outcome = codes.outcome_of(ATTEMPT, body)
            assert not isinstance(outcome, Paid) or (outcome.amount_minor == 1250 and b"1250" in body)
        with contextlib.suppress(NotTrusted):
            assert not isinstance(codes.reversal_of(ATTEMPT, body), Paid)
        with contextlib.suppress(NotTrusted):
            refunded = codes.refund_outcome_of(REFUND, body)
            assert not isinstance(refunded, Refunded) or b"500" in body


def terminal_answer(chance: random.Random) -> bytes:
    response = {
        "Result": _one_of(chance, "Success", "Success", "Failure", "Partial"),
        "ErrorCondition": _one_of(chance, "", "InProgress", "NotFound", "Refusal", "Busy"),
    }
    poi = {"POITransactionID": {"TransactionID": "1", "TimeStamp": _one_of(chance, "2026-11-21T12:00:00Z")}}
    amounts = {"AmountsResp": {"AuthorizedAmount": _one_of(chance, 12.5, 12.5, 5.0, 12.05, 1250)}}
    payment = _some(
        chance,
        {
            "Response": _some(chance, response),
            "POIData": _one_of(chance, poi),
            "PaymentResult": _one_of(chance, amounts),
        },
    )
    if chance.random() < 0.5:
        return _mangled(chance, message("Payment", payment))
    repeated = {"RepeatedResponseMessageBody": {"PaymentResponse": payment}}
    status = {"Response": _some(chance, response), "RepeatedMessageResponse": _one_of(chance, repeated)}
    return _mangled(chance, message("TransactionStatus", _some(chance, status)))


def test_the_inputs_reach_every_outcome() -> None:
    chance, of_codes, of_cards = random.Random(1), set[str](), set[str]()
    for _ in range(3000):
        with contextlib.suppress(NotTrusted):
            of_codes.add(type(codes.outcome_of(ATTEMPT, provider_answer(chance))).__name__)
        with contextlib.suppress(GarbledFrame):
            of_cards.add(type(nexo.outcome_of(ATTEMPT, answer_of(terminal_answer(chance)))).__name__)
    assert of_codes == {"Paid", "NeedsPassword", "Unknown", "Failed", "Closed"}
    assert of_cards == {"Paid", "NeedsPassword", "Unknown", "Failed"}


def message(category: str, body: Any) -> bytes:
    header = {"MessageCategory": category, "ServiceID": "X"}
    return json.dumps({"SaleToPOIResponse": {"MessageHeader": header, f"{category}Response": body}}).encode()


@settings(max_examples=INPUTS // MANY)
@given(SEEDS)
def test_a_terminal_pays_only_what_was_asked_for(chance: random.Random) -> None:
    for _ in range(MANY):
        data = terminal_answer(chance)
        with contextlib.suppress(GarbledFrame):
            answer = answer_of(data)
            outcome = nexo.outcome_of(ATTEMPT, answer)
            assert not isinstance(outcome, Paid) or re.search(rb":\s*12\.5", data)
            refunded = nexo.refund_outcome_of(REFUND, answer)
            assert not isinstance(refunded, Refunded) or re.search(rb":\s*5", data)


@settings(max_examples=INPUTS // MANY)
@given(SEEDS)
def test_no_bytes_crash_the_reading_of_a_message(chance: random.Random) -> None:
    for _ in range(MANY):
        with contextlib.suppress(GarbledFrame):
            answer_of(chance.randbytes(chance.randrange(60)))
        with contextlib.suppress(NotTrusted):
            codes.bill_of(chance.randbytes(chance.randrange(60)))


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.integers(0, 400), max_size=6))
def test_messages_are_cut_whatever_the_chunks(bodies: list[bytes], places: list[int]) -> None:
    data = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    decoder = nexo.FrameDecoder()
    assert [found for a, b in pairwise(edges) for found in decoder.feed(data[a:b])] == bodies


@given(st.text(max_size=300))
def test_no_text_of_a_provider_holds_a_control_character_or_a_long_number(text: str) -> None:
    said = clean(text + "134567890123456789")
    assert said.isprintable()
    assert "134567890123456789" not in said
    assert len(said) <= MAX_SAID


@given(st.integers(1, 100_000_000))
def test_amounts_survive_the_way_to_a_terminal_and_back(minor: int) -> None:
    amount = bytes(nexo.amount(minor)).decode()
    body = message(
        "Payment", {"Response": {"Result": "Success"}, "PaymentResult": {"AmountsResp": {"AuthorizedAmount": 0}}}
    )
    answer = answer_of(body.replace(b'"AuthorizedAmount": 0', f'"AuthorizedAmount": {amount}'.encode()))
    payment = nexo.payment_of(answer)
    assert payment is not None
    assert nexo.minor_of(payment) == minor
