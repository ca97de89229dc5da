"""Questions to a label printer: none of them stands in the middle of a label."""

import asyncio

import pytest

from devices.label_tspl.driver import Tspl
from devices.label_tspl.model import TsplModel
from devices.label_zpl.driver import Zpl
from devices.label_zpl.model import ZplModel
from devices.labelling.language import Language
from devices.labelling.session import CHUNK_BYTES, Session

READY = {
    "zpl": b"\x02030,0,0,0800,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
    "tspl": b"\x00",
}
LANGUAGES: dict[str, Language] = {"zpl": Zpl(ZplModel()), "tspl": Tspl(TsplModel())}


class Printer:
    """A line to a printer that answers questions, and whose buffer is full when ``full`` is set."""

    address = "printer"

    def __init__(self, language: str) -> None:
        self.written: list[bytes] = []
        self.room = asyncio.Event()
        self.room.set()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._question, self._ready = LANGUAGES[language].question, READY[language]

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        if data == self._question:
            self._answers.put_nowait(self._ready)
        await self.room.wait()

    async def read(self, limit: int = 4096) -> bytes:
        return await self._answers.get()

    async def close(self) -> None:
        return


@pytest.mark.parametrize("name", LANGUAGES)
async def test_who_asks_while_a_label_goes_out_hears_what_is_known(name: str) -> None:
    printer, language = Printer(name), LANGUAGES[name]
    session = Session(printer, language, reply_s=5)
    listening = asyncio.create_task(session.listen())
    known = await session.ask()
    assert known is not None
    assert known.ready
    printer.room.clear()
    label = b"x" * CHUNK_BYTES * 2
    sending = asyncio.create_task(session.send(label))
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        assert await session.ask() == known
    printer.room.set()
    await sending
    assert b"".join(printer.written) == language.question + label
    assert await session.ask() == known
    assert printer.written[-1] == language.question
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
