"""One connection to a label printer: bytes out, one question at a time, states back."""

import asyncio

from devices.errors import DeviceUnavailable
from devices.labelling.language import Language
from devices.ports.label import LabelStatus
from devices.transport import Transport

CHUNK_BYTES = 1024
_MAX_REPLIES = 64


class Session:
    """One open connection. ``listen()`` must run beside every other call."""

    def __init__(self, transport: Transport, language: Language, reply_s: float) -> None:
        self._transport, self._language, self._reply_s = transport, language, reply_s
        self._decoder = language.decoder()
        self._replies: asyncio.Queue[LabelStatus | None] = asyncio.Queue(maxsize=_MAX_REPLIES)
        self._one_question = asyncio.Lock()
        self._late = self._sending = self._ended = False
        self._known: LabelStatus | None = None

    async def listen(self) -> None:
        """Take in what the printer says until cancelled.

        Raises:
            DeviceUnavailable: the connection is gone.
        """
        while True:
            for status in self._decoder.feed(await self._transport.read()):
                if not self._replies.full():  # a printer that babbles is not worth more memory
                    self._replies.put_nowait(status)

    def end(self) -> None:
        """Let whoever waits for an answer know that none will come."""
        self._ended = True
        if not self._replies.full():
            self._replies.put_nowait(None)

    async def ask(self) -> LabelStatus | None:
        """Return the printer's state; None when it does not answer, or has no question that it would.

        The answer belongs to this question: after a silence, what comes late is told from what comes now. While a label goes out nothing is
        asked, since the question would stand in the middle of it: the last answer is all there is to know.

        Raises:
            DeviceUnavailable: the connection is gone.
        """
        if not self._language.question or self._sending:
            return self._known
        async with self._one_question:
            status = await self._asked()
            if self._late and status is not None:
                await self._quiet()
                status = await self._asked()
            self._late, self._known = status is None, status
            return status

    async def _asked(self) -> LabelStatus | None:
        while not self._replies.empty() and not self._ended:
            self._replies.get_nowait()
        self._check()
        await self._write(self._language.question)
        return await self._reply()

    async def _reply(self) -> LabelStatus | None:
        try:
            async with asyncio.timeout(self._reply_s):
                status = await self._replies.get()
        except TimeoutError:
            return None
        self._check()
        return status

    async def _quiet(self) -> None:
        """Wait until answers to earlier questions have stopped coming."""
        for _ in range(_MAX_REPLIES):
            if await self._reply() is None:
                return

    def _check(self) -> None:
        if self._ended:
            raise DeviceUnavailable(self._transport.address, "the connection was lost")

    async def send(self, data: bytes) -> None:
        """Hand ``data`` to the printer; waits while its buffer is full.

        Raises:
            DeviceUnavailable: the connection is gone.
        """
        self._check()
        self._sending = True
        try:
            async with self._one_question:  # who has just asked is answered first
                for at in range(0, len(data), CHUNK_BYTES):
                    await self._write(data[at : at + CHUNK_BYTES])
        finally:
            self._sending = False

    async def _write(self, data: bytes) -> None:
        await self._transport.write(data)
