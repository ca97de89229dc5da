"""The double of a label printer: an honest one, since it passes the contract suite of the real ones."""

import asyncio

from devices.errors import DeviceUnavailable
from devices.label import LabelDocument
from devices.ports.device import DeviceState, Health
from devices.ports.label import (
    BatchOutcome,
    BatchProgress,
    LabelBatch,
    LabelProgress,
    LabelStatus,
    RunOutcome,
)
from devices.ports.printer import JobState


class MemoryLabelPrinter:
    """A label printer that keeps what it printed in ``printed`` and fails as its attributes say.

    Attributes:
        printed: labels, in order; one entry for each copy.
        labels_left: on the roll, None: it never ends.
        head_open, unplugged, mute: the faults; ``mute`` prints and never says so.
    """

    def __init__(self, device_id: str = "labels") -> None:
        self.device_id = device_id
        self.printed: list[LabelDocument] = []
        self.labels_left: int | None = None
        self.head_open = self.unplugged = self.mute = False
        self._changed = asyncio.Event()

    @property
    def state(self) -> DeviceState:
        """How the printer is now."""
        if self.unplugged:
            return DeviceState(Health.ABSENT, "unplugged")
        stopped = self._stopped_by()
        return DeviceState(Health.FAILED, stopped) if stopped else DeviceState(Health.OK)

    def _stopped_by(self) -> str:
        return self._status().stopped_by

    def _status(self) -> LabelStatus:
        out = self.labels_left == 0
        return LabelStatus(ready=not (out or self.head_open), paper_out=out, head_open=self.head_open, busy=False)

    def load(self, labels: int | None = None) -> None:
        """Put in a roll of ``labels``."""
        self.labels_left = labels
        self._changed.set()

    def set(self, *, head_open: bool | None = None, unplugged: bool | None = None, mute: bool | None = None) -> None:
        """Open, close, unplug, plug in, or hush it."""
        self.head_open = self.head_open if head_open is None else head_open
        self.unplugged = self.unplugged if unplugged is None else unplugged
        self.mute = self.mute if mute is None else mute
        self._changed.set()

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    async def label_status(self) -> LabelStatus:
        """Say how the printer is."""
        if self.unplugged:
            raise DeviceUnavailable(self.device_id, "unplugged")
        return LabelStatus() if self.mute else self._status()

    async def print_batch(self, batch: LabelBatch, progress: LabelProgress | None = None) -> BatchOutcome:
        """Print label by label, waiting while it is stopped."""
        tell = progress or (lambda _: None)
        done, counts = 0, [0] * len(batch.runs)
        reason = self._reason_to_stop()
        for number, run in enumerate(batch.runs):
            for _ in range(run.copies):
                if reason or (reason := await self._until_ready(batch, done, tell)):
                    break
                self.printed.append(run.document)
                counts[number] += 1
                done += 1
                self.labels_left = None if self.labels_left is None else self.labels_left - 1
                tell(BatchProgress(0 if self.mute else done, done if self.mute else 0, batch.total))
        return self._outcome(batch, counts, reason)

    def _reason_to_stop(self) -> str:
        return f"{self.device_id} is not available: unplugged" if self.unplugged else ""

    async def _until_ready(self, batch: LabelBatch, done: int, tell: LabelProgress) -> str:
        while waiting_for := self._stopped_by() or self._reason_to_stop():
            if self.unplugged:
                return waiting_for
            tell(BatchProgress(done, 0, batch.total, waiting_for))
            self._changed.clear()
            try:
                async with asyncio.timeout(batch.patience_s):
                    await self._changed.wait()
            except TimeoutError:
                return f"{self.device_id} has stood still: {waiting_for}"
        return ""

    def _outcome(self, batch: LabelBatch, counts: list[int], reason: str) -> BatchOutcome:
        if self.mute and any(counts):
            runs = tuple(RunOutcome(0, count) for count in counts)
            return BatchOutcome(batch.batch_id, JobState.UNKNOWN, runs, "the printer did not confirm")
        state = JobState.PRINTED if sum(counts) == batch.total else JobState.FAILED
        return BatchOutcome(batch.batch_id, state, tuple(RunOutcome(count) for count in counts), reason)
