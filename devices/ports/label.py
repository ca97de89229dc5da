"""Label printers: batches of labels, and what is known of each of them."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from devices.label import LabelDocument
from devices.ports.device import Device
from devices.ports.printer import JobState

MAX_COPIES = 999


class LabelRun(msgspec.Struct, frozen=True):
    """One label and how many of it."""

    document: LabelDocument
    copies: int = 1

    def __post_init__(self) -> None:
        """Refuse numbers that are typing errors."""
        if not 1 <= self.copies <= MAX_COPIES:
            raise ValueError(f"{self.copies} copies of a label are not within 1 to {MAX_COPIES}")


class LabelBatch(msgspec.Struct, frozen=True):
    """Labels to print in this order.

    Attributes:
        batch_id: unique per attempt; what is printed of the rest later is another batch.
        patience_s: for so long the printer may stand still (paper out, head open, silent) before the outcome is told.
    """

    batch_id: str
    runs: tuple[LabelRun, ...]
    patience_s: float = 60.0

    @property
    def total(self) -> int:
        """How many labels shall come out."""
        return sum(run.copies for run in self.runs)


class RunOutcome(msgspec.Struct, frozen=True):
    """What became of one run; the rest of its copies was not printed, for certain.

    Attributes:
        printed: known to be on paper.
        unknown: sent and not confirmed: they may be on paper, or come out when the printer goes on.
    """

    printed: int = 0
    unknown: int = 0


class BatchOutcome(msgspec.Struct, frozen=True):
    """How a batch ended.

    Attributes:
        state: PRINTED all of it; FAILED some or all was not printed, which ones is certain; UNKNOWN a person must look.
        runs: one for each run of the batch, in order.
        reason: one line for a person, empty when all is printed.
        refused: numbers of the runs (from 0) whose label cannot be printed on this printer at all; the others were.
    """

    batch_id: str
    state: JobState
    runs: tuple[RunOutcome, ...]
    reason: str = ""
    refused: tuple[int, ...] = ()

    @property
    def printed(self) -> int:
        """Labels known to be on paper."""
        return sum(run.printed for run in self.runs)

    @property
    def unknown(self) -> int:
        """Labels nobody but a person at the printer knows of."""
        return sum(run.unknown for run in self.runs)

    def rest(self, batch: LabelBatch, batch_id: str, *, unknown_too: bool = False) -> LabelBatch | None:
        """Return what is certainly missing and can be printed as a batch of its own, None if nothing is.

        Args:
            batch: the one that ended like this.
            batch_id: of the new one.
            unknown_too: a person has looked: the unknown ones are not on paper either.
        """
        runs = []
        for number, (run, outcome) in enumerate(zip(batch.runs, self.runs, strict=True)):
            missing = run.copies - outcome.printed - (0 if unknown_too else outcome.unknown)
            if missing and number not in self.refused:
                runs.append(LabelRun(run.document, missing))
        return LabelBatch(batch_id, tuple(runs), batch.patience_s) if runs else None


class BatchProgress(msgspec.Struct, frozen=True):
    """How far a batch has come; ``waiting_for`` is empty while labels come out."""

    printed: int
    in_flight: int
    total: int
    waiting_for: str = ""


class LabelStatus(msgspec.Struct, frozen=True):
    """What a label printer says of itself; None is "it did not say".

    Attributes:
        ready: takes a label and prints it now.
        busy: prints, or holds labels that it will print.
        formats: label formats that it holds, the one being printed included or not (see the model).
        remaining: labels of the present format still to come.
        fault: empty, or what else is wrong.
    """

    ready: bool | None = None
    paper_out: bool | None = None
    head_open: bool | None = None
    ribbon_out: bool | None = None
    paused: bool | None = None
    busy: bool | None = None
    formats: int | None = None
    remaining: int | None = None
    fault: str = ""

    @property
    def stopped_by(self) -> str:
        """What keeps it from printing, in words; empty when nothing is known to."""
        causes = {
            "out of labels": self.paper_out,
            "head open": self.head_open,
            "ribbon out": self.ribbon_out,
            "paused": self.paused,
            self.fault: bool(self.fault),
        }
        return ", ".join(cause for cause, holds in causes.items() if holds)


LabelProgress = Callable[[BatchProgress], None]


class LabelPrinter(Device, Protocol):
    """Prints labels, one batch at a time."""

    async def print_batch(self, batch: LabelBatch, progress: LabelProgress | None = None) -> BatchOutcome:
        """Print ``batch`` and say what is known of every label; ends when the printer has stood still for ``patience_s``.

        Waits while labels or ribbon are changed and goes on by itself. Nothing is ever sent twice. A label that this printer
        cannot print is left out and named; the others are printed.
        """

    async def label_status(self) -> LabelStatus:
        """Ask the printer how it is.

        Raises:
            DeviceUnavailable: it cannot be reached.
        """
