"""The store's devices as the rest of the house sees them, in UnifiedPOS words.

``run()`` serves a device until it is cancelled and mends it by itself: it never raises for a device that is absent,
unplugged or silent, since a store sells without it. What is wrong is in ``state``.
Doubles that pass the same contract suite (``tests/contract/devices``) are in ``devices.memory``.
"""

import enum
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import msgspec

from devices.receipt import ReceiptDocument


class Health(enum.Enum):
    """How a device is; ``DEGRADED`` works but needs a person soon, ``FAILED`` does not work."""

    ABSENT = "absent"
    OPENING = "opening"
    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"

    @property
    def works(self) -> bool:
        """Whether the device can be used now."""
        return self in (Health.OK, Health.DEGRADED)


class DeviceState(msgspec.Struct, frozen=True):
    """A device's health.

    Attributes:
        health: the state word.
        reason: one line for a person, empty when there is nothing to say.
        since_s: monotonic seconds at which this state began.
    """

    health: Health
    reason: str = ""
    since_s: float = 0.0


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


class JobState(enum.Enum):
    """What is known of a print job. ``UNKNOWN`` asks a person: some or all of it may be on paper."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PRINTED = "printed"
    FAILED = "failed"  # certain: nothing was printed
    UNKNOWN = "unknown"


class PrintJob(msgspec.Struct, frozen=True):
    """One document to print once.

    Attributes:
        job_id: unique per attempt; a reprint is another job.
        document: what shall be on paper.
        deadline_s: after this many seconds the outcome is told, whatever it is.
    """

    job_id: str
    document: ReceiptDocument
    deadline_s: float = 20.0


class JobOutcome(msgspec.Struct, frozen=True):
    """How a job ended: PRINTED, FAILED or UNKNOWN, with the reason in one line."""

    job_id: str
    state: JobState
    reason: str = ""


class Paper(enum.Enum):
    """How much paper is left; ``UNKNOWN`` is neither enough nor none."""

    OK = "ok"
    NEAR_END = "near_end"
    END = "end"
    UNKNOWN = "unknown"


class PrinterStatus(msgspec.Struct, frozen=True):
    """What a printer says of itself; None is "it did not say".

    Attributes:
        online: ready to print.
        paper: the roll.
        cover_open: the cover.
        fault: empty, or what only a person clears.
        drawer_pin_high: level of the drawer's sensor pin; which level means open depends on the drawer.
    """

    online: bool | None = None
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    fault: str = ""
    drawer_pin_high: bool | None = None


Progress = Callable[[JobState], None]


class Device(Protocol):
    """What every device has."""

    @property
    def device_id(self) -> str:
        """The name used in settings, on screens and in logs."""

    @property
    def state(self) -> DeviceState:
        """How the device is now."""

    async def run(self) -> None:
        """Serve the device until cancelled: open, watch, lose, reopen."""


class Scanner(Device, Protocol):
    """Yields scans while ``run()`` is running: ``async for scan in scanner``."""

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Iterate over scans as they come; ends only by cancellation."""


class ReceiptPrinter(Device, Protocol):
    """Prints receipts, one at a time."""

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        """Print ``job`` once and say what is known of it within its deadline.

        Never sends a job twice. ``progress`` is told each state as it is reached, the last one included.
        """

    async def status(self) -> PrinterStatus:
        """Ask the printer how it is.

        Raises:
            DeviceUnavailable: it cannot be reached.
        """


class Camera(Device, Protocol):
    """Reads codes from pictures."""

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return the retail codes in one picture (a file or its bytes), each text once.

        Raises:
            PictureRefused: over the limits, or no picture.
            DeviceUnavailable: the decoder is not installed.
        """
