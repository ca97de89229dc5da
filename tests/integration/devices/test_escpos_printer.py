"""The printer driver on the simulated printer: paper ends in mid-receipt, lines break, names attack the drawer."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import structlog
from PIL import Image

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceUnavailable
from devices.ports import Health, JobState, Paper, PrintJob
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES, Marker, PrinterProfile
from devices.receipt import (
    Align,
    Barcode,
    Cell,
    Columns,
    Cut,
    Element,
    Feed,
    KickDrawer,
    Picture,
    Qr,
    ReceiptDocument,
    Rule,
    Text,
)
from firmware_sim.printer import PROFILES as SIMULATED
from firmware_sim.printer import PrinterPty, PrinterSim, PrinterTcp
from tests.waiting import HANG_S, until

FAST = PrinterOptions(reply_s=1.5, mute_s=0.3, poll_s=0.1)
DEAF = PrinterOptions(reply_s=0.2, mute_s=0.3, poll_s=0.1)
"""For a printer that does not answer; of any other, a pause of the test's own process would make one."""


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[PrinterSim]:
    async with PrinterSim(out_dir=tmp_path / "paper") as printer:
        yield printer


class Running:
    """Drivers that run while the test does."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(
        self, sim: PrinterSim, profile: str | PrinterProfile = "epson-80", options: PrinterOptions = FAST
    ) -> EscPosPrinter:
        chosen = PROFILES.named(profile) if isinstance(profile, str) else profile
        printer = EscPosPrinter("printer-1", sim.address, chosen, options, backoff=Backoff(0.01, 0.02))
        self._tasks.append(asyncio.create_task(printer.run()))
        await until(lambda: printer.state.health is not Health.OPENING)
        return printer

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def start() -> AsyncIterator[Running]:
    running = Running()
    yield running
    await running.stop()


def job(*elements: Element, job_id: str = "job-1", deadline_s: float = 10) -> PrintJob:
    return PrintJob(job_id, ReceiptDocument((*elements, Cut())), deadline_s)


TEN_LINES = tuple(Text(f"第 {number} 行") for number in range(10))
LONG = tuple(Text(f"第 {number} 行 " + "货" * 15) for number in range(400))


async def test_paper_that_ends_in_mid_receipt_is_waited_for_and_nothing_is_sent_twice(
    sim: PrinterSim, start: Running
) -> None:
    printer = await start(sim)
    sim.run_out_of_paper(after_lines=4)
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: printer.state.health is Health.FAILED)
    assert "out of paper" in printer.state.reason
    assert not printing.done()
    sim.load_paper()
    assert (await printing).state is JobState.PRINTED
    await until(lambda: printer.state.health is Health.OK)
    assert [receipt.lines for receipt in sim.receipts] == [[f"第 {number} 行" for number in range(10)]]


@pytest.mark.parametrize("profile", ["epson-80", "generic-80"])
async def test_a_proof_after_the_deadline_moves_unknown_to_printed(
    sim: PrinterSim, start: Running, profile: str
) -> None:
    printer = await start(sim, profile)
    sim.run_out_of_paper(after_lines=4)
    outcome = await printer.print(job(*TEN_LINES, deadline_s=1))
    assert outcome.state is JobState.UNKNOWN
    assert "out of paper" in outcome.reason
    assert "look at the paper" in outcome.reason
    sim.load_paper()
    async with asyncio.timeout(HANG_S):
        late = await printer.late()
    assert (late.job_id, late.state) == ("job-1", JobState.PRINTED)
    assert (await printer.print(job(Text("next"), job_id="job-2"))).state is JobState.PRINTED
    assert [receipt.lines[0] for receipt in sim.receipts] == ["第 0 行", "next"]


async def test_a_named_proof_counts_on_a_new_connection_too(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 30
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 2)
    sim.drop_connection()
    assert (await printing).state is JobState.UNKNOWN
    async with asyncio.timeout(HANG_S):
        assert (await printer.late()).job_id == "job-1"


async def test_a_nameless_proof_of_an_earlier_connection_is_nobodys(start: Running) -> None:
    async with PrinterSim(model="clone-80", lines_per_s=25) as sim:
        printer = await start(sim, "generic-80")
        printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
        await until(lambda: sim.lines_printed >= 2)
        sim.drop_connection()  # the answer to the first job's question is still to come
        assert (await printing).state is JobState.UNKNOWN
        await until(lambda: printer.state.health is Health.OK)
        sim.run_out_of_paper(after_lines=12)
        outcome = await printer.print(job(*TEN_LINES, job_id="job-2", deadline_s=1.5))
        assert outcome.state in (JobState.UNKNOWN, JobState.FAILED)  # and never printed by the first one's answer
        sim.load_paper()


async def test_a_cover_opened_in_mid_receipt_is_named_and_waited_for(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 100
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 3)
    sim.open_cover()
    await until(lambda: "cover" in printer.state.reason)
    sim.close_cover()
    assert (await printing).state is JobState.PRINTED


async def test_a_connection_reset_in_mid_job_is_unknown(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 50
    sim.drop_connection(after_bytes=100)
    outcome = await printer.print(job(*TEN_LINES))
    assert outcome.state is JobState.UNKNOWN
    await until(lambda: sim.buffered_bytes == 0)
    assert sim.lines_printed <= 10


async def test_a_full_buffer_holds_the_job_back_and_the_rest_comes_out_after_its_time(
    sim: PrinterSim, start: Running
) -> None:
    printer = await start(sim)
    sim.run_out_of_paper(after_lines=4)
    outcome = await printer.print(job(*LONG, *LONG, *LONG, deadline_s=1))
    assert outcome.state is JobState.UNKNOWN
    assert sim.buffered_bytes >= sim.model.buffer_bytes
    refused = await printer.print(job(Text("next"), job_id="job-2", deadline_s=0.3))
    assert refused.state is JobState.FAILED  # certain: not a byte of it has left
    sim.load_paper()
    async with asyncio.timeout(HANG_S):
        assert (await printer.late()).job_id == "job-1"
    assert len(sim.receipts[0].lines) == 1200
    assert sim.unknown == []


async def test_a_slow_printer_is_not_called_printed_before_it_is(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 40
    outcome = await printer.print(job(*TEN_LINES))
    assert outcome.state is JobState.PRINTED
    assert len(sim.receipts) == 1


async def test_a_slow_printer_past_the_deadline_is_unknown(sim: PrinterSim, start: Running) -> None:
    sim.lines_per_s = 2
    printer = await start(sim)
    assert (await printer.print(job(*TEN_LINES, deadline_s=1))).state is JobState.UNKNOWN


async def test_a_printer_that_falls_silent_fails_the_next_job_for_certain(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim, options=PrinterOptions(reply_s=0.2, mute_s=0.3, poll_s=60))
    sim.wire.freeze()
    outcome = await printer.print(job(Text("a")))
    assert outcome.state is JobState.FAILED
    assert "did not answer" in outcome.reason
    await until(lambda: printer.state.health is Health.ABSENT)
    sim.wire.freeze(False)
    await until(lambda: printer.state.health is Health.OK)
    assert (await printer.print(job(Text("b"), job_id="job-2"))).state is JobState.PRINTED
    assert [receipt.text for receipt in sim.receipts] == ["b"]


async def test_a_model_that_never_confirms_is_always_unknown(start: Running) -> None:
    async with PrinterSim(model="mute-58") as sim:
        printer = await start(sim, "silent-58")
        outcome = await printer.print(job(Text("谢谢惠顾")))
        assert outcome.state is JobState.UNKNOWN
        await until(lambda: "谢谢惠顾" in sim.paper_text)  # it has no cutter


async def test_where_gs_r_is_missing_the_identity_proves_the_end() -> None:
    model = dataclasses.replace(SIMULATED["clone-80"], unsupported=frozenset({"GS (H", "DLE DC4", "GS r"}))
    running = Running()
    async with PrinterSim(model=model, lines_per_s=100) as sim:
        printer = await running(sim, msgspec.structs.replace(PROFILES.named("generic-80"), marker=Marker.IDENTITY))
        assert (await printer.print(job(*TEN_LINES))).state is JobState.PRINTED
        assert sim.lines_printed >= 10
        await running.stop()


async def test_a_wrong_profile_prints_once_and_ends_as_unknown() -> None:
    model = dataclasses.replace(SIMULATED["clone-80"], unsupported=frozenset({"GS (H", "DLE DC4", "GS r"}))
    running = Running()
    async with PrinterSim(model=model) as sim:
        printer = await running(sim, "generic-80", DEAF)
        outcome = await printer.print(job(Text("once"), deadline_s=1.5))
        assert outcome.state is JobState.UNKNOWN
        assert "did not confirm" in outcome.reason
        assert [receipt.text.count("once") for receipt in sim.receipts] == [1]
        await running.stop()


async def test_a_model_that_proves_nothing_is_still_watched(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim, msgspec.structs.replace(PROFILES.named("epson-80"), marker=Marker.NONE))
    outcome = await printer.print(job(Text("a")))
    assert (outcome.state, "does not confirm" in outcome.reason) == (JobState.UNKNOWN, True)
    sim.run_out_of_paper(after_lines=1)
    printing = asyncio.create_task(printer.print(job(*TEN_LINES, job_id="job-2")))
    await until(lambda: "out of paper" in printer.state.reason)
    assert not printing.done()
    sim.load_paper()
    assert (await printing).state is JobState.UNKNOWN


async def test_garbage_on_the_line_loses_no_job(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    for size in (1, 5, 40):
        sim.wire.garbage(size)
    outcome = await printer.print(job(*TEN_LINES))
    assert outcome.state in (JobState.PRINTED, JobState.FAILED, JobState.UNKNOWN)
    await until(lambda: printer.state.health is Health.OK)
    assert (await printer.print(job(Text("b"), job_id="job-2"))).state is JobState.PRINTED


async def test_half_an_answer_is_mended_by_the_next_look(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.wire.half_next()
    sim.open_cover()  # its four bytes stop after two
    await until(lambda: "cover" in printer.state.reason)
    sim.close_cover()
    await until(lambda: printer.state.health is Health.OK)


async def test_flow_control_between_the_answers_of_a_serial_printer(start: Running) -> None:
    async with PrinterSim(PrinterPty(), model="serial-80", lines_per_s=400) as sim:
        printer = await start(sim)
        outcome = await printer.print(job(*LONG[:60]))
        assert outcome.state is JobState.PRINTED
        assert len(sim.receipts[0].lines) == 60


async def test_a_clone_without_flow_control_loses_text_and_the_job_says_unknown_or_is_whole(start: Running) -> None:
    async with PrinterSim(model="garbage-58") as sim:
        printer = await start(sim, "generic-58")
        outcome = await printer.print(job(*LONG[:40], deadline_s=1))
        assert sim.dropped_bytes > 0
        assert outcome.state is JobState.UNKNOWN


async def test_a_document_too_wide_for_the_paper_fails_before_anything_is_sent(sim: PrinterSim, start: Running) -> None:
    outcome = await (await start(sim)).print(job(Columns((Cell("", 40), Cell("", 40)))))
    assert outcome.state is JobState.FAILED
    assert "48" in outcome.reason
    assert sim.lines_printed == 0


async def test_a_cutter_jam_goes_on_only_at_a_persons_word(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 100
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 3)
    sim.jam_cutter()
    await until(lambda: "cutter" in printer.state.reason)
    sim.jam_cutter(False)
    assert not printing.done()
    assert (await printer.recover()).fault == ""
    assert (await printing).state is JobState.PRINTED
    assert len(sim.receipts[0].lines) == 10


async def test_what_waits_in_a_jammed_printer_can_be_thrown_away(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 50
    printing = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 3)
    sim.jam_cutter()
    await until(lambda: "cutter" in printer.state.reason)
    sim.jam_cutter(False)
    await printer.recover(drop=True)
    outcome = await printing
    assert outcome.state is JobState.UNKNOWN
    assert "thrown away" in outcome.reason
    await until(lambda: sim.buffered_bytes == 0)
    assert (await printer.print(job(Text("next"), job_id="job-2"))).state is JobState.PRINTED


@pytest.mark.parametrize("how", ["thrown away", "switched off and on"])
async def test_a_job_that_was_lost_is_not_proven_by_the_next_ones_answer(start: Running, how: str) -> None:
    async with PrinterSim(PrinterPty(), model="clone-80", lines_per_s=100) as sim:  # a serial line hangs up for nobody
        printer = await start(sim, "generic-80")
        sim.run_out_of_paper(after_lines=4)
        lost = await printer.print(job(*TEN_LINES, deadline_s=1))
        assert lost.state is JobState.UNKNOWN
        if how == "thrown away":
            sim.jam_cutter()
            sim.jam_cutter(False)
            await printer.recover(drop=True)
        else:
            sim.engine.power_off()
        sim.load_paper()
        await until(lambda: printer.state.health is Health.OK)
        outcome = await printer.print(job(Text("next"), job_id="job-2"))
        assert outcome.state is JobState.PRINTED
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await printer.late()


async def test_who_waits_in_vain_takes_nobodys_proof_away(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 10
    first = asyncio.create_task(printer.print(job(*TEN_LINES)))
    await until(lambda: sim.lines_printed >= 1)
    second = await printer.print(job(Text("b"), job_id="job-2", deadline_s=0.05))
    assert second.state is JobState.FAILED
    assert (await first).state is JobState.PRINTED


async def test_a_model_that_cannot_be_recovered_says_so(start: Running) -> None:
    async with PrinterSim(model="mute-58") as sim:
        printer = await start(sim, "silent-58")
        with pytest.raises(DeviceIncapable, match="only be switched off and on"):
            await printer.recover()


async def test_names_that_hold_printer_commands_move_nothing(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    attack = "绿茶\x1bp\x00\x19\xfa\x10\x14\x01\x00\x05\x1dV\x00\x10\x05\x02\x1b@"
    row = Columns((Cell(attack), Cell(attack, 20, Align.RIGHT)))
    outcome = await printer.print(job(Text(attack, Align.CENTER, 2, 2), row, Qr(attack)))
    assert outcome.state is JobState.PRINTED
    assert (sim.drawer_pulses, sim.cuts, sim.unknown) == ([], 1, [])
    assert (await printer.print(job(KickDrawer(), KickDrawer(5), job_id="job-2"))).state is JobState.PRINTED
    assert sim.drawer_pulses == [2]


async def test_a_picture_made_of_real_time_commands_commands_nothing(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    hostile = bytes.fromhex("10140100051004011005021004041014080103140106020800") * 16
    outcome = await printer.print(job(Picture(80, hostile[: 10 * (len(hostile) // 10)])))
    assert outcome.state is JobState.PRINTED
    assert sim.drawer_pulses == []
    assert (await printer.status()).paper is Paper.OK


@pytest.mark.parametrize(
    "name", ["a\udcff\ud800b", "NUL\x00", "\u202egnp.exe", "茶👍🏽𠮷", "x" * 4000, "é" * 2000, "\n" * 30, "龘" * 300]
)
async def test_strange_names_print_within_the_paper(sim: PrinterSim, start: Running, name: str) -> None:
    printer = await start(sim)
    outcome = await printer.print(job(Text(name), Columns((Cell(name[:500]), Cell("1.00", 8, Align.RIGHT)))))
    assert outcome.state is JobState.PRINTED
    assert sim.unknown == []
    for line in sim.receipts[0].lines:
        assert len(line.encode("gb18030")) <= 48


async def test_two_jobs_at_once_come_out_one_after_the_other(sim: PrinterSim, start: Running) -> None:
    printer = await start(sim)
    sim.lines_per_s = 200
    outcomes = await asyncio.gather(
        *(printer.print(job(Text(f"job {n}"), Text(f"end {n}"), job_id=f"job-{n}")) for n in range(5))
    )
    assert {outcome.state for outcome in outcomes} == {JobState.PRINTED}
    assert [receipt.lines for receipt in sim.receipts] == [[f"job {n}", f"end {n}"] for n in range(5)]
    assert sim.refused_clients == 0


async def test_the_watch_sees_paper_cover_and_power_with_one_line_each(sim: PrinterSim, start: Running) -> None:
    with structlog.testing.capture_logs() as logs:
        printer = await start(sim)
        await until(lambda: printer.state.health is Health.OK)
        sim.set_near_end()
        await until(lambda: printer.state.health is Health.DEGRADED)
        sim.set_near_end(False)
        await until(lambda: printer.state.health is Health.OK)
        sim.power_off()
        await until(lambda: printer.state.health is Health.ABSENT)
        attempts = printer.attempts
        await until(lambda: printer.attempts > attempts + 3)
        sim.power_on()
        await until(lambda: printer.state.health is Health.OK)
    events = [entry["event"] for entry in logs]
    assert events == ["device_degraded", "device_lost", "device_recovered"]


@pytest.mark.parametrize("line", ["tcp", "serial"])
async def test_a_hundred_unplugs_leave_nothing_behind(tmp_path: Path, start: Running, line: str) -> None:
    wire = PrinterTcp() if line == "tcp" else PrinterPty(tmp_path / "printer")
    async with PrinterSim(wire) as sim:
        printer = await start(sim)
        tasks = len(asyncio.all_tasks())
        descriptors = len(list(Path("/proc/self/fd").iterdir()))  # noqa: ASYNC240 - a look at memory
        for _ in range(100):
            sim.wire.unplug()
            await until(lambda: printer.state.health is Health.ABSENT)
            sim.wire.replug()
            await until(lambda: printer.state.health is Health.OK)
        assert (await printer.print(job(Text("still here")))).state is JobState.PRINTED
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 2)


@pytest.mark.parametrize("profile", ["epson-80", "generic-58", "NT-5890K", "latin-80"])
async def test_what_a_receipt_prints_another_library_reads(tmp_path: Path, start: Running, profile: str) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    model = "clone-58" if PROFILES.named(profile).dots == 384 else "latin-80" if profile == "latin-80" else "epson-80"
    codes = {
        "ean13": "6901234567892", "ean8": "96385074", "upca": "036000291452", "itf": "30614141123453",
        "code39": "S2-17-A", "codabar": "A40156B", "code128": "S2-1-000017",
    }  # fmt: skip
    if PROFILES.named(profile).barcodes.value == "form_b":
        codes |= {"upce": "04252614", "code93": "TEST 93 Ab"}
    elements: list[Element] = [Text("联华超市", Align.CENTER, 2, 2, True), Rule()]
    for kind, data in codes.items():
        elements += [Barcode(kind, data), Feed(3)]
    elements += [Qr("https://shop.example/r/S2-1-17?店=1"), Feed(3)]
    async with PrinterSim(out_dir=tmp_path / "paper", model=model) as sim:
        printer = await start(sim, profile)
        outcome = await printer.print(job(*elements))
        assert outcome.state is JobState.PRINTED
        assert sim.unknown == []
        sim.tear()
        picture = sim.receipts[0].image
        assert picture is not None
        found = zxingcpp.read_barcodes(Image.open(picture).convert("L"))
    texts = {read.text for read in found}
    missing = (set(codes.values()) | {"https://shop.example/r/S2-1-17?店=1"}) - texts - {"04252614", "036000291452"}
    assert missing == set()
    assert texts & {"036000291452", "0036000291452"}
    if "upce" in codes:
        assert texts & {"04252614", "0042100005264", "042100005264"}


async def test_an_absent_printer_refuses_at_once() -> None:
    printer = EscPosPrinter("printer-1", "tcp:127.0.0.1:9", PROFILES.named("epson-80"))
    with pytest.raises(DeviceUnavailable):
        await printer.pulse(2)
    assert (await printer.print(job(Text("a")))).state is JobState.FAILED
