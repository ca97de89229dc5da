"""One connection to an ESC/POS printer: questions, answers, and what it says by itself."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from devices.errors import CoverOpen, DeviceError, DeviceUnavailable, GarbledFrame, PaperOut, PrinterFault
from devices.ports import Paper, PrinterStatus
from devices.printer_escpos.codec import (
    ASB_ON,
    AutomaticStatus,
    Block,
    Noise,
    RealTimeStatus,
    Reply,
    ReplyDecoder,
    SingleByte,
    decode_automatic,
    decode_real_time,
    is_cleared,
)
from devices.printer_escpos.profile import Marker, PrinterProfile
from devices.printer_escpos.proof import Proofs
from devices.printer_escpos.questions import StatusQuestions
from devices.transport import Transport

CHUNK_BYTES = 1024
QUIET_S = 0.15
"""Answers that wait behind no paper come back to back; after this much silence no more of them are on their way."""

SETTLINGS = 3
RESYNC_S = 3.0
STUCK_S = 60.0
"""A printer that is at work on a job may be silent for so long, and for ever if it has said that it stands still."""


def fault_of(status: PrinterStatus, device_id: str) -> DeviceError | None:
    """Return what stops the printer from printing, None if it did not say that anything does."""
    if status.paper is Paper.END:
        return PaperOut(device_id)
    if status.cover_open:
        return CoverOpen(device_id)
    if status.fault:
        return PrinterFault(device_id, status.fault)
    return PrinterFault(device_id, "that it is offline") if status.online is False else None


class Session:
    """One open connection. ``listen()`` must run beside every other call.

    Attributes:
        status: the newest that the printer has said.
        noise: bytes that belonged to no reply.
        answers: whether it is worth asking; a printer that has never answered is asked by ``look`` only.
        heard: whether it has ever answered; ``silent``: whether it did not answer when it was asked last.
        in_flight: jobs that were handed over on this connection and are not proven; behind them an answer may take its time.
        pushes: whether it has told its state by itself.
        writing: held by whoever writes; between two holders is always a place where a command may begin.
        over: why the connection is no more, empty while it is.
        half: of how many bytes the printer may have only the front, since the end of no job that was sent here is proven.
        unsaid: the same of an earlier connection, or of a job that was thrown away; nothing is printed before they are said.
        gave_up: whether that was because an answer did not come; on a serial line it may come on the next connection.
        tasks: ends with the connection.
    """

    tasks: asyncio.TaskGroup

    def __init__(
        self,
        transport: Transport,
        profile: PrinterProfile,
        proofs: Proofs,
        on_proof: Callable[[str], None],
        reply_s: float = 1.0,
        *,
        doubtful: bool = False,
        unsaid: int = 0,
    ) -> None:
        """Take over a connection; ``doubtful``: answers to questions of the one before may come on this one."""
        self.unsaid, self.half = unsaid, 0
        self._transport, self._profile, self._proofs, self._on_proof = transport, profile, proofs, on_proof
        self._decoder = ReplyDecoder()
        self._reply_s = reply_s
        self._questions = StatusQuestions(transport, reply_s, doubtful=doubtful)
        self._tells_changes = self.gave_up = False
        self._singles = self._settlings = 0
        self._cleared = asyncio.Event()
        self._news = asyncio.Event()
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.writing = asyncio.Lock()
        self.status = PrinterStatus()
        self.noise = 0
        self.answers = profile.answers_status
        self.heard = self.silent = self.pushes = False
        self.in_flight: set[str] = set()
        self._heard_at = time.monotonic()
        self.over = ""
        proofs.unsettle()

    # ── listening ──

    async def listen(self) -> None:
        """Take in what the printer says until cancelled.

        Raises:
            DeviceUnavailable: the connection is gone.
        """
        try:
            while True:
                for reply in self._decoder.feed(await self._transport.read()):
                    self._take(reply)
                self._news.set()
        except DeviceUnavailable as lost:
            self.end(lost.reason)
            raise

    def _take(self, reply: Reply) -> None:
        if not isinstance(reply, Noise):
            self.heard, self.silent, self._heard_at = True, False, time.monotonic()
            if self._profile.answers_status and not self.answers:  # it was switched on later than we
                self.answers = True
                self._questions.doubt()
        match reply:
            case RealTimeStatus(value):
                self._questions.take(value)
            case AutomaticStatus(data):
                self.status, self.pushes = decode_automatic(data), True
            case SingleByte():
                self._singles += 1
            case Block() as block if is_cleared(block):
                self._cleared.set()
            case Block():
                pass
            case Noise():
                self.noise += 1
        if (job_id := self._proofs.proven(reply)) is not None:
            self.in_flight.discard(job_id)
            self.half = self.half if self.in_flight else 0
            self._on_proof(job_id)

    async def news(self, within_s: float) -> None:
        """Return when the printer has said something, at the latest after ``within_s``.

        Raises:
            DeviceUnavailable: the connection is over.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()
        if self.over:
            raise DeviceUnavailable(self._transport.address, self.over)

    def end(self, reason: str) -> None:
        """Give the connection up; whoever waits on it is told."""
        if not self._ended.done():
            self._ended.set_result(reason)
        self.over = self.over or reason
        self._news.set()

    async def until_ended(self) -> str:
        """Wait until somebody gives the connection up, and return why."""
        return await asyncio.shield(self._ended)

    # ── asking ──

    async def greet(self) -> None:
        """Ask how the printer is, let it tell its changes, and find out which answers are ours."""
        await self.look()
        if self.unsaid and fault_of(self.status, "") is None:  # one that stands still takes no bytes now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESYNC_S):
                    await self._resync()
            await self.look()
        if self.worth_settling() and fault_of(self.status, "") is None:
            await self.settle()

    async def look(self) -> None:
        """Ask how it is, also a printer that has never answered, and let it tell its changes once it is there."""
        self.answers = self._profile.answers_status
        await self.ask()
        there = self.heard or not self._profile.answers_status
        if self._profile.pushes_status and there and not self._tells_changes and not self.unsaid:
            self._tells_changes = True
            await self.write(ASB_ON)

    def worth_settling(self) -> bool:
        """Whether it is not known whose answer the next single byte is; a model that never gives one is not asked for ever."""
        open_question = not self._proofs.settled or self._proofs.pending
        return self.heard and open_question and (self._proofs.answers or self._settlings < SETTLINGS)

    async def settle(self) -> None:
        """Wait until no answer to an earlier question can come any more.

        What was asked before is answered before what is asked now. An answer and then silence: all are through. If there were as
        many as were owed, what was owed is proven; if fewer, the printer was switched off and on, and nobody knows.
        """
        self._settlings += 1
        owed = self._proofs.unsettle()
        began = seen = self._singles
        self._decoder.await_single_bytes(16)
        await self.write(self._proofs.bare_question())
        loop = asyncio.get_running_loop()
        until = loop.time() + self._reply_s
        while loop.time() < until:
            await self.news(max(0.001, until - loop.time()))
            if self._singles > seen:
                seen, until = self._singles, loop.time() + QUIET_S
        self._decoder.await_single_bytes(0)
        if seen == began:
            return
        self._proofs.settled, self._settlings, self.half = True, 0, 0
        self.in_flight.difference_update(owed)
        if seen - began > len(owed):
            for job_id in owed:
                self._on_proof(job_id)

    def forget(self) -> None:
        """Expect no more of what was handed over: a person had it thrown away."""
        self.in_flight.clear()
        self.unsaid, self.half = max(self.unsaid, self.half), 0
        self._proofs.unsettle()

    async def ask(self) -> PrinterStatus:
        """Ask for all real-time states and return the newest status; silence leaves it as it was.

        Raises:
            DeviceUnavailable: it has answered before and does not any more.
        """
        if not self.answers:
            return self.status
        async with self.writing:
            answers = await self._questions.ask()
        self.silent = not answers
        if self.silent and self.heard and self._excused():
            return self.status
        if self.silent and self.heard:
            self.gave_up = True
            raise DeviceUnavailable(self._transport.address, f"did not answer within {self._reply_s:g} s")
        self.answers = bool(answers)
        if answers:
            self.status = self._decoded(answers)
        return self.status

    def _excused(self) -> bool:
        """Whether silence means that the question waits behind a job, and not that the printer is gone."""
        stands_still = fault_of(self.status, "") is not None
        return bool(self.in_flight) and (stands_still or time.monotonic() - self._heard_at < STUCK_S)

    def _decoded(self, answers: dict[int, int]) -> PrinterStatus:
        try:
            return decode_real_time(answers)
        except GarbledFrame:
            self.noise += 1
            return self.status

    # ── sending ──

    async def write(self, data: bytes) -> None:
        """Hand a short command to the printer."""
        async with self.writing:
            await self._transport.write(data)

    async def send(self, parts: Sequence[bytes]) -> None:
        """Hand a job to the printer; waits while its buffer is full. Others may write between two parts."""
        await self._resync()
        for part in parts:
            self.half = max(self.half, min(len(part), self._profile.longest_command))
            await self._hand_over(part)

    async def _resync(self) -> None:
        """Say white dots for what was left unsaid: a printer in the middle of a picture takes them for its rest, any other ignores them."""
        if self.unsaid:
            await self._hand_over(bytes(self.unsaid))
            self.unsaid = 0

    async def _hand_over(self, part: bytes) -> None:
        async with self.writing:
            for at in range(0, len(part), CHUNK_BYTES):
                chunk = part[at : at + CHUNK_BYTES]
                await self._transport.write(chunk)
                if self._profile.pace_bytes_s:
                    await asyncio.sleep(len(chunk) / self._profile.pace_bytes_s)

    def expect(self, job_id: str) -> bytes:
        """Return the question that proves the end of a job; its answer is awaited from now on."""
        if self._proofs.by_order:
            self._decoder.await_single_byte()
        if self._profile.marker is not Marker.NONE:
            self.in_flight.add(job_id)
        return self._proofs.question(job_id)

    async def clear(self, command: bytes, within_s: float) -> bool:
        """Send the command that clears all buffers, and wait for its answer; nothing may be sent before (reference §1.5)."""
        self._cleared.clear()
        async with self.writing:
            await self._transport.write(command)
            try:
                async with asyncio.timeout(within_s):
                    await self._cleared.wait()
            except TimeoutError:
                return False
        return True
