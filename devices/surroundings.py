"""What a driver is given by whoever runs it; every part has a default, so that a driver also runs alone."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from devices.health import Report

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


class Surroundings(msgspec.Struct, frozen=True):
    """The world around one driver.

    Attributes:
        report: told every change of state.
        arrivals: cuts a wait for an absent device short.
        resolve: from an address by identity (``usb:serial=…``) to one of a node; raises DeviceUnavailable while it is not attached.
        trace: takes every byte that passes, for a bug report.
    """

    report: Report | None = None
    arrivals: Arrivals = NoNews()
    resolve: Callable[[str], str] = as_written
    trace: Trace | None = None
