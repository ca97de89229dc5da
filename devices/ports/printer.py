"""Receipt printers: one job, printed once, and what is known of it."""

import enum
from collections.abc import Callable
from typing import Protocol

import msgspec

from devices.ports.device import Device
from devices.receipt import ReceiptDocument


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


class ReceiptPrinter(Device, Protocol):
    """Prints receipts, one at a time."""

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        """Print ``job`` once and say what is known of it within its deadline.

        Never sends a job twice. ``progress`` is told each state as it is reached, the last one included.
        """

    async def late(self) -> JobOutcome:
        """Wait for a job that ended UNKNOWN and has been confirmed since; its state is PRINTED."""

    async def status(self) -> PrinterStatus:
        """Ask the printer how it is.

        Raises:
            DeviceUnavailable: it cannot be reached.
        """

    async def recover(self, *, drop: bool = False) -> PrinterStatus:
        """Let a printer go on that stands still after an error; only when a person says so.

        Args:
            drop: throw away what waits in it; the job under way ends as UNKNOWN.

        Raises:
            DeviceIncapable: this model can only be switched off and on.
            DeviceUnavailable: it cannot be reached, or did not obey.
        """
