"""Signal lights: what staff see from afar."""

import enum
from typing import Protocol

import msgspec

from devices.ports.device import Device


class Colour(enum.Enum):
    """The lamps there are."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Signal(msgspec.Struct, frozen=True):
    """Which lamps burn, and which of them flash."""

    on: frozenset[Colour] = frozenset()
    flashing: frozenset[Colour] = frozenset()


class SignalLight(Device, Protocol):
    """Shows one signal; the newest wins."""

    def signal(self, signal: Signal) -> None:
        """Show ``signal`` as soon as the light is there; never waits and never fails."""
