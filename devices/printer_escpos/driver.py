"""The receipt printer: prints a job once, and says honestly what is known of it.

``failed`` is said only when no byte of the receipt has left; from the first byte on, all but the printer's own
confirmation is ``unknown``, since what lies in its buffer may come out minutes later (reference §0 trap 1, §1.5).
Nothing is ever sent again from here.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.health import DeviceHealth
from devices.ports import DeviceState, Health, JobOutcome, JobState, Paper, PrinterStatus, PrintJob, Progress
from devices.printer_escpos.codec import ASB_OFF, ASB_ON, ASK_PAPER, ask_process_id
from devices.printer_escpos.encoder import encode_receipt
from devices.printer_escpos.profile import Marker, PrinterProfile, profile_named
from devices.printer_escpos.session import Session, fault_of
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings
from devices.transport.address import check_address, open_transport, parse_address
from devices.transport.trace import TracedTransport

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class PrinterOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits of one printer, in seconds.

    Attributes:
        connect_s: for the connection.
        reply_s: for the answer to a status question.
        poll_s: between looks at an idle printer, and half of it between looks at a waiting job.
        mute_s: for the confirmation of a printer that did not answer its status question.
    """

    connect_s: float = 3.0
    reply_s: float = 1.0
    poll_s: float = 10.0
    mute_s: float = 3.0


def marker_of(job_id: str) -> bytes:
    """Return four characters that stand for a job, so that the late answer to another job is told apart."""
    digest = hashlib.blake2b(job_id.encode(), digest_size=4).digest()
    return bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)


class _Attempt:
    """How far one job has come; ``state`` is told to ``progress`` as it moves."""

    def __init__(self, job: PrintJob, progress: Progress | None) -> None:
        self.job = job
        self._progress = progress
        self.state = JobState.QUEUED
        self.reach(JobState.QUEUED)

    def reach(self, state: JobState) -> None:
        self.state = state
        if self._progress is not None:
            self._progress(state)

    def end(self, state: JobState, reason: str = "") -> JobOutcome:
        self.reach(state)
        return JobOutcome(self.job.job_id, state, reason)

    def broken(self, reason: str) -> JobOutcome:
        """End without confirmation: certain failure only if nothing has left."""
        if self.state is JobState.QUEUED:
            return self.end(JobState.FAILED, reason)
        return self.end(JobState.UNKNOWN, f"{reason}; look at the paper before printing again")


