"""Scales (UnifiedPOS Scale): a weight is stable, or there is a reason why there is none. Never 0 for an error.

Weights are whole grams, which are the thousandths of a kilogram that ``domain.quantity`` counts in.
"""

import enum
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from devices.ports.device import Device


class Reason(enum.Enum):
    """Why there is no weight to sell by; each has a sentence for people, ``word.<value>`` of the edge's catalogues."""

    MOVING = "moving"
    UNDER_ZERO = "under_zero"
    OVER_CAPACITY = "over_capacity"
    ZERO_ERROR = "zero_error"  # outside the range in which the scale may set its zero
    BELOW_MINIMUM = "below_minimum"
    NOT_REMOVED = "not_removed"  # the item of the last weighing still lies there
    STUCK = "stuck"  # the same weight for so long that nobody believes it
    WRONG_UNIT = "wrong_unit"
    SILENT = "silent"
    GARBLED = "garbled"
    FAULT = "fault"  # memory or calibration: only service clears it
    REFUSED = "refused"  # the scale does not take the command, or not now


class Stable(msgspec.Struct, frozen=True, gc=False, tag="stable"):
    """A weight that may be sold by.

    Attributes:
        weight_g: what is to be paid for, tare already off.
        net: whether a tare was taken off.
        amount_minor: the price that a price-calculating scale has worked out, None from all others.
    """

    weight_g: int
    net: bool = False
    amount_minor: int | None = None


class NotReady(msgspec.Struct, frozen=True, gc=False, tag="not_ready"):
    """No weight to sell by, and why.

    Attributes:
        reason: the first thing that a person must do something about.
        weight_g: what the scale shows meanwhile, for a display and never for a sale; None when it does not say.
        net: whether a tare is taken off.
    """

    reason: Reason
    weight_g: int | None = None
    net: bool = False


Weight = Stable | NotReady


class ScaleAbilities(msgspec.Struct, frozen=True):
    """What a scale can do (CapZeroScale, CapTareWeight, CapPriceCalculating); a tare that it cannot keep is kept by the driver."""

    zero: bool = False
    tare: bool = False
    prices: bool = False


class Scale(Device, Protocol):
    """Weighs one thing after the other."""

    @property
    def abilities(self) -> ScaleAbilities:
        """What this scale can do by itself."""

    async def weigh(self, deadline_s: float = 3.0, unit_price_minor: int | None = None) -> Weight:
        """Wait for a stable weight that may be sold; after ``deadline_s`` the last reason is the answer.

        A weight is given once: before the next one the platter must have been empty (``NOT_REMOVED``).
        ``unit_price_minor`` per kilogram is for scales that work out the amount; others ignore it.

        Raises:
            DeviceUnavailable: the scale cannot be reached; raised at once.
        """

    async def zero(self) -> NotReady | None:
        """Set the present load as zero; None when that is done, else why not.

        Raises:
            DeviceUnavailable: the scale cannot be reached.
        """

    async def tare(self, weight_g: int | None = None) -> NotReady | None:
        """Take ``weight_g`` (None: the present load) off; None when that is done, else why not.

        A tare is for one item: it ends when the platter is cleared after a weighing, or with ``clear_tare``.

        Raises:
            DeviceUnavailable: the scale cannot be reached.
        """

    async def clear_tare(self) -> NotReady | None:
        """Weigh gross again; None when that is done, else why not.

        Raises:
            DeviceUnavailable: the scale cannot be reached.
        """

    def readings(self) -> AsyncIterator[Weight]:
        """Iterate over what the scale shows, each change once and of a crowd only the newest; ends only by cancellation."""
