"""What a driver is given by whoever runs it; every part has a default, so that a driver also runs alone."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from devices.errors import DeviceUnavailable
from devices.health import Report
from devices.ports.device import Device

T = TypeVar("T")

Trace = Callable[[str, Literal["in", "out"], bytes], None]
"""Told of every chunk of bytes that passes: device id, direction as the driver sees it, bytes."""


class Arrivals(Protocol):
    """News of hardware that was plugged in."""

    async def wait(self, timeout_s: float) -> None:
        """Return when something was plugged in, at the latest after ``timeout_s``."""


class NoNews:
    """Arrivals where nobody watches: the time-out alone decides."""

    async def wait(self, timeout_s: float) -> None:
        """Wait."""
        await asyncio.sleep(timeout_s)


def as_written(address: str) -> str:
    """Return ``address``: where nobody knows identities, an address is what the settings say."""
    return address


def alone(device_id: str) -> Device:
    """Know no other device.

    Raises:
        DeviceUnavailable: always.
    """
    raise DeviceUnavailable(device_id, "it is not in the settings")


class Surroundings(msgspec.Struct, frozen=True):
    """The world around one driver.

    Attributes:
        report: told every change of state.
        arrivals: cuts a wait for an absent device short.
        resolve: from an address by identity (``usb:serial=…``) to one of a node; raises DeviceUnavailable while it is not attached.
        trace: takes every byte that passes, for a bug report.
        neighbour: the driver of this moment of another device of the store, for what hangs on it; raises DeviceUnavailable.
        kept: what drivers of this device leave to the next one, when one fails.
    """

    report: Report | None = None
    arrivals: Arrivals = NoNews()
    resolve: Callable[[str], str] = as_written
    trace: Trace | None = None
    neighbour: Callable[[str], Device] = alone
    kept: dict[str, Any] = msgspec.field(default_factory=dict)

    def keep(self, name: str, fresh: T) -> T:
        """Return what an earlier driver of this device has kept under ``name``, else ``fresh``, which the next one will find."""
        kept: T = self.kept.setdefault(name, fresh)
        return kept
