"""Scales: a weight is stable, or there is a reason why there is none. Never 0 for an error."""

import enum
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from devices.ports.device import Device


class Reason(enum.Enum):
    """Why there is no weight to sell by."""

    MOVING = "moving"
    UNDER_ZERO = "under_zero"
    OVER_CAPACITY = "over_capacity"
    ZERO_ERROR = "zero_error"  # outside the range in which the scale may set its zero
    BELOW_MINIMUM = "below_minimum"
    NOT_REMOVED = "not_removed"  # the item of the last weighing still lies there
    WRONG_UNIT = "wrong_unit"
    SILENT = "silent"
    GARBLED = "garbled"


class Stable(msgspec.Struct, frozen=True, tag="stable"):
    """A weight that may be sold by: thousandths of a kilogram; ``net`` when a tare is taken off."""

    weight_milli: int
    net: bool = False


class NotReady(msgspec.Struct, frozen=True, tag="not_ready"):
    """No weight, and why."""

    reason: Reason


Weight = Stable | NotReady


class Scale(Device, Protocol):
    """Weighs."""

    async def weigh(self, deadline_s: float = 3.0) -> Weight:
        """Wait for a stable weight; after ``deadline_s`` the last reason is the answer.

        Raises:
            DeviceUnavailable: the scale cannot be reached.
        """

    async def zero(self) -> None:
        """Set the present load as zero."""

    async def tare(self) -> None:
        """Take the present load off every following weight."""

    def readings(self) -> AsyncIterator[Weight]:
        """Iterate over live readings; ends only by cancellation."""
