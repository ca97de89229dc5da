"""The receipt printer: prints a job once, and says honestly what is known of it.

``failed`` is said only when no byte of the receipt has left; from the first byte on, all but the printer's own
confirmation is ``unknown``, since what lies in its buffer may come out minutes later (reference §0 trap 1, §1.5).
Nothing is ever sent again from here. A proof that comes after the outcome is told by ``late``.
"""

import asyncio
import functools
import time
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceUnavailable
from devices.ports import Health, JobOutcome, JobState, Paper, PrinterStatus, PrintJob, Progress
from devices.printer_escpos.attempt import Attempt
from devices.printer_escpos.codec import ASB_ON, CLEAR_ALL, GO_ON, GO_ON_WITHOUT
from devices.printer_escpos.connector import Connector
from devices.printer_escpos.delivery import Delivery
from devices.printer_escpos.encoder import encode_parts
from devices.printer_escpos.glyphs import FONTS, Glyphs
from devices.printer_escpos.open_ends import OpenEnds
from devices.printer_escpos.profile import PROFILES, Marker, PrinterProfile, Recovery
from devices.printer_escpos.proof import Proofs
from devices.printer_escpos.session import Session, fault_of
from devices.receipt import KickDrawer
from devices.registry import DeviceSettings, options_of
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

CLEAR_S = 3.0
SELDOM_S = 60.0
"""A printer that has never answered may be switched on at any time; each question that nobody answers holds jobs up for ``reply_s``."""

_log = structlog.get_logger(__name__)


class PrinterOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Waits of one printer, in seconds.

    Attributes:
        reply_s: for the answer to a status question.
        poll_s: between looks at an idle printer, and half of it between looks at a waiting job.
        mute_s: for the confirmation of a printer that did not answer its status question.
        font: a font file for characters that the printer lacks, instead of the ones that are looked for.
    """

    reply_s: float = 1.0
    poll_s: float = 10.0
    mute_s: float = 3.0
    font: str = ""


class EscPosPrinter(ServedDevice):
    """A receipt printer that speaks ESC/POS, and the connector of a cash drawer."""

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
        super().__init__(device_id, address, around, backoff=backoff)
        self._profile = profile
        self._options = options or PrinterOptions()
        self._listens = profile.answers_status or not address.startswith("char:")
        self._proofs = Proofs(profile.marker)
        self._session: Session | None = None
        self._one_at_a_time, self._one_pulse = asyncio.Lock(), asyncio.Lock()
        self._doubtful, self._unsaid = False, 0
        self._attempt_now: Attempt | None = None
        self._delivery = Delivery(device_id)
        self._open_ends = OpenEnds()
        self._connector = Connector(device_id, profile)

    @property
    def pin_high(self) -> bool | None:
        """The level of the drawer's sensor pin as last heard, None when the printer is away or did not say."""
        return self._session.status.drawer_pin_high if self._session is not None else None

    # ── its life ──

    async def serve(self, transport: Transport) -> None:
        """Watch the printer and let jobs through until it is lost."""
        session = Session(
            transport,
            self._profile,
            self._proofs,
            self._on_proof,
            self._options.reply_s,
            doubtful=self._doubtful,
            unsaid=self._unsaid,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                session.tasks = tasks
                if self._listens:
                    tasks.create_task(session.listen(), name=f"printer:{self.device_id}:listen")
                await session.greet()
                self._note(session)
                self._backoff.reset()
                self._session = session
                tasks.create_task(self._watch(session), name=f"printer:{self.device_id}:watch")
                raise DeviceUnavailable(self.device_id, await session.until_ended())
        finally:
            self._session, self._doubtful, self._unsaid = None, session.gave_up, max(session.unsaid, session.half)
            session.end("the connection was lost")

    async def _watch(self, session: Session) -> None:
        """Keep the state true: at each word of the printer's, and by a question when it has been silent."""
        asked_at, pause_s = time.monotonic(), self._options.poll_s
        while True:
            await session.news(self._options.poll_s)
            self._note(session)
            # Not while somebody writes: behind a full buffer no answer can come, and a question would stand inside a picture.
            if time.monotonic() - asked_at >= pause_s and not session.writing.locked():
                await session.look()
                asked_at = time.monotonic()
                pause_s = self._options.poll_s if session.heard else min(2 * pause_s, SELDOM_S)
                self._note(session)

    def _note(self, session: Session) -> None:
        fault = fault_of(session.status, self.device_id)
        if fault is not None:
            self.health.set(Health.FAILED, str(fault))
        elif session.status.paper is Paper.NEAR_END:
            self.health.set(Health.DEGRADED, f"the paper of {self.device_id} ends soon: have a new roll ready")
        elif self._profile.answers_status and not session.heard:
            self.health.set(Health.DEGRADED, f"{self.device_id} takes data but does not answer")
        else:
            self.health.set(Health.OK)

    def _connected(self) -> Session:
        session = self._session
        if session is None or session.over:
            reason = session.over if session is not None else self.state.reason
            raise DeviceUnavailable(self.device_id, reason or "it is not connected yet")
        return session

    # ── printing ──

    async def status(self) -> PrinterStatus:
        """Ask how the printer is; while a job goes out, what it has said last: behind a full buffer no question comes through.

        Raises:
            DeviceUnavailable: it is away, or does not answer any more.
        """
        session = self._connected()
        if self._delivery.under_way:
            return session.status
        status = await self._ask(session)
        self._note(session)
        return status

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        """Print ``job`` once; see ``ReceiptPrinter.print``."""
        attempt = Attempt(job, progress)
        opening = ASB_ON if self._profile.pushes_status else b""
        try:
            # In a thread: characters that have to be drawn take longer than a scan may wait.
            parts = await asyncio.to_thread(encode_parts, job.document, self._profile, self._pen(), opening)
        except (ValueError, OSError) as error:  # OSError: a font that cannot be read
            return attempt.broken(f"the document cannot be printed on this paper: {error}")
        try:
            async with asyncio.timeout(job.deadline_s), self._one_at_a_time:
                return await self._send(self._connected(), attempt, parts)
        except DeviceUnavailable as error:
            return self._unsettled(attempt, str(error))
        except TimeoutError:
            self._suspect(attempt)
            return self._unsettled(attempt, self._what_holds_it_up(attempt))
        finally:
            if self._attempt_now is attempt:  # another may be under way while this one waited for its turn
                self._attempt_now = None

    async def _send(self, session: Session, attempt: Attempt, parts: list[bytes]) -> JobOutcome:
        fault = fault_of(await self._ask(session), self.device_id)
        self._note(session)
        if fault is not None:
            return attempt.broken(str(fault))
        if session.silent and session.heard:
            return attempt.broken(f"{self.device_id} did not answer: it is still busy with an earlier receipt")
        while session.worth_settling():
            await session.settle()
        self._attempt_now = attempt
        self._delivery.begin(session, attempt.job.job_id, parts)
        attempt.reach(JobState.SENDING)
        if any(isinstance(element, KickDrawer) for element in attempt.job.document.elements):
            self._connector.pulsed(time.monotonic())
        await self._delivery.until_sent(session)
        attempt.reach(JobState.SENT)
        if self._profile.marker is Marker.NONE:
            return await self._without_proof(session, attempt)
        return await self._confirm(session, attempt)

    async def _confirm(self, session: Session, attempt: Attempt) -> JobOutcome:
        """Wait for the end-of-job marker; paper out and open covers are waited out, the deadline is the caller's."""
        started = time.monotonic()
        while not attempt.proven:
            await session.news(min(self._options.poll_s / 2, self._options.mute_s))
            if self._delivery.dropped:
                return attempt.broken("it was thrown away by a person")
            if not session.heard and time.monotonic() - started >= self._options.mute_s:
                return self._unsettled(attempt, f"{self.device_id} did not answer")
            self._note(session)
        return attempt.end(JobState.PRINTED)

    async def _without_proof(self, session: Session, attempt: Attempt) -> JobOutcome:
        """Wait out what the printer says that is wrong: a healthy printer proves nothing, but a sick one is worth telling."""
        while session.answers and (fault := fault_of(await session.ask(), self.device_id)) is not None:
            self.health.set(Health.FAILED, str(fault))
            await session.news(self._options.poll_s / 2)
        return attempt.broken("this model does not confirm what it prints")

    async def _ask(self, session: Session) -> PrinterStatus:
        try:
            return await session.ask()
        except DeviceUnavailable as silent:
            session.end(silent.reason)
            raise DeviceUnavailable(self.device_id, silent.reason) from silent

    def _what_holds_it_up(self, attempt: Attempt) -> str:
        if attempt.state is JobState.QUEUED:
            return f"{self.device_id} did not become ready within {attempt.job.deadline_s:g} s"
        fault = self.state.reason if self.state.health is Health.FAILED else "it did not confirm the job"
        return f"{self.device_id} after {attempt.job.deadline_s:g} s: {fault}"

    def _pen(self) -> Glyphs | None:
        return _glyphs(self._options.font)

    # ── proofs ──

    def _on_proof(self, job_id: str) -> None:
        attempt = self._attempt_now
        if attempt is not None and attempt.job.job_id == job_id:
            attempt.proven = True
        else:
            self._open_ends.prove(job_id)

    def _unsettled(self, attempt: Attempt, reason: str) -> JobOutcome:
        """End without confirmation; one that comes later will be told by ``late``."""
        if attempt.proven:  # it came in the very moment in which the time was over
            return attempt.end(JobState.PRINTED)
        if attempt.state is not JobState.QUEUED:
            self._open_ends.leave(attempt.job.job_id)
        return attempt.broken(reason)

    def _suspect(self, attempt: Attempt) -> None:
        """Take a healthy printer that confirms nothing for one in the middle of a picture, of a till that was switched off in it."""
        session = self._session
        if session is not None and attempt.state is JobState.SENT and fault_of(session.status, self.device_id) is None:
            session.unsaid = self._profile.longest_command

    async def late(self) -> JobOutcome:
        """Wait for a job that ended UNKNOWN and is known to be printed now."""
        return await self._open_ends.next()

    # ── what only a person may order ──

    async def recover(self, *, drop: bool = False) -> PrinterStatus:
        """Let the printer go on after an error, with what waits in it or, with ``drop``, without.

        Raises:
            DeviceIncapable: this model can only be switched off and on.
            DeviceUnavailable: it is away, or did not say that it has cleared its buffers.
        """
        session = self._connected()
        if self._profile.recovery is Recovery.NONE:
            raise DeviceIncapable(self.device_id, "be told to recover, only be switched off and on")
        if drop:
            self._delivery.drop()
        await self._within_reach(self._recover(session, drop=drop))
        if drop:
            session.forget()
        return await self.status()

    async def _recover(self, session: Session, *, drop: bool) -> None:
        if drop and self._profile.recovery is Recovery.CLEAR:
            if not await session.clear(CLEAR_ALL, CLEAR_S):
                raise DeviceUnavailable(
                    self.device_id, "it did not say that its buffers are cleared: switch it off and on"
                )
            return
        await session.write(GO_ON_WITHOUT if drop else GO_ON)

    # ── the drawer's connector ──

    async def pulse(self, pin: int) -> bool:
        """Give the drawer at connector pin 2 or 5 its pulse; False if it has just had one.

        Raises:
            DeviceIncapable: no such connector.
            DeviceUnavailable: the printer is away, or stands still: then only the drawer's key opens it.
        """
        async with self._one_pulse:
            session = self._connected()
            if not self._connector.may_pulse(time.monotonic()):
                return False
            status = session.status if session.writing.locked() else await self._ask(session)
            await self._within_reach(session.write(self._connector.command(pin, status)))
            self._connector.pulsed(time.monotonic())
            return True

    async def read_pin(self) -> bool | None:
        """Return the level of the drawer's sensor pin now, None if the printer does not say.

        Raises:
            DeviceUnavailable: the printer is away.
        """
        session = self._connected()
        if not session.pushes and not session.writing.locked():
            await self._ask(session)
        return session.status.drawer_pin_high

    async def _within_reach(self, writing: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(CLEAR_S + 1):
                await writing
        except TimeoutError:
            raise DeviceUnavailable(self.device_id, "its buffer is full: clear what stops it") from None


@functools.cache
def _glyphs(font: str) -> Glyphs | None:
    found = Glyphs(((font, 0), *FONTS) if font else FONTS)
    if not found:
        _log.warning("receipt_fonts_missing", install="fonts-wqy-microhei")
    return found or None


def build(settings: DeviceSettings, around: Surroundings) -> EscPosPrinter:
    """Return the driver of one entry of the settings."""
    profile = PROFILES.named(settings.profile or "generic-80")
    return EscPosPrinter(settings.device_id, settings.address, profile, options_of(settings, PrinterOptions), around)
