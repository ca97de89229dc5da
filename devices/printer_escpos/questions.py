"""The real-time questions of one connection, whose answers do not say to which of them they belong."""

import asyncio

from devices.printer_escpos.codec import ask_status
from devices.transport import Transport

STATUS_NUMBERS: tuple[int, ...] = (1, 2, 3, 4)
MAX_ANSWERS = 64


class StatusQuestions:
    """DLE EOT 1 to 4, one at a time. After a silence what comes may belong to an earlier question: it is waited out, and asked again."""

    def __init__(self, transport: Transport, reply_s: float, *, doubtful: bool) -> None:
        """Keep the connection; ``doubtful``: answers to questions of the one before may come on this one."""
        self._transport, self._reply_s = transport, reply_s
        self._answers: asyncio.Queue[int] = asyncio.Queue(maxsize=MAX_ANSWERS)
        self._numbers, self._missing = STATUS_NUMBERS, int(doubtful)

    def doubt(self) -> None:
        """Take what comes next for an answer to an earlier question."""
        self._missing = max(1, self._missing)

    def take(self, answer: int) -> None:
        """Take an answer; a printer that babbles is not worth more memory."""
        if not self._answers.full():
            self._answers.put_nowait(answer)

    async def ask(self) -> dict[int, int]:
        """Return the answers by number; none: the printer is silent. Nobody else may write meanwhile."""
        answers = await self._asked()
        if self._missing and answers:
            await self._waited_out()
            answers = await self._asked_again()
        self._missing = len(self._numbers) - len(answers)
        return answers

    async def _asked(self) -> dict[int, int]:
        """Ask, up to the first question that is not answered."""
        answers: dict[int, int] = {}
        while not self._answers.empty():
            self._answers.get_nowait()
        for number in self._numbers:
            await self._transport.write(ask_status(number))
            answer = await self._answer()
            if answer is None:
                break
            answers[number] = answer
        return answers

    async def _asked_again(self) -> dict[int, int]:
        """Ask once more; what a model leaves unanswered twice at the same place it is not asked any more on this connection."""
        answers = await self._asked()
        if answers and len(self._numbers) - len(answers) == self._missing:
            self._numbers = self._numbers[: len(answers)]
        return answers

    async def _waited_out(self) -> None:
        for _ in range(MAX_ANSWERS):  # and not for ever: some babble
            if await self._answer() is None:
                return

    async def _answer(self) -> int | None:
        try:
            async with asyncio.timeout(self._reply_s):
                return await self._answers.get()
        except TimeoutError:
            return None
