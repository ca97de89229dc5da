"""Doubles of the ports for tests of the application: honest ones, since they pass the contract suites of the real ones."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from devices.errors import CoverOpen, DeviceError, DeviceIncapable, DeviceUnavailable, PaperOut, PictureRefused
from devices.passes import AGAIN_S, Passes
from devices.ports import (
    DeviceState,
    Health,
    JobOutcome,
    JobState,
    Known,
    Paper,
    PrinterStatus,
    PrintJob,
    Progress,
    Scan,
    ScannerAbilities,
)


class MemoryScanner:
    """A scanner that reads what ``scan`` is given.

    Attributes:
        enabled, triggered: what it was told.
        beeps: good (True) and bad ones (False), in order.
    """

    def __init__(self, device_id: str = "scanner", again_s: float = AGAIN_S) -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OPENING)
        self.enabled, self.triggered = True, False
        self.beeps: list[bool] = []
        self._passes = Passes(again_s)
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(maxsize=64)

    @property
    def can(self) -> ScannerAbilities:
        """What may be asked of it."""
        return ScannerAbilities(enable=True, trigger=True, beep=True)

    def scan(self, data: str, symbology: str | None = None) -> None:
        """Read ``data``, as if a code had passed the window; nothing is read while unplugged or disabled."""
        at_s = time.monotonic()
        if self.state.health.works and self.enabled and self._passes.counts(data, at_s):
            self._scans.put_nowait(Scan(data, symbology, at_s))

    def unplug(self) -> None:
        """Pull the cable."""
        self.state = DeviceState(Health.ABSENT, "unplugged", time.monotonic())

    def replug(self) -> None:
        """Plug it in again."""
        self.state = DeviceState(Health.OK, since_s=time.monotonic())

    async def run(self) -> None:
        """Be there until cancelled."""
        self.replug()
        await asyncio.Event().wait()

    async def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield the scans in order."""
        while True:
            yield await self._scans.get()

    async def enable(self) -> None:
        """Read again."""
        self._must_be_there()
        self.enabled = True

    async def disable(self) -> None:
        """Read nothing until ``enable``."""
        self._must_be_there()
        self.enabled = False

    async def beep(self, *, good: bool) -> None:
        """Beep."""
        self._must_be_there()
        self.beeps.append(good)

    async def trigger(self, *, on: bool) -> None:
        """Begin or end to look for a code."""
        self._must_be_there()
        self.triggered = on

    def _must_be_there(self) -> None:
        if not self.state.health.works:
            raise DeviceUnavailable(self.device_id, self.state.reason or "not running")


class MemoryPrinter:
    """A printer that keeps what it printed in ``printed`` and fails as its attributes say.

    Attributes:
        printed: jobs on paper, in order.
        paper_out, cover_open, unplugged, mute: the faults; ``mute`` prints and never says so.
    """

    def __init__(self, device_id: str = "printer") -> None:
        self.device_id = device_id
        self.printed: list[PrintJob] = []
        self.paper_out = self.cover_open = self.unplugged = self.mute = False
        self.recoveries: list[bool] = []
        self._unsure: list[PrintJob] = []
        self._late: asyncio.Queue[JobOutcome] = asyncio.Queue(maxsize=64)

    @property
    def state(self) -> DeviceState:
        """How the printer is now."""
        fault = self._fault()
        return DeviceState(Health.FAILED, str(fault)) if fault else DeviceState(Health.OK)

    def _fault(self) -> DeviceError | None:
        if self.unplugged:
            return DeviceUnavailable(self.device_id, "unplugged")
        if self.paper_out:
            return PaperOut(self.device_id)
        return CoverOpen(self.device_id) if self.cover_open else None

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        """Print at once, or say why not."""
        tell = progress or (lambda _: None)
        tell(JobState.QUEUED)
        if fault := self._fault():
            tell(JobState.FAILED)
            return JobOutcome(job.job_id, JobState.FAILED, str(fault))
        tell(JobState.SENDING)
        self.printed.append(job)
        tell(JobState.SENT)
        final = JobState.UNKNOWN if self.mute else JobState.PRINTED
        tell(final)
        if self.mute:
            self._unsure.append(job)
        return JobOutcome(job.job_id, final, "the printer did not confirm" if self.mute else "")

    def confirm(self) -> None:
        """Say of all that it kept silent about that it is on paper."""
        while self._unsure:
            self._late.put_nowait(JobOutcome(self._unsure.pop(0).job_id, JobState.PRINTED, "confirmed late"))

    async def late(self) -> JobOutcome:
        """Wait for a job that is known to be printed now."""
        return await self._late.get()

    async def recover(self, *, drop: bool = False) -> PrinterStatus:
        """Go on; ``recoveries`` keeps how."""
        if self.unplugged:
            raise DeviceUnavailable(self.device_id, "unplugged")
        self.recoveries.append(drop)
        return await self.status()

    async def status(self) -> PrinterStatus:
        """Say how the printer is."""
        if self.unplugged:
            raise DeviceUnavailable(self.device_id, "unplugged")
        if self.mute:
            return PrinterStatus()
        paper = Paper.END if self.paper_out else Paper.OK
        return PrinterStatus(not (self.paper_out or self.cover_open), paper, self.cover_open, "", False)


