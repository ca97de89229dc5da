"""Customer displays: what a shopper sees, whatever shows it."""

from typing import Literal, Protocol

import msgspec

from devices.ports.device import Device

Purpose = Literal["idle", "item", "total", "paid", "change", "message"]


class Shown(msgspec.Struct, frozen=True):
    """What shall be on a display; each driver shows as much of it as its glass can.

    Attributes:
        purpose: what the amount is: a price, the total, what was received, the change.
        text: the item's name or a greeting, any language.
        amount_minor: the amount in minor units, or None.
        digits: decimals of the currency, 2 for yuan.
        symbol: of the currency, before the amount.
        detail: a second text, such as ``2 × 3.50``.
        ascii: ``text`` for glasses without Chinese glyphs; empty: what of ``text`` they can show.
    """

    purpose: Purpose = "idle"
    text: str = ""
    amount_minor: int | None = None
    digits: int = 2
    symbol: str = ""
    detail: str = ""
    ascii: str = ""


class CustomerDisplay(Device, Protocol):
    """Shows one thing at a time; the newest wins."""

    def show(self, shown: Shown) -> None:
        """Show ``shown`` as soon as the display is there; never waits and never fails: a sale does not depend on it."""
