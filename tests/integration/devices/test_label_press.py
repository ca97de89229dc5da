"""The label press on the simulated printer: rolls end, plugs are pulled, power goes, and nothing is printed twice unnoticed."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from devices.backoff import Backoff
from devices.label import LabelDocument, Text
from devices.label_tspl.driver import Tspl
from devices.label_tspl.driver import build as build_tspl
from devices.label_tspl.model import TsplModel
from devices.label_zpl.driver import Zpl
from devices.label_zpl.driver import build as build_zpl
from devices.label_zpl.model import ZplModel
from devices.labelling.press import LabelPress, PressOptions
from devices.labelling.templates import ShelfContent, shelf_label
from devices.ports.device import Health
from devices.ports.label import LabelBatch, LabelRun
from devices.ports.printer import JobState
from devices.registry import DeviceSettings, open_device
from devices.surroundings import Surroundings
from firmware_sim.label import LabelSim
from firmware_sim.wire import PtyWire, TcpWire
from tests.labels import codes_read
from tests.waiting import until

FAST = PressOptions(reply_s=0.2, poll_s=0.05, look_s=0.01)
ZPL, TSPL = Zpl(ZplModel(counts_current=True, settle_s=0.1)), Tspl(TsplModel(settle_s=0.2))


@asynccontextmanager
async def running(sim: LabelSim, language: Any, options: PressOptions = FAST) -> AsyncIterator[LabelPress]:
    press = LabelPress("labels-1", sim.address, language, options, backoff=Backoff(0.01, 0.02))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(press.run())
        await until(lambda: press.state.health is not Health.OPENING)
        yield press
        task.cancel()


def shelf(number: int) -> LabelDocument:
    return shelf_label(ShelfContent(f"商品 {number}", 100 + number, code=f"A-{number:03d}"))


def batch(count: int, copies: int = 1, patience_s: float = 5) -> LabelBatch:
    return LabelBatch("batch-1", tuple(LabelRun(shelf(number), copies) for number in range(count)), patience_s)


def numbers(sim: LabelSim) -> list[str]:
    return [code.text for label in sim.labels for code in label.codes]


@pytest.mark.parametrize("language", [ZPL, TSPL], ids=["zpl", "tspl"])
async def test_what_comes_out_are_the_labels_in_order_and_each_can_be_scanned(language: Any, tmp_path: Path) -> None:
    kind = "tspl" if language is TSPL else "zpl"
    async with LabelSim(TcpWire(), kind, out_dir=tmp_path / "labels") as sim, running(sim, language) as press:  # type: ignore[arg-type]
        assert (await press.print_batch(batch(4))).state is JobState.PRINTED
        assert numbers(sim) == [f"A-{number:03d}" for number in range(4)]
        assert [codes_read(label.image) for label in sim.labels] == [[f"A-{number:03d}"] for number in range(4)]
        assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == [
            f"label-{n:04d}.png" for n in range(1, 5)
        ]
        assert not sim.unknown


@pytest.mark.parametrize("profile", ["normal", "silent"])
async def test_a_roll_that_ends_twice_spoils_labels_and_loses_none(profile: str) -> None:
    async with LabelSim(TcpWire(), "zpl", profile) as sim, running(sim, ZPL) as press:
        sim.handle({"paper": "out", "after": 2})
        printing = asyncio.create_task(press.print_batch(batch(3, copies=4)))
        for spoiled, labels in ((1, 5), (2, None)):
            await until(lambda spoiled=spoiled: sim.mechanism.spoiled == spoiled)  # type: ignore[misc]
            await until(lambda: press.state.health is Health.FAILED)
            sim.handle({"paper": "load", "labels": labels})
        assert (await printing).state is JobState.PRINTED
        assert numbers(sim) == [f"A-{number:03d}" for number in range(3) for _ in range(4)]
        assert sim.mechanism.spoiled == 2


@pytest.mark.parametrize("scheme", ["", "serial:", "char:"])
@pytest.mark.parametrize("language", [ZPL, TSPL], ids=["zpl", "tspl"])
async def test_every_kind_of_line_will_do(scheme: str, language: Any, tmp_path: Path) -> None:
    kind: Any = "tspl" if language is TSPL else "zpl"
    async with LabelSim(PtyWire(tmp_path / "printer"), kind) as sim, asyncio.TaskGroup() as tasks:
        press = LabelPress("labels-1", f"{scheme}{sim.address}", language, FAST)
        task = tasks.create_task(press.run())
        await until(lambda: press.state.health is Health.OK)
        assert (await press.print_batch(batch(2))).state is JobState.PRINTED
        assert numbers(sim) == ["A-000", "A-001"]
        task.cancel()


async def test_a_label_that_cannot_be_printed_keeps_no_other_from_it() -> None:
    wide = LabelDocument(200, 30, (Text("too wide", 1, 1, 50, 4),))
    whole = LabelBatch("b", (LabelRun(shelf(0)), LabelRun(wide, 12), LabelRun(shelf(1))))
    async with LabelSim(TcpWire(), "zpl") as sim, running(sim, ZPL) as press:
        await until(lambda: press.state.health is Health.OK)
        outcome = await press.print_batch(whole)
        assert (outcome.state, outcome.printed, outcome.unknown, outcome.refused) == (JobState.FAILED, 2, 0, (1,))
        assert "label 2 cannot be printed" in outcome.reason
        assert numbers(sim) == ["A-000", "A-001"]
        assert outcome.rest(whole, "b2") is None


async def test_ribbon_pause_and_heat_are_named() -> None:
    async with LabelSim(TcpWire(), "zpl") as sim, running(sim, ZPL) as press:
        for command, undo, word in (
            ({"ribbon": "out"}, {"ribbon": "load"}, "ribbon out"),
            ({"pause": True}, {"pause": False}, "paused"),
            ({"hot": True}, {"hot": False}, "too hot"),
        ):
            sim.handle(command)
            await until(lambda word=word: word in press.state.reason)  # type: ignore[misc]
            sim.handle(undo)
            await until(lambda: press.state.health is Health.OK)


@pytest.mark.parametrize("language", [ZPL, TSPL], ids=["zpl", "tspl"])
async def test_a_cable_pulled_in_mid_batch_leaves_few_unknown_and_the_rest_is_printed_later(
    language: Any, tmp_path: Path
) -> None:
    kind = "tspl" if language is TSPL else "zpl"
    wire = PtyWire(tmp_path / "printer")
    async with LabelSim(wire, kind, label_s=0.05) as sim, running(sim, language) as press:  # type: ignore[arg-type]
        whole = batch(8)
        printing = asyncio.create_task(press.print_batch(whole))
        await until(lambda: sim.mechanism.printed == 3)
        wire.unplug()
        outcome = await printing
        assert outcome.state is JobState.UNKNOWN
        assert "not available" in outcome.reason
        assert 1 <= outcome.unknown <= FAST.ahead
        held = outcome.printed + outcome.unknown
        await until(lambda: sim.mechanism.printed >= held or not sim.mechanism.formats)
        await until(lambda: press.state.health is Health.ABSENT)  # told when the line is closed, which may take a while
        wire.replug()
        await until(lambda: press.state.health is Health.OK)
        rest = outcome.rest(whole, "batch-2")
        assert rest is not None
        assert (await press.print_batch(rest)).state is JobState.PRINTED
        assert numbers(sim)[-rest.total :] == [f"A-{number:03d}" for number in range(held, 8)]
        assert len(set(numbers(sim))) == len(numbers(sim))


async def test_power_lost_in_mid_batch_is_not_taken_for_done() -> None:
    async with LabelSim(TcpWire(), "tspl", label_s=0.2) as sim, running(sim, TSPL) as press:
        printing = asyncio.create_task(press.print_batch(batch(3, patience_s=0.5)))
        await until(lambda: sim.mechanism.burning)
        sim.wire.unplug()
        sim.handle({"power": "cycle"})
        outcome = await printing
        assert (outcome.state, outcome.printed, outcome.unknown) == (JobState.UNKNOWN, 0, 1)


async def test_a_label_cut_off_in_mid_picture_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    wire = PtyWire(tmp_path / "printer")
    async with LabelSim(wire, "tspl") as sim, running(sim, TSPL) as press:
        wire.freeze(True)
        stuck = await press.print_batch(batch(1, patience_s=0.3))
        assert stuck.state in (JobState.FAILED, JobState.UNKNOWN)
        # Half a label as it stands in the printer when a cable goes: the front of a picture.
        wire.freeze(False)
        data = TSPL.encode(shelf(7), 1)
        sim.receive(data[: data.index(b"BITMAP") + 200])
        press._unsaid = len(data)  # what the press notes of a piece that was cut off
        outcome = await press.print_batch(batch(2))
        assert outcome.state is JobState.PRINTED
        assert numbers(sim)[-2:] == ["A-000", "A-001"]
        assert "A-007" not in numbers(sim)


async def test_late_answers_are_not_taken_for_new_ones() -> None:
    async with LabelSim(TcpWire(), "zpl", label_s=0.05) as sim, running(sim, ZPL) as press:
        sim.wire.slow(300)  # an answer of 80 bytes takes longer than the question waits for it
        printing = asyncio.create_task(press.print_batch(batch(3)))
        await until(lambda: not press.state.health.works)
        assert not printing.done()
        sim.wire.slow(None)
        outcome = await printing
        assert (outcome.state, outcome.printed) == (JobState.PRINTED, 3)
        assert sim.mechanism.printed == 3


async def test_noise_is_not_taken_for_an_answer() -> None:
    async with LabelSim(TcpWire(), "zpl") as sim, running(sim, ZPL) as press:
        for _ in range(20):
            sim.wire.garbage(64)
            await press.label_status()
        await until(lambda: press.state.health is Health.OK)
        assert (await press.print_batch(batch(2))).state is JobState.PRINTED


async def test_replugged_a_hundred_times_it_leaks_nothing_and_logs_each_outage_once(tmp_path: Path) -> None:
    wire = PtyWire(tmp_path / "printer")
    async with LabelSim(wire, "zpl") as sim, running(sim, ZPL) as press:
        await until(lambda: press.state.health is Health.OK)
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, not paths
        with structlog.testing.capture_logs() as logs:
            for _ in range(100):
                wire.unplug()
                await until(lambda: press.state.health is Health.ABSENT)
                wire.replug()
                await until(lambda: press.state.health is Health.OK)
        assert [entry["event"] for entry in logs] == ["device_lost", "device_recovered"] * 100
        assert len(os.listdir("/proc/self/fd")) <= files + 1  # noqa: PTH208 - as above
        assert (await press.print_batch(batch(1))).state is JobState.PRINTED


@pytest.mark.parametrize(("kind", "build"), [("label_zpl", build_zpl), ("label_tspl", build_tspl)])
def test_settings_make_the_driver(kind: str, build: Callable[[DeviceSettings, Surroundings], LabelPress]) -> None:
    settings = DeviceSettings("labels-1", kind, "tcp:127.0.0.1:9100", "generic-300", {"copies_at_once": 10})
    assert isinstance(open_device(settings), LabelPress)
    assert build(settings, Surroundings()).device_id == "labels-1"
