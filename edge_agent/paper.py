"""Receipts go from the journal to the printer, one at a time, and what is known of each is kept."""

import asyncio
from collections.abc import Mapping

import structlog

from devices.errors import DeviceUnavailable
from devices.ports import JobOutcome, JobState, ReceiptPrinter
from devices.ports import PrintJob as PaperJob
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.counter import Counter
from edge_agent.features import Word, Work
from edge_agent.handlers.printing import Printable, job_waits, move_job, names_of, take_job
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
        """None of its own: a lane asks for a reprint."""
        return {}

    def work(self) -> Work:
        """Return the one task that prints."""
        printer = self._attached.printer
        return {} if printer is None else {"printer": self._print_receipts(printer)}

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

    async def _move(self, waiting: Printable, state: PrintState, reason: str) -> None:
        await self._counter.do_when_room(lambda uow, _: move_job(waiting.job, state, reason, uow))


async def _until_works(printer: Bay[ReceiptPrinter]) -> None:
    try:
        async with asyncio.timeout(PRINTER_PATIENCE_S):
            await printer.until_works()
    except TimeoutError:
        pass  # the job will say by itself that nothing was printed
