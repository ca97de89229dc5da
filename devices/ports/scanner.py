"""Readers of codes, and what they read."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from devices.ports.device import Device


class Scan(msgspec.Struct, frozen=True):
    """One reading of a code.

    Attributes:
        data: the text read, without prefix, suffix and symbology identifier; the only control character is GS (1D).
        symbology: AIM identifier such as ``]E0``, or None when the scanner does not send one.
        received_at: monotonic seconds.
    """

    data: str
    symbology: str | None
    received_at: float


class Scanner(Device, Protocol):
    """Yields scans while ``run()`` is running: ``async for scan in scanner``."""

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Iterate over scans as they come; ends only by cancellation."""
