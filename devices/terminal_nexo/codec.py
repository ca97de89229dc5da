"""nexo Retailer messages (device reference §7.2): four bytes of length, then JSON. No clock, no chance, no I/O.

The sale system asks (``SaleToPOIRequest``), the terminal answers under the same ``ServiceID`` (``SaleToPOIResponse``).
A payment's ServiceID is made from its order number, so that whoever restarts can still ask what became of it.
"""

import base64
import datetime as dt
import hashlib
from typing import Any

import msgspec

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
from devices.terminal_nexo.messages import Answer, Payment, Verdict, cleaned

PROTOCOL_VERSION = "3.0"
MAX_MESSAGE_BYTES = 256 * 1024
ASK_AGAIN_S = 3.0
PAYMENT, REVERSAL = "Payment", "Reversal"
_MAX_LINES = 60

_FAILED = {
    "Cancel": "cancelled",
    "Refusal": "declined",
    "WrongPIN": "declined",
    "InvalidCard": "declined",
    "Aborted": "cancelled",
}
_UNKNOWN = {"InProgress": "in_progress", "Busy": "busy", "UnreachableHost": "host_not_reached", "NotFound": "not_found"}


class FrameDecoder:
    """Cuts a stream into messages; feed it any chunks.

    Raises from ``feed``:
        GarbledFrame: a length above the limit; the connection is of no use any more.
    """

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take a chunk and return the messages that it completes.

        Raises:
            GarbledFrame: one says that it is longer than ``MAX_MESSAGE_BYTES``; the stream cannot be cut any further.
        """
        self._buffer += data
        found = []
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if size > MAX_MESSAGE_BYTES:
                raise GarbledFrame("too_long", self._buffer[:4])
            if len(self._buffer) < 4 + size:
                break
            found.append(self._buffer[4 : 4 + size])
            self._buffer = self._buffer[4 + size :]
        return found


def framed(message: Any) -> bytes:
    """Return a message as it goes over the wire."""
    body = msgspec.json.encode(message)
    return len(body).to_bytes(4, "big") + body


def service_id(number: str, category: str = PAYMENT) -> str:
    """Return the ServiceID of an order or refund, or of an order's reversal: always the same, whoever asks and whenever.

    >>> service_id("S1-1") == service_id("S1-1"), len(service_id("S1-1")), service_id("S1-1") == service_id("S1-1", REVERSAL)
    (True, 10, False)
    """
    return base64.b32encode(hashlib.sha256(f"{category} {number}".encode()).digest())[:10].decode()


class Desk(msgspec.Struct, frozen=True):
    """Who talks to whom: our name and the terminal's."""

    sale_id: str
    poi_id: str

    def request(self, category: str, service: str, **body: Any) -> dict[str, Any]:
        """Return a request of ``category`` under ``service``."""
        header = {
            "ProtocolVersion": PROTOCOL_VERSION,
            "MessageClass": "Service",
            "MessageCategory": category,
            "MessageType": "Request",
            "ServiceID": service,
            "SaleID": self.sale_id,
            "POIID": self.poi_id,
        }
        return {"SaleToPOIRequest": {"MessageHeader": header, f"{category}Request": body}}

    def login(self, service: str, at: dt.datetime) -> dict[str, Any]:
        """Return the first words of a connection."""
        software = {"ManufacturerID": "Shopwire", "ApplicationName": "shopwire", "SoftwareVersion": "1"}
        return self.request("Login", service, DateTime=at.isoformat(), SaleSoftware=software, OperatorLanguage="zh")

    def pay(self, attempt: Attempt, at: dt.datetime) -> dict[str, Any]:
        """Return the request to pay; a shopper's code goes along when the attempt has one."""
        transaction: dict[str, Any] = {
            "AmountsReq": {"Currency": attempt.currency, "RequestedAmount": amount(attempt.amount_minor)}
        }
        data: dict[str, Any] = {"SaleTransactionID": _sale_transaction(attempt.order_no, at)}
        if attempt.code is not None:
            data["SaleToAcquirerData"] = f"authCode={attempt.code.code}"  # the field that is left to the acquirer
        return self.request(PAYMENT, service_id(attempt.order_no), SaleData=data, PaymentTransaction=transaction)

    def status_of(self, number: str, service: str, category: str = PAYMENT) -> dict[str, Any]:
        """Return the question what became of the payment, refund or reversal of ``number``."""
        return self.request("TransactionStatus", service, MessageReference=self._reference(number, category))

    def abort(self, number: str, service: str) -> dict[str, Any]:
        """Return the wish to end a payment that still runs; it is not answered, the payment is."""
        reference = self._reference(number, PAYMENT)
        return self.request("Abort", service, MessageReference=reference, AbortReason="MerchantAbort")

    def reverse(self, number: str, poi_transaction: dict[str, str]) -> dict[str, Any]:
        """Return the request to take a whole payment back."""
        original = {"OriginalPOITransaction": {"POITransactionID": poi_transaction}, "ReversalReason": "MerchantCancel"}
        return self.request(REVERSAL, service_id(number, REVERSAL), **original)

    def _reference(self, number: str, category: str) -> dict[str, str]:
        service = service_id(number, category)
        return {"MessageCategory": category, "ServiceID": service, "SaleID": self.sale_id, "POIID": self.poi_id}

    def refund(self, refund: Refund, currency: str, poi_transaction: dict[str, str], at: dt.datetime) -> dict[str, Any]:
        """Return the request to give a part back."""
        transaction = {
            "AmountsReq": {"Currency": currency, "RequestedAmount": amount(refund.amount_minor)},
            "OriginalPOITransaction": {"POITransactionID": poi_transaction},
        }
        data = {"SaleTransactionID": _sale_transaction(refund.refund_no, at)}
        body = {"SaleData": data, "PaymentTransaction": transaction, "PaymentData": {"PaymentType": "Refund"}}
        return self.request(PAYMENT, service_id(refund.refund_no), **body)


