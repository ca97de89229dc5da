"""The drawer at a printer that is busy, stands still, or says nothing; and the alarm of a drawer that was forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
import structlog

from devices.backoff import Backoff
from devices.drawer_escpos.codec import explain, learn, stands_open
from devices.drawer_escpos.driver import DrawerOptions, PrinterDrawer
from devices.errors import DeviceIncapable, DeviceMisconfigured, DeviceUnavailable
from devices.ports import Health, JobState, PrintJob
from devices.ports.drawer import OpenLevel
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES
from devices.receipt import Cut, KickDrawer, ReceiptDocument, Text
from devices.surroundings import Surroundings
from firmware_sim.printer import PrinterSim
from tests.waiting import until

LINES = tuple(Text(f"第 {number} 行") for number in range(20))


@asynccontextmanager
async def at(
    sim: PrinterSim, profile: str = "epson-80", level: Literal["high", "low", "unknown"] = "high", alarm_s: float = 60
) -> AsyncIterator[tuple[EscPosPrinter, PrinterDrawer]]:
    options = PrinterOptions(reply_s=1.5, mute_s=0.3, poll_s=0.1)
    printer = EscPosPrinter("printer-1", sim.address, PROFILES.named(profile), options, backoff=Backoff(0.01, 0.02))
    around = Surroundings(neighbour=lambda _: printer)
    drawer = PrinterDrawer(
        "drawer-1", DrawerOptions("printer-1", open_level=level, alarm_s=alarm_s, look_s=0.01), around
    )
    running = [asyncio.create_task(each.run()) for each in (printer, drawer)]
    try:
        await until(lambda: drawer.state.health.works)
        yield printer, drawer
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def job(*more: Text | KickDrawer, deadline_s: float = 10) -> PrintJob:
    return PrintJob("job-1", ReceiptDocument((*more, *LINES, Cut())), deadline_s)


async def test_a_busy_printer_opens_it_at_once() -> None:
    async with PrinterSim(lines_per_s=20) as sim, at(sim) as (printer, drawer):
        printing = asyncio.create_task(printer.print(job()))
        await until(lambda: sim.lines_printed >= 2)
        assert await drawer.open()
        await until(lambda: sim.drawer_pulses == [2])
        assert sim.lines_printed < 20
        assert (await printing).state is JobState.PRINTED
        assert sim.receipts[0].lines == [f"第 {number} 行" for number in range(20)]


async def test_a_clone_opens_it_when_its_turn_comes() -> None:
    async with PrinterSim(model="clone-80", lines_per_s=50) as sim, at(sim, "generic-80") as (printer, drawer):
        printing = asyncio.create_task(printer.print(job()))
        await until(lambda: sim.lines_printed >= 2)
        assert await drawer.open()
        assert (await printing).state is JobState.PRINTED
        await until(lambda: sim.drawer_pulses == [2])
        assert sim.unknown == []


async def test_a_sale_that_opens_it_and_a_hand_that_does_so_too_are_one_pulse() -> None:
    async with PrinterSim() as sim, at(sim) as (printer, drawer):
        assert (await printer.print(job(KickDrawer()))).state is JobState.PRINTED
        assert not await drawer.open()
        assert sim.drawer_pulses == [2]


async def test_two_hands_at_the_same_moment_are_one_pulse() -> None:
    async with PrinterSim() as sim, at(sim) as (_, drawer):
        assert sorted(await asyncio.gather(drawer.open(), drawer.open())) == [False, True]
        assert sim.drawer_pulses == [2]


@pytest.mark.parametrize(("model", "profile"), [("epson-80", "epson-80"), ("clone-80", "generic-80")])
async def test_a_printer_that_stands_still_opens_nothing_minutes_later(model: str, profile: str) -> None:
    async with PrinterSim(model=model) as sim, at(sim, profile) as (printer, drawer):
        sim.run_out_of_paper()
        await until(lambda: printer.state.health is Health.FAILED)
        if profile == "generic-80":
            with pytest.raises(DeviceUnavailable, match="key"):
                await drawer.open()
        else:
            assert await drawer.open()  # a real-time command: without paper it is obeyed at once
            await until(lambda: sim.drawer.open)
        pulses = len(sim.drawer_pulses)
        sim.load_paper()
        await until(lambda: printer.state.health is Health.OK)
        await until(lambda: sim.buffered_bytes == 0)
        assert len(sim.drawer_pulses) == pulses


async def test_after_an_error_only_the_key_opens_it() -> None:
    async with PrinterSim() as sim, at(sim) as (printer, drawer):
        sim.jam_cutter()
        await until(lambda: printer.state.health is Health.FAILED)
        with pytest.raises(DeviceUnavailable, match="key"):
            await drawer.open()
        assert sim.drawer_pulses == []


async def test_a_drawer_that_was_forgotten_is_told_of_once_and_then_forgiven() -> None:
    async with PrinterSim() as sim:
        with structlog.testing.capture_logs() as logs:
            async with at(sim, alarm_s=0.2) as (_, drawer):
                assert await drawer.open()
                await until(lambda: drawer.state.health is Health.DEGRADED)
                assert "close it" in drawer.state.reason
                sim.set_drawer("close")
                await until(lambda: drawer.state.health is Health.OK)
        assert [entry["event"] for entry in logs].count("device_degraded") == 1


async def test_a_printer_that_goes_and_comes_is_one_line_each_for_its_drawer() -> None:
    async with PrinterSim() as sim:
        with structlog.testing.capture_logs() as logs:
            async with at(sim) as (_, drawer):
                for _ in range(2):
                    sim.power_off()
                    await until(lambda: drawer.state.health is Health.ABSENT)
                    with pytest.raises(DeviceUnavailable):
                        await drawer.open()
                    sim.power_on()
                    await until(lambda: drawer.state.health is Health.OK)
    events = [entry["event"] for entry in logs if entry["device_id"] == "drawer-1"]
    assert events == ["device_lost", "device_recovered"] * 2


async def test_nobody_can_tell_without_a_learnt_level_or_a_word_of_the_printer() -> None:
    async with PrinterSim() as sim, at(sim, level="unknown") as (_, drawer):
        assert await drawer.is_open() is None
        assert drawer.state.health is Health.OK
    async with PrinterSim(model="mute-58") as sim, at(sim, "silent-58") as (_, drawer):
        assert await drawer.is_open() is None
        assert await drawer.open()
        await until(lambda: sim.drawer.open)


async def test_a_printer_without_a_connector_says_so() -> None:
    async with PrinterSim(model="clone-58") as sim, at(sim, "sunmi-58") as (_, drawer):
        with pytest.raises(DeviceIncapable):
            await drawer.open()


@pytest.mark.parametrize("open_high", [True, False])
async def test_learning_by_the_simulated_drawer(open_high: bool) -> None:
    async with PrinterSim() as sim, at(sim) as (printer, _):
        sim.drawer.open_high = open_high
        read: list[bool | None] = []
        for word in ("close", "open"):
            sim.set_drawer(word)
            await until(lambda: printer.pin_high is sim.drawer.pin_high)
            read.append(await printer.read_pin())
        assert learn(*read).level is (OpenLevel.HIGH if open_high else OpenLevel.LOW)


def test_what_cannot_be_learnt_is_told() -> None:
    assert learn(True, True).level is OpenLevel.UNKNOWN
    assert "no switch" in learn(False, False).reason
    assert "answers status" in learn(None, True).reason
    assert stands_open(True, OpenLevel.UNKNOWN) is None
    assert [each.fields for each in explain(b"\x00\x01\xff")] == [
        {"pin_high": False},
        {"pin_high": True},
        {"byte": 255},
    ]


async def test_a_drawer_needs_a_printer() -> None:
    with pytest.raises(DeviceMisconfigured, match="need printer"):
        PrinterDrawer("drawer-1", DrawerOptions(""))
    drawer = PrinterDrawer("drawer-1", DrawerOptions("printer-9", look_s=0.01))
    with pytest.raises(DeviceUnavailable, match="not in the settings"):
        await drawer.open()