class MemoryDrawer:
    """A drawer that opens when told to, with ``pushed_shut`` for a hand.

    Attributes:
        pulses: how many it got.
        opened: how it stands.
        no_switch: nobody can tell how it stands.
        unplugged: its printer is away.
    """

    def __init__(self, device_id: str = "drawer") -> None:
        self.device_id = device_id
        self.pulses = 0
        self.opened = self.no_switch = self.unplugged = False

    @property
    def state(self) -> DeviceState:
        """How the drawer is now."""
        return DeviceState(Health.ABSENT, "its printer is away") if self.unplugged else DeviceState(Health.OK)

    def pushed_shut(self) -> None:
        """Close it."""
        self.opened = False

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    async def open(self) -> bool:
        """Open, unless it has just been opened."""
        if self.unplugged:
            raise DeviceUnavailable(self.device_id, "its printer is away")
        if self.opened:
            return False
        self.pulses += 1
        self.opened = True
        return True

    async def is_open(self) -> bool | None:
        """Say how it stands."""
        if self.unplugged:
            raise DeviceUnavailable(self.device_id, "its printer is away")
        return None if self.no_switch else self.opened


class MemoryCamera:
    """A camera that sees in each file what ``seen`` says, by file name."""

    def __init__(self, device_id: str = "camera") -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OK)
        self.seen: dict[str, list[Scan]] = {}

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return what the file's name stands for; raw bytes show nothing.

        Raises:
            PictureRefused: no such file.
        """
        if isinstance(picture, bytes):
            return []
        if not await asyncio.to_thread(picture.is_file):
            raise PictureRefused(f"{picture} cannot be read: No such file or directory")
        return list(self.seen.get(picture.name, []))


class MemoryLiveCamera(MemoryScanner):
    """A live camera before which ``show`` puts codes; each is told once while it stays in view."""

    def __init__(self, device_id: str = "camera") -> None:
        super().__init__(device_id, again_s=0)  # what is in view is known here better than by time
        self._in_view: set[str] = set()
        self._looks = True

    @property
    def can(self) -> ScannerAbilities:
        """It can be told to look away."""
        return ScannerAbilities(enable=True)

    async def enable(self) -> None:
        """Look."""
        self._looks = True

    async def disable(self) -> None:
        """Look away."""
        self._looks = False

    async def beep(self, *, good: bool) -> None:
        """Refuse."""
        raise DeviceIncapable(self.device_id, "beep")

    async def trigger(self, *, on: bool) -> None:
        """Refuse."""
        raise DeviceIncapable(self.device_id, "be triggered" if on else "be let go")

    def ask_known(self, known: Known | None) -> None:
        """Everything shown is seen clearly: nobody needs to be asked."""

    def show(self, *codes: str) -> None:
        """Let these codes, and nothing else, lie before the camera; retail codes, as on packs."""
        sees = self._looks and self.state.health.works
        for code in codes if sees else ():
            if code not in self._in_view:
                self.scan(code, "]E0")
        self._in_view = set(codes) if sees else set()
