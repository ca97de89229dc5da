"""A line that breaks in the middle of a picture: the printer waits for the rest of it, and must not take the next receipt for that."""

import asyncio
from pathlib import Path

import pytest

from devices.backoff import Backoff
from devices.ports import Health, JobState, PrintJob
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES
from devices.receipt import Cut, Picture, ReceiptDocument, Text
from firmware_sim.printer import PrinterPty, PrinterSim, PrinterTcp
from tests.waiting import until

PICTURE = Picture(512, b"\xaa" * 64 * 400)
LINES = tuple(Text(f"第 {number} 行") for number in range(20))


@pytest.mark.parametrize(("profile", "model"), [("epson-80", "epson-80"), ("generic-80", "clone-80")])
@pytest.mark.parametrize("line", ["tcp", "serial"])
async def test_the_receipt_after_half_a_picture_is_whole(line: str, profile: str, model: str, tmp_path: Path) -> None:
    wire = PrinterTcp() if line == "tcp" else PrinterPty(tmp_path / "printer")
    async with PrinterSim(wire, model=model, lines_per_s=4000) as sim:
        options = PrinterOptions(reply_s=0.3, poll_s=0.1, mute_s=1)
        printer = EscPosPrinter("printer-1", sim.address, PROFILES.named(profile), options, backoff=Backoff(0.01, 0.02))
        running = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        sim.drop_connection(after_bytes=3000)
        first = await printer.print(PrintJob("job-1", ReceiptDocument((Text("一"), PICTURE, Cut())), 5))
        assert first.state is JobState.UNKNOWN
        await until(lambda: printer.attempts > 1 and printer.state.health is Health.OK)
        second = await printer.print(PrintJob("job-2", ReceiptDocument((*LINES, Cut())), 5))
        assert second.state is JobState.PRINTED
        printed = [text for receipt in sim.receipts for text in receipt.lines]
        assert printed[-20:] == [text.text for text in LINES]
        assert sim.unknown == []
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_paper_that_ended_in_the_picture_is_known_on_the_next_connection_too() -> None:
    small = Picture(512, PICTURE.data[: 64 * 40])  # the printer's buffer has room for questions
    async with PrinterSim(lines_per_s=4000) as sim:
        options = PrinterOptions(reply_s=0.3, poll_s=0.1, mute_s=1)
        printer = EscPosPrinter(
            "printer-1", sim.address, PROFILES.named("epson-80"), options, backoff=Backoff(0.01, 0.02)
        )
        running = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        sim.run_out_of_paper(after_lines=1)
        printing = asyncio.create_task(printer.print(PrintJob("job-1", ReceiptDocument((Text("一"), small, Cut())), 5)))
        await until(lambda: printer.state.health is Health.FAILED)
        sim.drop_connection()
        assert (await printing).state is JobState.UNKNOWN
        await until(lambda: printer.attempts > 1 and printer.state.health is Health.FAILED)
        assert "out of paper" in printer.state.reason
        sim.load_paper()
        await until(lambda: printer.state.health is Health.OK)
        second = await printer.print(PrintJob("job-2", ReceiptDocument((*LINES, Cut())), 5))
        assert second.state is JobState.PRINTED
        assert [text for receipt in sim.receipts for text in receipt.lines][-20:] == [text.text for text in LINES]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_picture_that_was_thrown_away_leaves_nothing_for_the_next_receipt() -> None:
    async with PrinterSim(PrinterPty(), lines_per_s=4000) as sim:
        options = PrinterOptions(reply_s=0.3, poll_s=0.1, mute_s=1)
        printer = EscPosPrinter(
            "printer-1", sim.address, PROFILES.named("epson-80"), options, backoff=Backoff(0.01, 0.02)
        )
        running = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        sim.run_out_of_paper(after_lines=1)
        printing = asyncio.create_task(
            printer.print(PrintJob("job-1", ReceiptDocument((Text("一"), *[PICTURE] * 5)), 9))
        )
        await until(lambda: sim.buffered_bytes >= sim.model.buffer_bytes)
        sim.load_paper()
        await printer.recover(drop=True)
        assert (await printing).state is JobState.UNKNOWN
        second = await printer.print(PrintJob("job-2", ReceiptDocument((*LINES, Cut())), 5))
        assert second.state is JobState.PRINTED
        assert [text for receipt in sim.receipts for text in receipt.lines][-20:] == [text.text for text in LINES]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_half_a_picture_of_a_till_that_was_switched_off_costs_one_receipt_and_no_lie() -> None:
    """Whoever comes after a kill knows of no picture: the first job is not confirmed, the second one is whole."""
    async with PrinterSim(lines_per_s=4000) as sim:

        async def at_work() -> tuple[EscPosPrinter, asyncio.Task[None]]:
            options = PrinterOptions(reply_s=0.3, poll_s=0.1, mute_s=1)
            printer = EscPosPrinter("printer-1", sim.address, PROFILES.named("epson-80"), options)
            running = asyncio.create_task(printer.run())
            await until(lambda: printer.state.health is Health.OK)
            return printer, running

        printer, running = await at_work()
        sim.drop_connection(after_bytes=3000)
        killed = await printer.print(PrintJob("job-1", ReceiptDocument((PICTURE, Cut())), 5))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        printer, running = await at_work()
        second = await printer.print(PrintJob("job-2", ReceiptDocument((*LINES, Cut())), 1))
        assert (killed.state, second.state) == (JobState.UNKNOWN, JobState.UNKNOWN)
        third = await printer.print(PrintJob("job-3", ReceiptDocument((*LINES, Cut())), 5))
        assert third.state is JobState.PRINTED
        assert [text for receipt in sim.receipts for text in receipt.lines][-20:] == [text.text for text in LINES]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
