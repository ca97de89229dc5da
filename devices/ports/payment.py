"""Payments by code or card: ask once, and know the difference between "no" and "nobody answered".

An attempt has a number that its caller has on disk before it asks. The same number is used for every retry of the same
attempt, and for nothing else: a new code or card is a new attempt. Whatever was not answered is ``Unknown``, never
``Failed``: it is asked for again, and only then reversed. Codes are masked in every text that leaves a driver.
"""

import datetime as dt
import re
from typing import Protocol

import msgspec

from devices.ports.device import Device
from domain.scan import PaymentCode

ORDER_NO = re.compile(r"[0-9A-Za-z_\-|*]{1,32}")
"""Letters, digits and ``_ - | *``: what every channel takes."""

MAX_AMOUNT_MINOR = 100_000_000


class Attempt(msgspec.Struct, frozen=True):
    """One try to be paid.

    Attributes:
        order_no: unique per attempt, on disk before it is asked for.
        amount_minor: what is due, in minor units, above zero.
        currency: ISO 4217.
        subject: what the shopper sees on the phone.
        code: the shopper's payment code; None at a terminal, which reads a card or code by itself.
    """

    order_no: str
    amount_minor: int
    currency: str = "CNY"
    subject: str = ""
    code: PaymentCode | None = None

    def __post_init__(self) -> None:
        """Refuse what no provider could book."""
        _check(self.order_no, self.amount_minor)


class Refund(msgspec.Struct, frozen=True):
    """Money back for one paid attempt, in part or whole; ``refund_no`` makes a repeat harmless.

    Attributes:
        refund_no: unique per refund, on disk before it is asked for.
        order_no: the attempt that was paid.
        amount_minor: of this refund; all refunds of an attempt never exceed what was paid.
        paid_minor: what was paid.
    """

    refund_no: str
    order_no: str
    amount_minor: int
    paid_minor: int

    def __post_init__(self) -> None:
        """Refuse what no provider could book."""
        _check(self.refund_no, self.amount_minor)
        _check(self.order_no, self.paid_minor)
        if self.amount_minor > self.paid_minor:
            raise ValueError(f"refund of {self.amount_minor} is above what was paid, {self.paid_minor}")


def _check(number: str, amount_minor: int) -> None:
    if not ORDER_NO.fullmatch(number):
        raise ValueError(f"order number {number!r} is not 1 to 32 letters, digits or _ - | *")
    if not 1 <= amount_minor <= MAX_AMOUNT_MINOR:
        raise ValueError(f"amount {amount_minor} is not 1 to {MAX_AMOUNT_MINOR} minor units")


class Paid(msgspec.Struct, frozen=True, tag="paid"):
    """The money is the shop's.

    Attributes:
        amount_minor: what was asked for: a driver takes no other amount for paid.
        channel: ``wechat``, ``alipay``, ``unionpay``, ``ecny`` or ``card``.
        provider_no: the provider's own number, for the receipt and disputes.
        paid_at: by the provider's clock, UTC.
        payer: masked name or card, for the receipt; never a whole number.
        receipt: lines that a terminal wants on paper.
    """

    amount_minor: int
    channel: str
    provider_no: str
    paid_at: dt.datetime
    payer: str = ""
    receipt: tuple[str, ...] = ()


class NeedsPassword(msgspec.Struct, frozen=True, tag="needs_password"):
    """The shopper confirms on the phone: say so on the screen and ask again in ``ask_again_s`` (3 to 5)."""

    ask_again_s: float = 3.0


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """Nobody knows: query, and do not ask the shopper to pay again.

    Attributes:
        reason: one short constant: ``timeout``, ``not_reached``, ``system_error``, ``not_found``, ``bad_signature``, ``amount_differs`` …
        sent: False when this very request certainly booked nothing: it never left, or was turned away unread. An earlier one may have.
    """

    reason: str
    sent: bool = True


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Certainly not paid, and never will be under this number: a new attempt needs a new number and a new code.

    Attributes:
        reason: one short constant: ``code_expired``, ``code_invalid``, ``not_enough``, ``declined``, ``cancelled``, ``refused`` …
        said: the provider's own word, for whoever calls them.
    """

    reason: str
    said: str = ""


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """Nothing will be paid under this number any more; ``refunded`` when money had come and went back."""

    refunded: bool = False


Outcome = Paid | NeedsPassword | Unknown | Failed | Closed
"""What is known of an attempt. ``Paid``, ``Failed`` and ``Closed`` are final; after ``Closed`` a late "paid" is refunded by a person."""


class Refunded(msgspec.Struct, frozen=True, tag="refunded"):
    """The money is on its way back for good."""

    provider_no: str


class RefundPending(msgspec.Struct, frozen=True, tag="refund_pending"):
    """The provider works on it: ask again with the same refund."""


class RefundRefused(msgspec.Struct, frozen=True, tag="refund_refused"):
    """It will not be done; ``reason`` is ``above_paid``, ``not_paid``, ``too_late`` or another short constant."""

    reason: str
    said: str = ""


RefundOutcome = Refunded | RefundPending | RefundRefused | Unknown


class BillLine(msgspec.Struct, frozen=True):
    """One booking of a day at the provider, to be compared with our own in both directions.

    Attributes:
        order_no: our number of the attempt.
        refund_no: our number of the refund; empty for a payment.
        amount_minor: positive for both.
        channel, provider_no, booked_at: the provider's.
    """

    order_no: str
    refund_no: str
    amount_minor: int
    channel: str
    provider_no: str
    booked_at: dt.datetime


class PaymentChannel(Device, Protocol):
    """Collects money. No method raises for a provider that is away: that is ``Unknown``."""

    async def pay(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Ask for the money. Asked again with the same attempt it asks the provider about the same one, and never charges twice."""

    async def query(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Ask what became of an attempt."""

    async def reverse(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Take an attempt back, paid or not: ``Closed`` when that is certain; ``Unknown`` means ask for it again."""

    async def refund(self, refund: Refund, within_s: float = 10.0) -> RefundOutcome:
        """Give money back; the same refund again returns what became of it."""

    async def bill(self, day: dt.date, within_s: float = 30.0) -> list[BillLine]:
        """Return the provider's bookings of a business day.

        Raises:
            DeviceUnavailable: the provider cannot be reached, or its bill is not to be trusted.
        """
