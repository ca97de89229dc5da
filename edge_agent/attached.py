"""The devices of a store at work: scans go to the lane, receipts to the printer, changes of state into the stream."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import structlog

from devices.errors import DeviceError
from devices.ports import Camera, Device, DeviceState, Health, JobState, ReceiptPrinter, Scanner
from devices.ports import PrintJob as PaperJob
from edge_agent.counter import Counter
from edge_agent.errors import EdgeError
from edge_agent.handlers.printing import Printable, job_waits, move_job, names_of, take_job
from edge_agent.handlers.state import device_changed
from edge_agent.lanes import Lane
from edge_agent.ports import PrintState
from edge_agent.receipts import Style, compose

PRINTER_PATIENCE_S = 30.0
"""A receipt waits so long for a printer that is away; then its job fails and a person may print it again."""

_log = structlog.get_logger(__name__)


class NoCamera(EdgeError):
    """A picture came, and no camera is configured."""

    def __init__(self) -> None:
        super().__init__("no camera is configured: add a [[devices]] entry of kind camera_file")


class Attached:
    """All devices of one store."""

    def __init__(self, counter: Counter, lane: Lane, style: Style) -> None:
        self._counter, self._lane, self._style = counter, lane, style
        self._devices: Sequence[Device] = ()
        self._changes: dict[str, DeviceState] = {}
        self._told: dict[str, Health] = {}
        self._moved, self._queued, self._changed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._nothing_to_print = asyncio.Event()
        counter.after_commit.append(self._queued.set)

    def attach(self, devices: Sequence[Device]) -> None:
        """Take the devices, once."""
        self._devices = devices

    def report(self, device_id: str, state: DeviceState) -> None:
        """Take a change of a device's state; of those that wait only each device's newest counts."""
        self._moved.set()
        if state.health is not Health.OPENING:  # on its way to one that counts
            self._changes[device_id] = state
            self._changed.set()

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """Every device's state, for status pages."""
        return {
            device.device_id: {"health": device.state.health.value, "reason": device.state.reason}
            for device in self._devices
        }

    def work(self) -> dict[str, Any]:
        """Return what has to run, by task name."""
        work: dict[str, Any] = {"devices:changes": self._tell_changes()}
        for device in self._devices:
            work[f"device:{device.device_id}"] = device.run()
            if hasattr(device, "__aiter__"):
                work[f"scans:{device.device_id}"] = self._take_scans(cast(Scanner, device))
        if self.printer is not None:
            work["printer"] = self._print_receipts(self.printer)
        return work

    @property
    def printer(self) -> ReceiptPrinter | None:
        """The first printer."""
        return next((cast(ReceiptPrinter, device) for device in self._devices if hasattr(device, "print")), None)

    async def finish(self) -> None:
        """Wait until every receipt is printed; not for a printer that is away: its receipts wait on disk for the next start."""
        if self.printer is not None and self.printer.state.health.works:
            self._nothing_to_print.clear()
            self._queued.set()  # look again: a sale may just have been committed
            await self._nothing_to_print.wait()

    async def read_picture(self, picture: Path) -> list[dict[str, Any]]:
        """Return the codes in a picture file.

        Raises:
            NoCamera, EdgeError: it cannot be read.
        """
        camera = next((cast(Camera, device) for device in self._devices if hasattr(device, "read")), None)
        if camera is None:
            raise NoCamera
        try:
            scans = await camera.read(picture)
        except DeviceError as error:
            raise EdgeError(str(error)) from error
        return [{"code": scan.data, "aim": scan.symbology} for scan in scans]

    async def _take_scans(self, scanner: Scanner) -> None:
        async for read in scanner:
            await self._lane.scanned(read)

    async def _tell_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            for device_id in list(self._changes):
                await self._tell(device_id, self._changes.pop(device_id))

    async def _tell(self, device_id: str, state: DeviceState) -> None:
        if self._told.get(device_id) is not state.health:
            self._told[device_id] = state.health
            await self._counter.do_when_room(
                lambda uow, clock: device_changed(device_id, state.health.value, state.reason, uow, clock)
            )

    async def _print_receipts(self, printer: ReceiptPrinter) -> None:
        while True:
            self._queued.clear()
            if not await self._counter.ask(lambda uow, _: job_waits(uow)):
                self._nothing_to_print.set()
                await self._queued.wait()
                self._nothing_to_print.clear()
                continue
            await self._until_works(printer)
            if waiting := await self._counter.do_when_room(lambda uow, _: take_job(uow)):
                await self._print(printer, waiting)

    async def _print(self, printer: ReceiptPrinter, waiting: Printable) -> None:
        names = await self._counter.ask(lambda uow, _: names_of(waiting.sale, uow))
        document = compose(waiting.sale, self._style, copy=waiting.job.copy > 0, names=names)
        async with asyncio.TaskGroup() as moves:

            def progress(state: JobState) -> None:
                if state is JobState.SENT:
                    moves.create_task(self._move(waiting, "sent", ""))

            job = PaperJob(f"{waiting.job.sale_number}-{waiting.job.copy}", document)
            outcome = await printer.print(job, progress)
        await self._move(waiting, outcome.state.value, outcome.reason)
        if outcome.state is not JobState.PRINTED:
            _log.warning("receipt_not_printed", state=outcome.state.value, reason=outcome.reason)

    async def _move(self, waiting: Printable, state: PrintState, reason: str) -> None:
        await self._counter.do_when_room(lambda uow, _: move_job(waiting.job, state, reason, uow))

    async def _until_works(self, printer: ReceiptPrinter) -> None:
        try:
            async with asyncio.timeout(PRINTER_PATIENCE_S):
                while not printer.state.health.works:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            pass  # the job will say by itself that nothing was printed
