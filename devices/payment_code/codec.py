"""What is asked, and what the answers mean; no clock, no chance, no I/O. The wire is described in ``protocol.md``."""

import datetime as dt
from typing import NamedTuple, TypeVar

import msgspec

from devices.payment_code.signing import Key, NotTrusted, checked_notice
from devices.payment_code.words import clean, words
from devices.ports.payment import (
    Attempt,
    BillLine,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    Refunded,
    RefundOutcome,
    RefundPending,
    RefundRefused,
    Unknown,
)

MAX_ANSWER_BYTES = 64 * 1024
MAX_BILL_BYTES = 16 * 1024 * 1024
_T = TypeVar("_T")


class Sealed(NamedTuple):
    """A request's body, which may hold a payment code: no traceback shows it."""

    data: bytes

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes>"


class _Word(msgspec.Struct, frozen=True):
    word: str


class _Order(msgspec.Struct, frozen=True):
    order_no: str
    word: str
    sub: str = ""
    amount_minor: int = 0
    channel: str = ""
    transaction_no: str = ""
    paid_at: dt.datetime | None = None
    payer: str = ""
    retry_after_s: float = 3.0


class _Reversed(msgspec.Struct, frozen=True):
    order_no: str
    word: str
    sub: str = ""
    recall: str = "N"
    action: str = ""


class _Refund(msgspec.Struct, frozen=True):
    refund_no: str
    word: str
    sub: str = ""
    amount_minor: int = 0
    transaction_no: str = ""


class _Line(msgspec.Struct, frozen=True):
    order_no: str
    amount_minor: int
    channel: str
    transaction_no: str
    booked_at: dt.datetime
    refund_no: str = ""


class _Bill(msgspec.Struct, frozen=True):
    lines: list[_Line]


class Notice(NamedTuple):
    """What a provider told by itself; whoever takes it compares amount and state with its own attempt."""

    order_no: str
    outcome: Outcome


def sealed(fields: object) -> Sealed:
    """Return a body of JSON."""
    return Sealed(msgspec.json.encode(fields))


def pay_body(attempt: Attempt) -> Sealed:
    """Return what ``pay`` sends.

    Raises:
        ValueError: an attempt without a code.
    """
    if attempt.code is None:
        raise ValueError(
            f"attempt {attempt.order_no} has no payment code: a terminal reads cards, this channel does not"
        )
    return sealed(
        {
            "order_no": attempt.order_no,
            "amount_minor": attempt.amount_minor,
            "currency": attempt.currency,
            "subject": clean(attempt.subject),
            "auth_code": attempt.code.code,
            "channel": attempt.code.channel,
        }
    )


def outcome_of(attempt: Attempt, body: bytes) -> Outcome:
    """Return what the answer to ``pay`` or ``query`` says of this attempt.

    Raises:
        NotTrusted: it makes no sense.
    """
    order = _decoded(body, _Order)
    if order.order_no != attempt.order_no:
        raise NotTrusted("other_order")
    outcome = _outcome(order)
    if isinstance(outcome, Paid) and outcome.amount_minor != attempt.amount_minor:
        return Unknown("amount_differs")
    return outcome


def reversal_of(attempt: Attempt, body: bytes) -> Outcome:
    """Return what the answer to ``reverse`` says; ``Unknown("recall")`` asks to repeat it.

    Raises:
        NotTrusted: it makes no sense.
    """
    answer = _decoded(body, _Reversed)
    if answer.order_no != attempt.order_no:
        raise NotTrusted("other_order")
    known = words()
    if answer.recall == "Y":
        return Unknown("recall")
    if answer.word in known.paid or answer.word in known.closed:
        return Closed(refunded=answer.action == "refund")
    # Not closed is never failed here: the money may be anywhere until a reverse is confirmed.
    return _why_not(answer.sub or answer.word, "not_reversed")


def refund_outcome_of(refund: Refund, body: bytes) -> RefundOutcome:
    """Return what the answer to ``refund`` says.

    Raises:
        NotTrusted: it makes no sense.
    """
    answer = _decoded(body, _Refund)
    if answer.refund_no != refund.refund_no:
        raise NotTrusted("other_order")
    known = words()
    said = answer.sub or answer.word
    if answer.word in known.paid:
        same = answer.amount_minor == refund.amount_minor
        return Refunded(_number(answer.transaction_no)) if same else Unknown("amount_differs")
    if answer.word in known.processing:
        return RefundPending()
    if said in known.refund_refused:
        return RefundRefused(known.refund_refused[said], clean(said))
    return _why_not(said, "unknown_word")


def word_of(body: bytes) -> str:
    """Return the word of an answer that is about nothing else.

    Raises:
        NotTrusted: it makes no sense.
    """
    return clean(_decoded(body, _Word).word)


def bill_of(body: bytes) -> list[BillLine]:
    """Return the bookings of a bill.

    Raises:
        NotTrusted: it makes no sense.
    """
    return [
        BillLine(
            _number(line.order_no),
            _number(line.refund_no),
            line.amount_minor,
            clean(line.channel),
            _number(line.transaction_no),
            _utc(line.booked_at),
        )
        for line in _decoded(body, _Bill).lines
    ]


def notice_of(key: Key, nonce: str, signature: str, body: bytes) -> Notice:
    """Return what a notification says, once its signature holds.

    Raises:
        NotTrusted: it is not the provider's, or makes no sense.
    """
    order = _decoded(checked_notice(key, nonce, signature, body), _Order)
    return Notice(order.order_no, _outcome(order))


def _number(text: str) -> str:
    """A provider's own number: kept whole, for a person will look for it."""
    return "".join(c for c in text if c.isprintable())[:64]


def _why_not(word: str, otherwise: str) -> Unknown:
    known = words()
    if word in known.not_taken:
        return Unknown(known.not_taken[word], sent=False)
    return Unknown(known.unknown.get(word, otherwise))


def _outcome(order: _Order) -> Outcome:
    known, said = words(), order.sub or order.word
    if order.word in known.paid:
        return _paid(order)
    if order.word in known.needs_password:
        return NeedsPassword(min(5.0, max(1.0, order.retry_after_s)))
    if order.word in known.refunded:
        return Closed(refunded=True)
    for word in (order.sub, order.word):
        if word in known.closed:
            return Closed()
        if word in known.not_taken:
            return Unknown(known.not_taken[word], sent=False)
        if word in known.unknown:
            return Unknown(known.unknown[word])
        if word in known.failed:
            return Failed(known.failed[word], clean(said))
    return Unknown("unknown_word")


def _paid(order: _Order) -> Outcome:
    if order.paid_at is None or not order.transaction_no:
        return Unknown("incomplete")
    return Paid(
        order.amount_minor, clean(order.channel), _number(order.transaction_no), _utc(order.paid_at), clean(order.payer)
    )


def _utc(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise NotTrusted("malformed")
    return at.astimezone(dt.UTC)


def _decoded(body: bytes, of: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=of)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotTrusted("malformed") from error
