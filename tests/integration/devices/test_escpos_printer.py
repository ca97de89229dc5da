"""The printer driver on the simulated printer: paper ends in mid-receipt, lines break, names attack the drawer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from devices.backoff import Backoff
from devices.camera_file.driver import FileCamera
from devices.ports import Health, JobState, PrintJob
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import profile_named
from devices.receipt import (
    Align,
    Barcode,
    Cell,
    Columns,
    Cut,
    Element,
    Feed,
    KickDrawer,
    Qr,
    ReceiptDocument,
    Rule,
    Text,
)
from firmware_sim.printer import PrinterSim
from tests.waiting import until

FAST = PrinterOptions(connect_s=1, reply_s=0.2, mute_s=0.3, poll_s=0.1)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[PrinterSim]:
    async with PrinterSim(out_dir=tmp_path / "paper") as printer:
        yield printer


def driver(sim: PrinterSim, profile: str = "epson-80") -> EscPosPrinter:
    return EscPosPrinter(
        "printer-1", f"tcp:127.0.0.1:{sim.port}", profile_named(profile), FAST, backoff=Backoff(0.01, 0.02)
    )


def job(*elements: Element, job_id: str = "job-1", deadline_s: float = 10) -> PrintJob:
    return PrintJob(job_id, ReceiptDocument((*elements, Cut())), deadline_s)


TEN_LINES = tuple(Text(f"第 {number} 行") for number in range(10))


async def test_paper_that_ends_in_mid_receipt_is_waited_for_and_nothing_is_sent_twice(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.run_out_of_paper(after_lines=4)
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: printer.state.health is Health.FAILED)
    assert "out of paper" in printer.state.reason
    assert not printing.done()
    sim.load_paper()
    assert (await printing).state is JobState.PRINTED
    assert printer.state.health is Health.OK
    assert [receipt.lines for receipt in sim.receipts] == [[f"第 {number} 行" for number in range(10)]]


async def test_past_its_deadline_the_job_is_unknown_and_comes_out_once_later(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.run_out_of_paper(after_lines=4)
    outcome = await printer.print(job(*TEN_LINES, deadline_s=0.5))
    assert outcome.state is JobState.UNKNOWN
    assert "out of paper" in outcome.reason
    assert "look at the paper" in outcome.reason
    sim.load_paper()
    await until(lambda: sim.receipts)
    assert (await printer.print(job(Text("next"), job_id="job-2"))).state is JobState.PRINTED
    assert [receipt.lines[0] for receipt in sim.receipts] == ["第 0 行", "next"]


async def test_a_cover_opened_in_mid_receipt_is_named_and_waited_for(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.lines_per_s = 100
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 3)
    sim.open_cover()
    await until(lambda: "cover" in printer.state.reason)
    sim.close_cover()
    assert (await printing).state is JobState.PRINTED


async def test_a_connection_reset_in_mid_job_is_unknown(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.lines_per_s = 50
    sim.drop_connection(after_bytes=100)
    outcome = await printer.print(job(*TEN_LINES))
    assert outcome.state is JobState.UNKNOWN
    await until(lambda: sim.buffered_bytes == 0)
    assert sim.lines_printed <= 10


async def test_a_slow_printer_is_not_called_printed_before_it_is(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.lines_per_s = 40
    outcome = await printer.print(job(*TEN_LINES))
    assert outcome.state is JobState.PRINTED
    assert len(sim.receipts) == 1


async def test_a_slow_printer_past_the_deadline_is_unknown(sim: PrinterSim) -> None:
    sim.lines_per_s = 10
    assert (await driver(sim).print(job(*TEN_LINES, deadline_s=0.3))).state is JobState.UNKNOWN


async def test_a_model_that_never_confirms_is_always_unknown() -> None:
    async with PrinterSim(model="mute-58") as sim:
        outcome = await driver(sim, "silent-58").print(job(Text("谢谢惠顾")))
        assert outcome.state is JobState.UNKNOWN
        await until(lambda: "谢谢惠顾" in sim.paper_text)  # it has no cutter


async def test_a_document_too_wide_for_the_paper_fails_before_anything_is_sent(sim: PrinterSim) -> None:
    outcome = await driver(sim).print(job(Columns((Cell("", 40), Cell("", 40)))))
    assert outcome.state is JobState.FAILED
    assert "48" in outcome.reason
    assert sim.lines_printed == 0


async def test_names_that_hold_printer_commands_move_nothing(sim: PrinterSim) -> None:
    printer = driver(sim)
    attack = "绿茶\x1bp\x00\x19\xfa\x10\x14\x01\x00\x05\x1dV\x00\x10\x05\x02\x1b@"
    row = Columns((Cell(attack), Cell(attack, 20, Align.RIGHT)))
    outcome = await printer.print(job(Text(attack, Align.CENTER, 2, 2), row, Qr(attack)))
    assert outcome.state is JobState.PRINTED
    assert (sim.drawer_pulses, sim.cuts, sim.unknown) == ([], 1, [])
    assert (await printer.print(job(KickDrawer(), job_id="job-2"))).state is JobState.PRINTED
    assert sim.drawer_pulses == [2]


@pytest.mark.parametrize(
    "name", ["a\udcff\ud800b", "NUL\x00", "\u202egnp.exe", "茶👍🏽𠮷", "x" * 4000, "é" * 2000, "\n" * 30, "龘" * 300]
)
async def test_strange_names_print_within_the_paper(sim: PrinterSim, name: str) -> None:
    outcome = await driver(sim).print(job(Text(name), Columns((Cell(name[:500]), Cell("1.00", 8, Align.RIGHT)))))
    assert outcome.state is JobState.PRINTED
    assert sim.unknown == []
    for line in sim.receipts[0].lines:
        assert len(line.encode("gb18030")) <= 48


async def test_two_jobs_at_once_come_out_one_after_the_other(sim: PrinterSim) -> None:
    printer = driver(sim)
    sim.lines_per_s = 200
    outcomes = await asyncio.gather(
        *(printer.print(job(Text(f"job {n}"), Text(f"end {n}"), job_id=f"job-{n}")) for n in range(5))
    )
    assert {outcome.state for outcome in outcomes} == {JobState.PRINTED}
    assert [receipt.lines for receipt in sim.receipts] == [[f"job {n}", f"end {n}"] for n in range(5)]
    assert sim.refused_clients == 0


async def test_the_watch_sees_paper_cover_and_power_with_one_line_each(sim: PrinterSim) -> None:
    printer = driver(sim)
    with structlog.testing.capture_logs() as logs:
        watching = asyncio.create_task(printer.run())
        await until(lambda: printer.state.health is Health.OK)
        sim.set_near_end()
        await until(lambda: printer.state.health is Health.DEGRADED)
        sim.set_near_end(False)
        sim.power_off()
        await until(lambda: printer.state.health is Health.ABSENT)
        refused = sim.refused_clients
        await until(lambda: sim.refused_clients > refused + 3)
        sim.power_on()
        await until(lambda: printer.state.health is Health.OK)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    events = [entry["event"] for entry in logs]
    assert events == ["device_degraded", "device_lost", "device_recovered"]


async def test_a_printed_receipt_can_be_read_by_a_camera(sim: PrinterSim) -> None:
    pytest.importorskip("cv2")
    pytest.importorskip("zxingcpp")
    outcome = await driver(sim).print(
        job(
            Text("联华超市", Align.CENTER, 2, 2, True),
            Rule(),
            Barcode("ean13", "6901234567892"),
            Feed(3),
            Qr("https://shop.example/r/S2-1-17"),
            Feed(3),
            Barcode("code128", "S2-1-000017"),
        )
    )
    assert outcome.state is JobState.PRINTED
    picture = sim.receipts[0].image
    assert picture is not None
    scans = await FileCamera("camera").read(picture)
    assert {scan.data for scan in scans} == {"6901234567892", "https://shop.example/r/S2-1-17", "S2-1-000017"}