def _sale_transaction(number: str, at: dt.datetime) -> dict[str, str]:
    return {"TransactionID": number, "TimeStamp": at.isoformat()}


def amount(minor: int) -> msgspec.Raw:
    """Return minor units of a currency with two decimals as a JSON number, digit by digit."""
    return msgspec.Raw(f"{minor // 100}.{minor % 100:02d}".encode())


def payment_of(answer: Answer) -> Payment | None:
    """Return the payment that an answer is about, the repeated one of a status too; None when there is none."""
    status = answer.body.TransactionStatusResponse
    if status is not None:
        repeated = status.RepeatedMessageResponse
        return repeated.RepeatedResponseMessageBody.PaymentResponse if repeated is not None else None
    return answer.body.PaymentResponse


def outcome_of(attempt: Attempt, answer: Answer) -> Outcome:
    """Return what an answer to ``pay`` or ``status_of`` says of an attempt."""
    payment = payment_of(answer)
    if payment is None:
        status = answer.body.TransactionStatusResponse
        return _unsettled(status.Response if status is not None else None)
    return _paid(attempt, payment) if payment.Response.Result == "Success" else _unsettled(payment.Response)


def refund_outcome_of(refund: Refund, answer: Answer) -> RefundOutcome:
    """Return what an answer to ``refund`` says."""
    payment = payment_of(answer)
    if payment is None:
        status = answer.body.TransactionStatusResponse
        return _in_doubt(status.Response if status is not None else None)
    if payment.Response.Result != "Success":
        said = cleaned(payment.Response.AdditionalResponse)
        reasons = {"NotAllowed": "above_paid", "Refusal": "refused", "NotFound": "not_paid", "Cancel": "cancelled"}
        reason = reasons.get(payment.Response.ErrorCondition)
        return RefundRefused(reason, said) if reason else _in_doubt(payment.Response)
    if payment.POIData is None or minor_of(payment) != refund.amount_minor:
        return Unknown("amount_differs")
    return Refunded(cleaned(payment.POIData.POITransactionID.TransactionID))


def minor_of(payment: Payment) -> int | None:
    """Return what was authorised, in minor units; None when it is no whole number of them."""
    if payment.PaymentResult is None:
        return None
    minor = payment.PaymentResult.AmountsResp.AuthorizedAmount.scaleb(2)
    return int(minor) if minor.is_finite() and minor == minor.to_integral_value() and 0 <= minor < 10**12 else None


def transaction_of(answer: Answer) -> dict[str, str] | None:
    """Return the terminal's own name of the payment that went well, as a reversal must repeat it; None without one."""
    payment = payment_of(answer)
    if payment is None or payment.POIData is None or payment.Response.Result != "Success":
        return None
    poi = payment.POIData.POITransactionID
    return {"TransactionID": poi.TransactionID, "TimeStamp": poi.TimeStamp.isoformat()}


def was_reversed(answer: Answer) -> bool | None:
    """Return whether the answer to a question about a reversal says that it was carried out; None when that is open."""
    status = answer.body.TransactionStatusResponse
    if status is None:
        return None
    if status.RepeatedMessageResponse is None:
        return False if status.Response.ErrorCondition == "NotFound" else None
    done = status.RepeatedMessageResponse.RepeatedResponseMessageBody.ReversalResponse
    return done is not None and done.Response.Result == "Success"


def masked_card(pan: str) -> str:
    """Return a card number that shows no more than its last four digits, whatever the terminal sent.

    >>> masked_card("6222021234567890"), masked_card("622202******7890")
    ('****7890', '****7890')
    """
    digits = "".join(c for c in pan if c in "0123456789")
    return f"****{digits[-4:]}" if len(digits) >= 4 else ""


def _paid(attempt: Attempt, payment: Payment) -> Outcome:
    if payment.POIData is None or payment.PaymentResult is None:
        return Unknown("incomplete")
    at = payment.POIData.POITransactionID.TimeStamp
    if minor_of(payment) != attempt.amount_minor:
        return Unknown("amount_differs")
    card = payment.PaymentResult.PaymentInstrumentData.CardData
    lines = [
        cleaned(line.Text)
        for receipt in payment.PaymentReceipt
        if receipt.DocumentQualifier == "CustomerReceipt"
        for line in receipt.OutputContent.OutputText
    ]
    return Paid(
        attempt.amount_minor,
        attempt.code.channel if attempt.code is not None else "card",
        cleaned(payment.POIData.POITransactionID.TransactionID),
        (at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC),
        f"{cleaned(card.PaymentBrand)} {masked_card(card.MaskedPan)}".strip(),
        tuple(lines[:_MAX_LINES]),
    )


def _unsettled(response: Verdict | None) -> Outcome:
    if response is None:
        return Unknown("malformed")
    if response.ErrorCondition == "InProgress":
        return NeedsPassword(ASK_AGAIN_S)
    if response.Result == "Failure" and response.ErrorCondition in _FAILED:
        return Failed(_FAILED[response.ErrorCondition], cleaned(response.AdditionalResponse))
    busy = response.ErrorCondition == "Busy"  # turned away unread: another payment runs
    return Unknown(_UNKNOWN.get(response.ErrorCondition, "unknown_condition"), sent=not busy)


def _in_doubt(response: Verdict | None) -> Unknown:
    condition = response.ErrorCondition if response is not None else ""
    return Unknown(_UNKNOWN.get(condition, "unknown_condition"), sent=condition != "Busy")
