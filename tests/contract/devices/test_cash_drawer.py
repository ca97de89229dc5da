"""What every cash drawer does: the double, and the real driver at the simulated printer's connector."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.drawer_escpos.driver import DrawerOptions, PrinterDrawer
from devices.errors import DeviceUnavailable
from devices.memory import MemoryDrawer
from devices.ports import Device, Health
from devices.ports.drawer import CashDrawer
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import PROFILES
from devices.surroundings import Surroundings
from firmware_sim.printer import PrinterSim
from tests.waiting import HANG_S, until


class Bench(Protocol):
    """A drawer and the hands at it."""

    drawer: CashDrawer

    def pulses(self) -> int: ...
    def push_shut(self) -> None: ...
    async def unplug(self, *, out: bool) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryDrawer("drawer-1")
        self.drawer: CashDrawer = self.double
        self.push_shut = self.double.pushed_shut

    def pulses(self) -> int:
        return self.double.pulses

    async def unplug(self, *, out: bool) -> None:
        self.double.unplugged = out


class SimulatedBench:
    def __init__(self, sim: PrinterSim, printer: EscPosPrinter, level: str) -> None:
        self.sim, self.printer = sim, printer
        options = DrawerOptions("printer-1", open_level="high" if level == "high" else "low", look_s=0.01)
        self.drawer: CashDrawer = PrinterDrawer("drawer-1", options, Surroundings(neighbour=self._neighbour))

    def _neighbour(self, device_id: str) -> Device:
        if device_id != "printer-1":
            raise DeviceUnavailable(device_id, "it is not in the settings")
        return self.printer

    def pulses(self) -> int:
        return len(self.sim.drawer_pulses)

    def push_shut(self) -> None:
        self.sim.set_drawer("close")

    async def unplug(self, *, out: bool) -> None:
        if out:
            self.sim.power_off()
            await until(lambda: self.printer.state.health is Health.ABSENT)
        else:
            self.sim.power_on()
            await until(lambda: self.printer.state.health is Health.OK)


@pytest.fixture(params=["memory", "epson-80 high", "epson-80 low", "generic-80 high", "generic-80 low"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    profile, level = request.param.split()
    async with PrinterSim(model="epson-80" if profile == "epson-80" else "clone-80") as sim:
        sim.drawer.open_high = level == "high"
        sim.set_drawer()
        printer = EscPosPrinter(
            "printer-1",
            sim.address,
            PROFILES.named(profile),
            PrinterOptions(reply_s=1.5, poll_s=0.1),
            backoff=Backoff(0.01, 0.02),
        )
        simulated = SimulatedBench(sim, printer, level)
        running = [asyncio.create_task(each.run()) for each in (printer, simulated.drawer)]
        try:
            await until(lambda: simulated.drawer.state.health is Health.OK)
            yield simulated
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def eventually(bench: Bench, opened: bool) -> None:
    async with asyncio.timeout(HANG_S):
        while await bench.drawer.is_open() is not opened:  # noqa: ASYNC110 - the drawer is hardware: it has no event
            await asyncio.sleep(0.005)


async def test_it_opens_once_and_says_how_it_stands(bench: Bench) -> None:
    assert await bench.drawer.is_open() is False
    assert await bench.drawer.open()
    await eventually(bench, opened=True)
    assert bench.pulses() == 1
    bench.push_shut()
    await eventually(bench, opened=False)


async def test_two_orders_in_a_row_are_one_pulse(bench: Bench) -> None:
    orders = [await bench.drawer.open() for _ in range(3)]
    assert orders == [True, False, False]
    await eventually(bench, opened=True)
    assert bench.pulses() == 1


async def test_without_its_printer_it_refuses_at_once_and_comes_back(bench: Bench) -> None:
    await bench.unplug(out=True)
    with pytest.raises(DeviceUnavailable):
        await bench.drawer.open()
    with pytest.raises(DeviceUnavailable):
        await bench.drawer.is_open()
    await until(lambda: bench.drawer.state.health is Health.ABSENT)
    await bench.unplug(out=False)
    await until(lambda: bench.drawer.state.health is Health.OK)
    assert await bench.drawer.open()