class EscPosPrinter:
    """A receipt printer that speaks ESC/POS."""

    def __init__(
        self,
        device_id: str,
        address: str,
        profile: PrinterProfile,
        options: PrinterOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        check_address(address)
        self._address = address
        self._around = around or Surroundings()
        self._profile = profile
        self._options = options or PrinterOptions()
        self._health = DeviceHealth(device_id, self._around.report)
        self._backoff = backoff or Backoff(first_s=0.5, cap_s=10.0)
        self._one_at_a_time = asyncio.Lock()

    @property
    def device_id(self) -> str:
        """The name in settings, screens and logs."""
        return self._health.device_id

    @property
    def state(self) -> DeviceState:
        """How the printer was when last seen."""
        return self._health.state

    async def run(self) -> None:
        """Look at the printer from time to time until cancelled, so that the screen knows before the customer does."""
        while True:
            try:
                await self.status()
            except DeviceUnavailable:
                await self._around.arrivals.wait(self._backoff.wait_s())
            else:
                self._backoff.reset()
                await asyncio.sleep(self._options.poll_s)

    async def status(self) -> PrinterStatus:
        """Connect and ask how the printer is.

        Raises:
            DeviceUnavailable: it cannot be reached.
        """
        async with self._one_at_a_time, self._session() as session:
            status = await session.ask()
            self._note(session)
            return status

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        """Print ``job`` once; see ``ReceiptPrinter.print``."""
        attempt = _Attempt(job, progress)
        try:
            data = encode_receipt(job.document, self._profile)
        except ValueError as error:
            return attempt.broken(f"the document cannot be printed on this paper: {error}")
        try:
            async with asyncio.timeout(job.deadline_s), self._one_at_a_time, self._session() as session:
                return await self._send(session, attempt, data)
        except DeviceUnavailable as error:
            return attempt.broken(str(error))
        except TimeoutError:
            return attempt.broken(self._what_holds_it_up(attempt))

    async def _send(self, session: Session, attempt: _Attempt, data: bytes) -> JobOutcome:
        fault = fault_of(await session.ask(), self.device_id)
        self._note(session)
        if fault is not None:
            return attempt.broken(str(fault))
        attempt.reach(JobState.SENDING)
        await session.send(self._framed(session, data, attempt.job.job_id))
        attempt.reach(JobState.SENT)
        if self._profile.marker is Marker.NONE:
            return attempt.broken("this model does not confirm what it prints")
        return await self._confirm(session, attempt)

    def _framed(self, session: Session, data: bytes, job_id: str) -> bytes:
        """Put status reports around the job and the question that proves its end behind it."""
        before, after = (ASB_ON, ASB_OFF) if self._profile.pushes_status else (b"", b"")
        match self._profile.marker:
            case Marker.PROCESS_ID:
                data += ask_process_id(marker_of(job_id))
            case Marker.STATUS | Marker.IDENTITY:
                session.expect_single_byte()
                data += ASK_PAPER
            case Marker.NONE:
                pass
        return before + data + after

    async def _confirm(self, session: Session, attempt: _Attempt) -> JobOutcome:
        """Wait for the end-of-job marker; paper out and open covers are waited out, the deadline is the caller's."""
        marker = marker_of(attempt.job.job_id) if self._profile.marker is Marker.PROCESS_ID else None
        asked_at = started = asyncio.get_running_loop().time()
        while not session.confirmed(marker):
            await session.news(self._options.poll_s / 2)
            now = asyncio.get_running_loop().time()
            if not session.answers and now - started >= self._options.mute_s:
                return attempt.broken(f"{self.device_id} did not answer")
            if now - asked_at >= self._options.poll_s / 2:
                asked_at = now
                await session.ask()
            self._note(session)
        self._note(session)
        return attempt.end(JobState.PRINTED)

    def _what_holds_it_up(self, attempt: _Attempt) -> str:
        if attempt.state is JobState.QUEUED:
            return f"{self.device_id} did not become ready within {attempt.job.deadline_s:g} s"
        fault = self.state.reason if self.state.health is Health.FAILED else "it did not confirm the job"
        return f"{self.device_id} after {attempt.job.deadline_s:g} s: {fault}"

    def _note(self, session: Session) -> None:
        fault = fault_of(session.status, self.device_id)
        if fault is not None:
            self._health.set(Health.FAILED, str(fault))
        elif session.status.paper is Paper.NEAR_END:
            self._health.set(Health.DEGRADED, f"the paper of {self.device_id} ends soon: have a new roll ready")
        elif self._profile.answers_status and not session.answers:
            self._health.set(Health.DEGRADED, f"{self.device_id} takes data but does not answer")
        else:
            self._health.set(Health.OK)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        """Connect, and listen for as long as the block runs."""
        lost: DeviceUnavailable | None = None
        try:
            transport = await open_transport(
                parse_address(self._around.resolve(self._address)), self._options.connect_s
            )
            if self._around.trace is not None:
                transport = TracedTransport(transport, self.device_id, self._around.trace)
            session = Session(transport, answers=self._profile.answers_status, reply_s=self._options.reply_s)
            try:
                async with asyncio.TaskGroup() as tasks:
                    listening = tasks.create_task(session.listen(), name=f"printer:{self.device_id}:listen")
                    yield session
                    listening.cancel()
            finally:
                await transport.close()
        except* DeviceUnavailable as group:
            lost = _first(group)
        if lost is not None:  # raised here, because inside except* it would become a group again
            self._health.set(Health.ABSENT, lost.reason)
            raise lost


def _first(group: BaseExceptionGroup[DeviceUnavailable]) -> DeviceUnavailable:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def build(settings: DeviceSettings, around: Surroundings) -> EscPosPrinter:
    """Return the driver of one entry of the settings."""
    profile = profile_named(settings.profile or "generic-80")
    return EscPosPrinter(settings.device_id, settings.address, profile, options_of(settings, PrinterOptions), around)
