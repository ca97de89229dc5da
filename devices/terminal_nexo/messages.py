"""What a terminal answers, as nexo Retailer names it; fields that nobody here needs are passed over."""

import datetime as dt
import unicodedata
from decimal import Decimal

import msgspec

from devices.errors import GarbledFrame

_MAX_TEXT = 80


def cleaned(text: str) -> str:
    """Return a terminal's text fit for logs, screens and paper: no control character, not long."""
    return "".join(c for c in text if unicodedata.category(c)[0] != "C")[:_MAX_TEXT]


class Verdict(msgspec.Struct, frozen=True):
    """How something went, and why not."""

    Result: str
    ErrorCondition: str = ""
    AdditionalResponse: str = ""


class _TransactionId(msgspec.Struct, frozen=True):
    TransactionID: str
    TimeStamp: dt.datetime


class _PoiData(msgspec.Struct, frozen=True):
    POITransactionID: _TransactionId


class _Amounts(msgspec.Struct, frozen=True):
    AuthorizedAmount: Decimal
    Currency: str = ""


class _Card(msgspec.Struct, frozen=True):
    MaskedPan: str = ""
    PaymentBrand: str = ""


class _Instrument(msgspec.Struct, frozen=True):
    CardData: _Card = _Card()


class _Result(msgspec.Struct, frozen=True):
    AmountsResp: _Amounts
    PaymentInstrumentData: _Instrument = _Instrument()


class _Text(msgspec.Struct, frozen=True):
    Text: str


class _Content(msgspec.Struct, frozen=True):
    OutputText: list[_Text] = []


class _Receipt(msgspec.Struct, frozen=True):
    DocumentQualifier: str
    OutputContent: _Content = _Content()


class Payment(msgspec.Struct, frozen=True):
    """A payment or refund."""

    Response: Verdict
    POIData: _PoiData | None = None
    PaymentResult: _Result | None = None
    PaymentReceipt: list[_Receipt] = []


class _Plain(msgspec.Struct, frozen=True):
    Response: Verdict


class _RepeatedBody(msgspec.Struct, frozen=True):
    PaymentResponse: Payment | None = None
    ReversalResponse: _Plain | None = None


class _Repeated(msgspec.Struct, frozen=True):
    RepeatedResponseMessageBody: _RepeatedBody


class _Status(msgspec.Struct, frozen=True):
    Response: Verdict
    RepeatedMessageResponse: _Repeated | None = None


class _Header(msgspec.Struct, frozen=True):
    MessageCategory: str
    ServiceID: str


class _Body(msgspec.Struct, frozen=True):
    MessageHeader: _Header
    LoginResponse: _Plain | None = None
    PaymentResponse: Payment | None = None
    ReversalResponse: _Plain | None = None
    TransactionStatusResponse: _Status | None = None


class _Message(msgspec.Struct, frozen=True):
    SaleToPOIResponse: _Body


class Answer(msgspec.Struct, frozen=True):
    """A terminal's answer.

    Attributes:
        service: to which request.
        category: of that request.
    """

    service: str
    category: str
    body: _Body

    @property
    def ok(self) -> bool:
        """Whether a request without an outcome of its own (login, reversal) was carried out."""
        plain = self.body.LoginResponse or self.body.ReversalResponse
        return plain is not None and plain.Response.Result == "Success"

    @property
    def condition(self) -> str:
        """Why not, in nexo's words."""
        plain = self.body.LoginResponse or self.body.ReversalResponse
        return cleaned(plain.Response.ErrorCondition) if plain is not None else ""


def answer_of(message: bytes) -> Answer:
    """Read one message of a terminal.

    Raises:
        GarbledFrame: it is none.
    """
    try:
        body = msgspec.json.decode(message, type=_Message).SaleToPOIResponse
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise GarbledFrame("malformed") from error
    return Answer(body.MessageHeader.ServiceID, body.MessageHeader.MessageCategory, body)
