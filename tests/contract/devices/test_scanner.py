"""What every scanner does: the double, and the real driver on the simulated device."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.memory import MemoryScanner
from devices.ports import Health, Scan, Scanner
from devices.scanner_serial.driver import SerialScanner
from firmware_sim.scanner import ScannerSim
from tests.waiting import until


class Bench(Protocol):
    """A scanner and the hand that holds it."""

    scanner: Scanner

    def scan(self, data: str, aim: str) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryScanner("scanner-1")
        self.scanner: Scanner = self.double

    def scan(self, data: str, aim: str) -> None:
        self.double.scan(data, aim)

    def unplug(self) -> None:
        self.double.unplug()

    def replug(self) -> None:
        self.double.replug()


class SimulatedBench:
    def __init__(self, sim: ScannerSim) -> None:
        self.sim = sim
        self.scanner: Scanner = SerialScanner("scanner-1", sim.path, backoff=Backoff(0.01, 0.02))
        self.scan, self.unplug, self.replug = sim.scan, sim.unplug, sim.replug


async def read(scanner: Scanner, count: int) -> list[Scan]:
    scans: list[Scan] = []
    async with asyncio.timeout(5):
        async for scan in scanner:
            scans.append(scan)
            if len(scans) == count:
                return scans
    return scans


@pytest.fixture(params=["memory", "simulated"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    with ScannerSim(link=tmp_path / "scanner") as sim:
        made: Bench = MemoryBench() if request.param == "memory" else SimulatedBench(sim)
        task = asyncio.create_task(made.scanner.run())
        await until(lambda: made.scanner.state.health is Health.OK)
        yield made
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_scans_come_in_order_with_symbology_and_time(bench: Bench) -> None:
    for data, aim in (("6901234567892", "]E0"), ("A\x1dB", "]C1"), ("茶叶", "]Q1")):
        bench.scan(data, aim)
    scans = await read(bench.scanner, 3)
    assert [(scan.data, scan.symbology) for scan in scans] == [
        ("6901234567892", "]E0"),
        ("A\x1dB", "]C1"),
        ("茶叶", "]Q1"),
    ]
    assert scans[0].received_at <= scans[1].received_at <= asyncio.get_running_loop().time() + 1


async def test_a_lost_scanner_is_named_and_comes_back_by_itself(bench: Bench) -> None:
    bench.unplug()
    await until(lambda: bench.scanner.state.health is Health.ABSENT)
    assert bench.scanner.state.reason
    bench.replug()
    await until(lambda: bench.scanner.state.health is Health.OK)
    bench.scan("6901234567892", "]E0")
    assert (await read(bench.scanner, 1))[0].data == "6901234567892"


async def test_it_has_a_name(bench: Bench) -> None:
    assert bench.scanner.device_id == "scanner-1"
