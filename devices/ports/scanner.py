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


class ScannerAbilities(msgspec.Struct, frozen=True):
    """What a model does when it is told to; a keyboard does nothing, a line-framed one what its maker's commands allow.

    Attributes:
        enable: reading can be switched off and on.
        trigger: a read can be started and stopped without a hand.
        beep: it beeps on request, well or badly.
        setup: its configuration can be read back and compared with the accepted one.
    """

    enable: bool = False
    trigger: bool = False
    beep: bool = False
    setup: bool = False


class CodeReader(Device, Protocol):
    """Whatever yields scans while ``run()`` is running: ``async for scan in reader``."""

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Iterate over scans as they come; ends only by cancellation."""


class Scanner(CodeReader, Protocol):
    """A reader that is held in the hand or built into a counter, and takes orders.

    Every request raises ``DeviceIncapable`` when the model cannot do it (see ``can``) and ``DeviceUnavailable`` when the scanner is away
    or does not take it within a second.
    """

    @property
    def can(self) -> ScannerAbilities:
        """What may be asked of this model."""

    async def enable(self) -> None:
        """Read again, also after the next loss and return."""

    async def disable(self) -> None:
        """Read nothing until ``enable``; a scanner that was lost comes back disabled."""

    async def beep(self, *, good: bool) -> None:
        """Beep once for what was taken, or the long way for what was not."""

    async def trigger(self, *, on: bool) -> None:
        """Begin, or end, to look for a code, as its trigger does."""
