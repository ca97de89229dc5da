"""One connection to an ESC/POS printer: questions, answers, and what it says by itself."""

import asyncio

from devices.errors import CoverOpen, DeviceError, GarbledFrame, PaperOut, PrinterFault
from devices.ports import Paper, PrinterStatus
from devices.printer_escpos.codec import (
    AutomaticStatus,
    Block,
    RealTimeStatus,
    Reply,
    ReplyDecoder,
    SingleByte,
    ask_status,
    decode_automatic,
    decode_real_time,
    process_id_of,
)
from devices.transport import Transport

STATUS_NUMBERS = (1, 2, 3, 4)
CHUNK_BYTES = 1024


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
        answers: whether it answers status questions; a printer that once did not is not asked again.
    """

    def __init__(self, transport: Transport, *, answers: bool = True, reply_s: float = 1.0) -> None:
        self._transport = transport
        self._decoder = ReplyDecoder()
        self._reply_s = reply_s
        self._real_time: asyncio.Queue[int] = asyncio.Queue(maxsize=64)
        self._markers: set[bytes] = set()
        self._single = 0
        self._news = asyncio.Event()
        self.status = PrinterStatus()
        self.noise = 0
        self.answers = answers

    async def listen(self) -> None:
        """Take in what the printer says until cancelled.

        Raises:
            DeviceUnavailable: the connection is gone.
        """
        while True:
            for reply in self._decoder.feed(await self._transport.read()):
                self._take(reply)
            self._news.set()

    def _take(self, reply: Reply) -> None:
        match reply:
            case RealTimeStatus(value):
                if not self._real_time.full():  # a printer that babbles status is not worth more memory
                    self._real_time.put_nowait(value)
            case AutomaticStatus(data):
                self.status = decode_automatic(data)
            case SingleByte():
                self._single += 1
            case Block() as block:
                if (marker := process_id_of(block)) is not None:
                    self._markers.add(marker)
            case _:
                self.noise += 1

    async def ask(self) -> PrinterStatus:
        """Ask for all four real-time states and return what was answered; silence leaves them unknown.

        One question at a time, since an answer does not say which question it belongs to.
        """
        answers: dict[int, int] = {}
        while not self._real_time.empty():
            self._real_time.get_nowait()
        for number in STATUS_NUMBERS if self.answers else ():
            await self._transport.write(ask_status(number))
            try:
                async with asyncio.timeout(self._reply_s):
                    answers[number] = await self._real_time.get()
            except TimeoutError:
                self.answers = False
                break
        if answers:
            self.status = self._decoded(answers)
        return self.status

    def _decoded(self, answers: dict[int, int]) -> PrinterStatus:
        try:
            return decode_real_time(answers)
        except GarbledFrame:
            self.noise += 1
            return self.status

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the printer; waits while its buffer is full."""
        for at in range(0, len(data), CHUNK_BYTES):
            await self._transport.write(data[at : at + CHUNK_BYTES])

    def expect_single_byte(self) -> None:
        """Tell that the job ends with a question of one-byte answer."""
        self._decoder.await_single_byte()

    def confirmed(self, marker: bytes | None) -> bool:
        """Whether the process id ``marker`` (or, for None, the awaited single byte) has come back."""
        return marker in self._markers if marker is not None else self._single > 0

    async def news(self, within_s: float) -> None:
        """Return when the printer has said something, at the latest after ``within_s``."""
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()
