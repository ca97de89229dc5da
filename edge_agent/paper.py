"""Receipts go from the journal to the printer, one at a time, and what is known of each is kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import structlog

from devices.errors import DeviceError, DeviceUnavailable
from devices.ports import JobOutcome, JobState, ReceiptPrinter
from devices.ports import PrintJob as PaperJob
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.control import Ask
from edge_agent.counter import Counter
from edge_agent.errors import EdgeError
from edge_agent.features import Word, Work
from edge_agent.handlers.printing import Printable, job_waits, move_job, names_of, printed_late, take_job
from edge_agent.ports import PrintState
from edge_agent.receipts import Style, compose

PRINTER_PATIENCE_S = 30.0
"""A receipt waits so long for a printer that is away; then its job fails and a person may print it again."""
HUNG_S = 10.0
"""A printer's driver tells the outcome within the job's deadline; this much later it hangs."""

_log = structlog.get_logger(__name__)


class ReceiptPrinting:
    """Prints what is sold. Printing is no part of a sale: a receipt can be printed again."""

    def __init__(self, attached: Attached, counter: Counter, style: Style) -> None:
        self._attached, self._counter, self._style = attached, counter, style
        self._queued, self._nothing_to_print = asyncio.Event(), asyncio.Event()
        counter.after_commit.append(self._queued.set)

    @property
    def words(self) -> Mapping[str, Word]:
        """``recover_printer``: let a printer go on that stands still, with ``drop`` without what waits in it; a lane asks for a reprint."""
        return {"recover_printer": self._recover}

    def work(self) -> Work:
        """Return the task that prints, and the one that hears of proofs after the outcome."""
        printer = self._attached.printer
        if printer is None:
            return {}
        return {"printer": self._print_receipts(printer), "printer:late": self._hear_late(printer)}

    async def finish(self) -> None:
        """Wait until every receipt is printed; not for a printer that is away: its receipts wait on disk for the next start."""
        printer = self._attached.printer
        if printer is not None and printer.state.health.works:
            self._nothing_to_print.clear()
            self._queued.set()  # look again: a sale may just have been committed
            await self._nothing_to_print.wait()

    async def _print_receipts(self, printer: Bay[ReceiptPrinter]) -> None:
        while True:
            self._queued.clear()
            if not await self._counter.ask(lambda uow, _: job_waits(uow)):
                self._nothing_to_print.set()
                await self._queued.wait()
                self._nothing_to_print.clear()
                continue
            await _until_works(printer)
            if waiting := await self._counter.do_when_room(lambda uow, _: take_job(uow)):
                await self._print(printer, waiting)

    async def _print(self, printer: Bay[ReceiptPrinter], waiting: Printable) -> None:
        names = await self._counter.ask(lambda uow, _: names_of(waiting.sale, uow))
        document = compose(waiting.sale, self._style, copy=waiting.job.copy > 0, names=names)
        job = PaperJob(f"{waiting.job.sale_number}-{waiting.job.copy}", document)
        outcome = await self._on_paper(printer, waiting, job)
        await self._move(waiting, outcome.state.value, outcome.reason)
        if outcome.state is not JobState.PRINTED:
            _log.warning("receipt_not_printed", state=outcome.state.value, reason=outcome.reason)

    async def _on_paper(self, printer: Bay[ReceiptPrinter], waiting: Printable, job: PaperJob) -> JobOutcome:
        reached = JobState.QUEUED
        async with asyncio.TaskGroup() as moves:

            def progress(state: JobState) -> None:
                nonlocal reached
                reached = state
                if state is JobState.SENT:
                    moves.create_task(self._move(waiting, "sent", ""))

            try:
                return await printer.ask(lambda each: each.print(job, progress), job.deadline_s + HUNG_S)
            except DeviceUnavailable as hung:
                # From the first byte on nobody knows what came out.
                certain = reached is JobState.QUEUED
                return JobOutcome(job.job_id, JobState.FAILED if certain else JobState.UNKNOWN, str(hung))

    async def _hear_late(self, printer: Bay[ReceiptPrinter]) -> None:
        async for outcome in printer.stream(_late):
            number, _, copy = outcome.job_id.partition("-")
            if number.isdigit() and copy.isdigit():  # else a test ticket
                await self._keep_late(int(number), int(copy))

    async def _keep_late(self, number: int, copy: int) -> None:
        _log.info("receipt_printed_late", sale_number=number, copy=copy)
        await self._counter.do_when_room(lambda uow, _: printed_late(number, copy, uow))

    async def _recover(self, ask: Ask) -> dict[str, Any]:
        printer = self._attached.printer
        if printer is None:
            raise EdgeError("no printer is configured: add a [[devices]] entry of kind printer_escpos")
        drop = msgspec.convert(ask.get("drop", False), bool)
        try:
            status = await printer.ask(lambda each: each.recover(drop=drop), HUNG_S)
        except DeviceError as error:
            raise EdgeError(str(error)) from error
        _log.info("printer_recovered", device_id=printer.device_id, drop=drop)
        return {"device_id": printer.device_id, "online": status.online, "fault": status.fault}

    async def _move(self, waiting: Printable, state: PrintState, reason: str) -> None:
        await self._counter.do_when_room(lambda uow, _: move_job(waiting.job, state, reason, uow))


async def _late(printer: ReceiptPrinter) -> AsyncIterator[JobOutcome]:
    while True:
        yield await printer.late()


async def _until_works(printer: Bay[ReceiptPrinter]) -> None:
    try:
        async with asyncio.timeout(PRINTER_PATIENCE_S):
            await printer.until_works()
    except TimeoutError:
        pass  # the job will say by itself that nothing was printed
