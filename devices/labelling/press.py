"""The label printer: prints batches piece by piece, and says honestly what is known of every label.

Few labels are in the printer at any time, so that few are unknown when it breaks. The printer itself keeps what it was
given while labels or ribbon are changed, and prints the spoiled label again; nothing is ever sent twice from here.
"""

import asyncio
from collections.abc import Iterator

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.label import LabelDocument
from devices.labelling.language import Language
from devices.labelling.ledger import Ledger, Portion, portions
from devices.labelling.session import Session
from devices.ports.device import Health
from devices.ports.label import BatchOutcome, BatchProgress, LabelBatch, LabelProgress, LabelStatus
from devices.ports.printer import JobState
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

_SILENT = "it does not answer: labels or ribbon out, head open, or the wrong model"


_NAMED = 3  # labels that cannot be printed are named up to so many


class PressOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the settings may say of a label printer beside its model.

    Attributes:
        reply_s: for the answer to a question.
        poll_s: between two looks at an idle printer.
        look_s: between two looks while a batch is printed.
        copies_at_once: copies in one piece; more print a little faster, and more are unknown when the printer breaks.
        ahead: pieces that may be in the printer at once, where it says how many it holds; otherwise it is one.
        font, face: the font file to draw with, and which of its faces; empty: the first known one that is installed.
    """

    reply_s: float = 1.0
    poll_s: float = 5.0
    look_s: float = 0.1
    copies_at_once: int = 5
    ahead: int = 2
    font: str = ""
    face: int = 0

    def __post_init__(self) -> None:
        """Refuse waits that never end or never begin."""
        times = self.reply_s, self.poll_s, self.look_s
        if (
            not all(0.005 <= time_s <= 60 for time_s in times)
            or not 1 <= self.copies_at_once <= 100
            or not 1 <= self.ahead <= 5
        ):
            raise ValueError(
                f"reply_s, poll_s, look_s {times} (0.005 to 60), copies_at_once {self.copies_at_once} (1 to 100) "
                f"or ahead {self.ahead} (1 to 5)"
            )


class LabelPress(ServedDevice):
    """A label printer; ``language`` is what it speaks."""

    def __init__(
        self,
        device_id: str,
        address: str,
        language: Language,
        options: PressOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self._language, self._options = language, options or PressOptions()
        self._session: Session | None = None
        self._one_batch = asyncio.Lock()
        self._unsaid = 0  # bytes of the piece that the printer may have only half of

    async def serve(self, transport: Transport) -> None:
        """Look at the printer from time to time, and listen, until it is lost."""
        session = Session(transport, self._language, self._options.reply_s)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(session.listen(), name=f"label:{self.device_id}:listen")
                await self._watch(session)  # in the body, not a task: see ServedDevice.serve
        finally:
            session.end()
            self._session = None

    async def _watch(self, session: Session) -> None:
        first = await session.ask()
        self._backoff.reset()
        self._note(first)
        self._session = session
        while True:
            await asyncio.sleep(self._options.poll_s)
            if not self._one_batch.locked():
                self._note(await session.ask())

    async def label_status(self) -> LabelStatus:
        """Ask the printer how it is; what it does not say is None.

        Raises:
            DeviceUnavailable: it cannot be reached.
        """
        status = await self._open().ask()
        self._note(status)
        return status or LabelStatus()

    def _open(self) -> Session:
        if self._session is None:
            raise DeviceUnavailable(self.device_id, self.state.reason or "it is not connected")
        return self._session

    async def print_batch(self, batch: LabelBatch, progress: LabelProgress | None = None) -> BatchOutcome:
        """Print ``batch``; see ``LabelPrinter.print_batch``."""
        async with self._one_batch:
            language = self._language
            ledger = Ledger(len(batch.runs), counts_current=language.counts_current, settle_s=language.settle_s)
            run = _Run(batch, ledger, self._options, language, progress)
            try:
                reason = await self._print(self._open(), run)
            except DeviceUnavailable as error:
                reason = str(error)
            outcome = run.ended(reason)
            if not outcome.unknown:
                self._unsaid = 0
            return outcome

    async def _print(self, session: Session, run: "_Run") -> str:
        """Send piece by piece as the printer has room; return why it ended, empty when everything is printed."""
        while not run.finished:
            status = await session.ask()
            self._note(status)
            if not self._language.question:
                return await self._send_blindly(session, run)
            if status is not None:
                run.heard(status)
                # What was sent on this connection before this answer has arrived, for the answer came behind it.
                self._unsaid = 0
            run.tell(_waiting_for(status))
            if run.patience_is_over:
                return f"{self.device_id} has stood still for {run.batch.patience_s:g} s: {_waiting_for(status) or 'it does not go on'}"
            if status is not None and status.ready and run.has_room:
                if reason := await self._send_next(session, run):
                    return reason
                continue
            await asyncio.sleep(self._options.look_s)
        return ""

    async def _send_next(self, session: Session, run: "_Run") -> str:
        portion = run.next()
        try:
            data = await asyncio.to_thread(self._language.encode, run.document_of(portion), portion.copies)
        except (ValueError, DeviceMisconfigured) as error:
            run.refuse(portion, str(error))
            return ""
        resync = self._language.resync(self._unsaid)
        run.ledger.sent(portion)
        self._unsaid = len(data)
        try:
            async with asyncio.timeout(run.batch.patience_s):
                await session.send(resync + data)
        except TimeoutError:
            return f"{self.device_id} takes no more bytes"
        return ""

    async def _send_blindly(self, session: Session, run: "_Run") -> str:
        while run.more:
            if reason := await self._send_next(session, run):
                return reason
            run.tell("")
        return "this model does not say what it prints"

    def _note(self, status: LabelStatus | None) -> None:
        if not self._language.question or (status is not None and not status.stopped_by):
            self.health.set(Health.OK)
        else:
            self.health.set(Health.FAILED, f"{self.device_id}: {_waiting_for(status)}")


def _waiting_for(status: LabelStatus | None) -> str:
    return _SILENT if status is None else status.stopped_by


class _Run:
    """One batch under way."""

    def __init__(
        self,
        batch: LabelBatch,
        ledger: Ledger,
        options: PressOptions,
        language: Language,
        progress: LabelProgress | None,
    ) -> None:
        self.batch, self.ledger = batch, ledger
        self._waiting: Iterator[Portion] = portions(batch, options.copies_at_once)
        self._next = next(self._waiting, None)
        self._ahead = options.ahead if language.counts else 1
        self._settle_s = language.settle_s
        self._progress, self._told = progress, BatchProgress(-1, 0, 0)
        self._moved_at = self._now()
        self._refused: dict[int, str] = {}

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    @property
    def more(self) -> bool:
        """Whether something was not sent yet."""
        return self._next is not None

    @property
    def finished(self) -> bool:
        return not self.more and not self.ledger.pieces_in_flight

    @property
    def has_room(self) -> bool:
        return self.more and self.ledger.pieces_in_flight < self._ahead

    @property
    def patience_is_over(self) -> bool:
        # Settling is no standing still: with a patience below it nothing would ever be known.
        return self._now() - self._moved_at >= self.batch.patience_s + self._settle_s

    def next(self) -> Portion:
        """Return the next piece; the printer is given time for it from now on."""
        portion, self._next = self._next, next(self._waiting, None)
        assert portion is not None  # noqa: S101 - asked for only when there is more
        self._moved_at = self._now()
        return portion

    def refuse(self, portion: Portion, reason: str) -> None:
        """Leave out the run of ``portion``: its label cannot be printed here."""
        self._refused[portion.run] = f"label {portion.run + 1} cannot be printed: {reason}"
        while self._next is not None and self._next.run == portion.run:
            self._next = next(self._waiting, None)

    def document_of(self, portion: Portion) -> LabelDocument:
        return self.batch.runs[portion.run].document

    def heard(self, status: LabelStatus) -> None:
        if self.ledger.heard(status, self._now()):
            self._moved_at = self._now()

    def tell(self, waiting_for: str) -> None:
        now = BatchProgress(self.ledger.printed, self.ledger.in_flight, self.batch.total, waiting_for)
        if self._progress is not None and now != self._told:
            self._told = now
            self._progress(now)

    def ended(self, reason: str) -> BatchOutcome:
        """Return the outcome: unknown labels make it unknown, certainly missing ones a failure."""
        runs = self.ledger.outcome()
        printed, unknown = sum(run.printed for run in runs), sum(run.unknown for run in runs)
        if printed == self.batch.total:
            state, reason = JobState.PRINTED, ""
        else:
            state = JobState.UNKNOWN if unknown else JobState.FAILED
            reason = "; ".join([*list(self._refused.values())[:_NAMED], *filter(None, [reason])])
            told = f"{printed} of {self.batch.total} labels are printed"
            look = f", look for {unknown} more before printing them again" if unknown else ""
            reason = f"{reason}; {told}{look}"
        self.tell("" if state is JobState.PRINTED else reason)
        return BatchOutcome(self.batch.batch_id, state, runs, reason, tuple(self._refused))
