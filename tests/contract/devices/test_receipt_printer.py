"""What every receipt printer does: the double, the real driver on the simulated device over both wires, and real ones (-m hardware)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.memory import MemoryPrinter
from devices.ports import Health, JobState, Paper, PrintJob, ReceiptPrinter
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES
from devices.receipt import Cut, ReceiptDocument, Text
from firmware_sim.printer import PrinterPty, PrinterSim, PrinterTcp
from firmware_sim.wire import Wire
from tests.waiting import until

QUICK = PrinterOptions(reply_s=1.5, mute_s=0.2, poll_s=0.1)


class Bench(Protocol):
    """A printer and the hands at it."""

    printer: ReceiptPrinter

    def printed(self) -> int: ...
    async def fault(self, name: str, *, on: bool) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryPrinter("printer-1")
        self.printer: ReceiptPrinter = self.double

    def printed(self) -> int:
        return len(self.double.printed)

    async def fault(self, name: str, *, on: bool) -> None:
        setattr(self.double, {"unplug": "unplugged"}.get(name, name), on)


class SimulatedBench:
    def __init__(self, sim: PrinterSim, driver: EscPosPrinter) -> None:
        self.sim, self.driver = sim, driver
        self.printer: ReceiptPrinter = driver

    def printed(self) -> int:
        return len(self.sim.receipts)

    async def fault(self, name: str, *, on: bool) -> None:
        sim = self.sim
        actions: dict[tuple[str, bool], Callable[[], None]] = {
            ("paper_out", True): sim.run_out_of_paper,
            ("paper_out", False): sim.load_paper,
            ("cover_open", True): sim.open_cover,
            ("cover_open", False): sim.close_cover,
            ("unplug", True): sim.power_off,
            ("unplug", False): sim.power_on,
        }
        if name == "mute":
            # A model that never answers: it must be so from the first question on.
            sim.power_off()
            await until(lambda: self.driver.state.health is Health.ABSENT)
            sim.mute = on
            sim.power_on()
            await until(lambda: self.driver.state.health.works)
            return
        actions[name, on]()
        if not on:
            await until(lambda: self.driver.state.health.works)
        elif name == "unplug":
            await until(lambda: self.driver.state.health is Health.ABSENT)


def wire_of(name: str) -> Wire:
    return PrinterTcp() if "tcp" in name else PrinterPty()


@asynccontextmanager
async def simulated(name: str) -> AsyncIterator[SimulatedBench]:
    model, profile = ("epson-80", "epson-80") if "process id" in name else ("clone-80", "generic-80")
    async with PrinterSim(wire_of(name), model=model) as sim:
        link = f"char:{sim.address}" if "character" in name else sim.address
        driver = EscPosPrinter("printer-1", link, PROFILES.named(profile), QUICK, backoff=Backoff(0.01, 0.02))
        running = asyncio.create_task(driver.run())
        try:
            await until(lambda: driver.state.health is Health.OK)
            yield SimulatedBench(sim, driver)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(params=["memory", "tcp with process id", "tcp with status"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    async with simulated(request.param) as simulated_bench:
        yield simulated_bench


def job(number: int, deadline_s: float = 5) -> PrintJob:
    return PrintJob(f"job-{number}", ReceiptDocument((Text(f"单号 {number}"), Cut())), deadline_s)


async def test_a_job_is_printed_once_and_tells_its_states(bench: Bench) -> None:
    states: list[JobState] = []
    outcome = await bench.printer.print(job(1), states.append)
    assert (outcome.job_id, outcome.state, outcome.reason) == ("job-1", JobState.PRINTED, "")
    assert states == [JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED]
    assert bench.printed() == 1
    assert bench.printer.state.health.works


async def test_status_of_a_healthy_printer(bench: Bench) -> None:
    status = await bench.printer.status()
    assert (status.online, status.paper, status.cover_open, status.fault) == (True, Paper.OK, False, "")


@pytest.mark.parametrize(
    ("fault", "word"), [("paper_out", "paper"), ("cover_open", "cover"), ("unplug", "not available")]
)
async def test_a_printer_that_cannot_print_fails_the_job_for_certain_and_recovers(
    bench: Bench, fault: str, word: str
) -> None:
    states: list[JobState] = []
    await bench.fault(fault, on=True)
    outcome = await bench.printer.print(job(1), states.append)
    assert outcome.state is JobState.FAILED
    assert word in outcome.reason
    assert states == [JobState.QUEUED, JobState.FAILED]
    assert not bench.printer.state.health.works
    assert bench.printer.state.reason
    await bench.fault(fault, on=False)
    assert bench.printed() == 0
    assert (await bench.printer.print(job(2))).state is JobState.PRINTED
    assert bench.printed() == 1


async def test_a_mute_printer_ends_as_unknown_and_is_asked_nothing_twice(bench: Bench) -> None:
    await bench.fault("mute", on=True)
    outcome = await bench.printer.print(job(1))
    assert outcome.state is JobState.UNKNOWN
    assert outcome.reason
    status = await bench.printer.status()
    assert (status.online, status.paper) == (None, Paper.UNKNOWN)
    assert bench.printed() == 1


async def test_an_unplugged_printer_has_no_status_and_obeys_nobody(bench: Bench) -> None:
    await bench.fault("unplug", on=True)
    with pytest.raises(DeviceUnavailable):
        await bench.printer.status()
    with pytest.raises(DeviceUnavailable):
        await bench.printer.recover()


async def test_a_healthy_printer_that_is_told_to_go_on_goes_on(bench: Bench) -> None:
    assert (await bench.printer.recover()).online
    assert (await bench.printer.print(job(1))).state is JobState.PRINTED


@pytest.mark.parametrize("name", ["serial with process id", "serial with status", "character device with process id"])
async def test_the_same_on_a_serial_line_and_behind_a_character_device(name: str) -> None:
    async with simulated(name) as bench:
        assert (await bench.printer.print(job(1))).state is JobState.PRINTED
        assert bench.sim.receipts[0].text == "单号 1"
        assert (await bench.printer.status()).paper is Paper.OK


@pytest.mark.hardware
@pytest.mark.skipif("SHOPWIRE_DEVICE" not in os.environ, reason="no real printer is named in SHOPWIRE_DEVICE")
async def test_a_real_printer_prints_and_proves_it() -> None:
    """SHOPWIRE_DEVICE=printer_escpos:ADDRESS, SHOPWIRE_PROFILE=NAME."""
    kind, _, address = os.environ["SHOPWIRE_DEVICE"].partition(":")
    if kind != "printer_escpos":
        pytest.skip(f"the device at hand is a {kind}")
    driver = EscPosPrinter("printer-1", address, PROFILES.named(os.environ.get("SHOPWIRE_PROFILE", "generic-80")))
    running = asyncio.create_task(driver.run())
    try:
        await until(lambda: driver.state.health.works)
        assert (await driver.print(job(1, 20))).state is JobState.PRINTED
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
