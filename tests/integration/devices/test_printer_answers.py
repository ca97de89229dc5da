"""Answers of a printer that come late: none of them is taken for the answer to another question."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from devices.backoff import Backoff
from devices.ports import Health, JobState, Paper, PrintJob
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES
from devices.receipt import ReceiptDocument, Text
from firmware_sim.printer import PrinterPty, PrinterSim
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until

REPLY_S = 0.3
ANSWERS = {1: b"\x16", 2: b"\x12", 3: b"\x12", 4: b"\x12"}
"""Online, and the drawer's pin is high: as an answer to the second question the first byte would be an open cover."""


class Slow:
    """A printer that answers a question of which ``late`` names the number when ``go`` is set, and does not know those of ``deaf``."""

    def __init__(self) -> None:
        self.late: set[int] = set()
        self.go = asyncio.Event()
        self.deaf: set[int] = set()
        self.asked: list[int] = []
        self.told_by_itself = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while command := await reader.read(3):
                self.told_by_itself |= command[:2] == b"\x1da"
                if command[:2] != b"\x10\x04":
                    continue
                self.asked.append(command[2])
                if command[2] in self.late:
                    await self.go.wait()
                if command[2] not in self.deaf:
                    writer.write(ANSWERS[command[2]])
        writer.close()


@asynccontextmanager
async def at(slow: Slow, poll_s: float = 60) -> AsyncIterator[EscPosPrinter]:
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    options = PrinterOptions(reply_s=REPLY_S, poll_s=poll_s)
    address = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    printer = EscPosPrinter("printer-1", address, PROFILES.named("hprt-80"), options, backoff=Backoff(0.01, 0.02))
    running = asyncio.create_task(printer.run())
    try:
        await until(lambda: printer.state.health is not Health.OPENING)
        yield printer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        await server.wait_closed()


async def test_an_answer_that_comes_late_is_not_the_answer_to_the_next_question() -> None:
    slow = Slow()
    async with at(slow) as printer:
        assert printer.state.health is Health.OK
        slow.late = {2}
        first = await printer.status()
        asking = asyncio.create_task(printer.status())
        slow.go.set()
        second = await asking
        assert (first.online, first.cover_open) == (True, None)
        assert (second.online, second.cover_open, second.drawer_pin_high) == (True, False, True)
        assert printer.state.health is Health.OK


async def test_a_question_that_a_model_does_not_know_is_not_waited_for_every_time() -> None:
    slow = Slow()
    slow.deaf = {3, 4}
    async with at(slow) as printer:
        await printer.status()
        asked = len(slow.asked)
        status = await printer.status()
        assert slow.asked[asked:] == [1, 2]
        assert (status.online, status.cover_open, status.fault) == (True, False, "")


async def test_who_asks_while_the_buffer_is_full_hears_what_is_known() -> None:
    lines = tuple(Text(f"第 {number} 行 " + "货" * 15) for number in range(3000))
    async with PrinterSim(PrinterPty()) as sim:
        options = PrinterOptions(reply_s=REPLY_S, poll_s=0.1)
        printer = EscPosPrinter("printer-1", sim.address, PROFILES.named("epson-80"), options)
        running = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        sim.run_out_of_paper(after_lines=4)
        printing = asyncio.create_task(printer.print(PrintJob("job-1", ReceiptDocument(lines), 30)))
        await until(lambda: printer.state.health is Health.FAILED)
        await until(lambda: sim.buffered_bytes >= sim.model.buffer_bytes)
        async with asyncio.timeout(2):
            status = await printer.status()
        assert (status.paper, status.online) == (Paper.END, False)
        sim.load_paper()
        assert (await printing).state is JobState.PRINTED
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_printer_that_was_switched_on_after_the_till_is_asked_again() -> None:
    slow = Slow()
    slow.deaf = {1, 2, 3, 4}
    async with at(slow, poll_s=0.05) as printer:
        assert printer.state.health is Health.DEGRADED
        slow.deaf = set()
        await until(lambda: printer.state.health is Health.OK)
        assert (await printer.status()).drawer_pin_high
        await until(lambda: slow.told_by_itself)


async def test_answers_of_before_a_line_was_given_up_are_not_those_of_the_next(tmp_path: Path) -> None:
    """A serial line does not drop what a printer says late: it comes on the next connection."""
    held: list[bytes] = []
    holds = False
    states = set()
    async with PtyWire(tmp_path / "printer") as wire:

        def hear(data: bytes) -> None:
            held.extend(ANSWERS[number] for number in (data[2::3] if data.startswith(b"\x10\x04") else b""))
            if not holds:
                wire.send(b"".join(held))
                held.clear()

        wire.receive = hear
        options = PrinterOptions(reply_s=REPLY_S, poll_s=0.1)
        printer = EscPosPrinter(
            "printer-1", wire.address, PROFILES.named("hprt-80"), options, backoff=Backoff(0.01, 0.02)
        )
        running = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        holds = True
        await until(lambda: printer.state.health is Health.ABSENT)
        await until(lambda: len(held) >= 2)  # the first question of the next connection
        holds = False
        hear(b"")
        async with asyncio.timeout(HANG_S):
            while not (printer.state.health is Health.OK and (await printer.status()).drawer_pin_high):
                states.add(printer.state.reason)
                await asyncio.sleep(0.01)
        assert not [reason for reason in states if "cover" in reason], states
        assert not (await printer.status()).cover_open
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
