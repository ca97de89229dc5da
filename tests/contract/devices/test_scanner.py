"""What every scanner does: the double, the real drivers on simulated devices over a real wire, and real ones (-m hardware)."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceUnavailable
from devices.memory import MemoryScanner
from devices.ports import Health, Scan, Scanner
from devices.registry import DeviceSettings, open_device
from devices.scanner_hid.driver import HidScanner
from devices.scanner_serial.driver import SerialScanner
from devices.scanner_serial.models import MODELS
from devices.scanner_ssi.driver import SsiScanner
from firmware_sim.scanner import HidScannerSim, LineScannerSim, SsiScannerSim
from firmware_sim.scanner.reading import ScanningSim
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until

KINDS = ["memory", "generic", "honeywell", "datalogic", "ssi", "hid"]
QUICK = Backoff(0.01, 0.02)


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
        self.scan, self.unplug, self.replug = self.double.scan, self.double.unplug, self.double.replug

    @property
    def heard(self) -> tuple[bool, bool, int, int]:
        return self.double.enabled, self.double.triggered, self.double.beeps.count(True), self.double.beeps.count(False)


class SimulatedBench:
    def __init__(self, scanner: Scanner, sim: ScanningSim) -> None:
        self.scanner, self.sim = scanner, sim
        self.scan, self.unplug, self.replug = sim.scan, sim.unplug, sim.replug

    @property
    def heard(self) -> tuple[bool, bool, int, int]:
        sim = self.sim
        return sim.enabled, sim.triggered, sim.good_beeps - sim.scans, sim.bad_beeps


@asynccontextmanager
async def made(kind: str, link: Path) -> AsyncIterator[MemoryBench | SimulatedBench]:
    if kind == "memory":
        yield MemoryBench()
    elif kind == "ssi":
        async with SsiScannerSim(PtyWire(link), answer_s=0.3) as ssi:
            yield SimulatedBench(SsiScanner("scanner-1", ssi.address, backoff=QUICK), ssi)
    elif kind == "hid":
        async with HidScannerSim(PtyWire(link), ids=True) as hid:
            yield SimulatedBench(HidScanner("scanner-1", f"evdev:{hid.address}", backoff=QUICK), hid)
    else:
        async with LineScannerSim(PtyWire(link), maker=kind) as line:
            yield SimulatedBench(
                SerialScanner("scanner-1", line.address, model=MODELS.named(kind), backoff=QUICK), line
            )


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MemoryBench | SimulatedBench]:
    async with made(request.param, tmp_path / "scanner") as hand:
        task = asyncio.create_task(hand.scanner.run())
        await until(lambda: hand.scanner.state.health is Health.OK)
        yield hand
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def read(scanner: Scanner, count: int) -> list[Scan]:
    scans: list[Scan] = []
    async with asyncio.timeout(HANG_S):
        async for scan in scanner:
            scans.append(scan)
            if len(scans) == count:
                return scans
    return scans


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


async def test_one_pass_counts_once_and_another_code_at_once(bench: Bench) -> None:
    for data in ("6901234567892", "6901234567892", "96385074", "6901234567892", "06901234567892"):
        bench.scan(data, "]C0")
    assert [scan.data for scan in await read(bench.scanner, 3)] == ["6901234567892", "96385074", "06901234567892"]


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


async def test_it_does_what_it_says_it_can_and_refuses_the_rest(bench: MemoryBench | SimulatedBench) -> None:
    scanner, can = bench.scanner, bench.scanner.can

    async def told(order: Awaitable[None], *, able: bool, place: int, shows: object) -> None:
        if able:
            await order
            await until(lambda: bench.heard[place] == shows)
        else:
            with pytest.raises(DeviceIncapable, match="scanner-1"):
                await order

    await told(scanner.trigger(on=True), able=can.trigger, place=1, shows=True)
    await told(scanner.trigger(on=False), able=can.trigger, place=1, shows=False)
    await told(scanner.beep(good=True), able=can.beep, place=2, shows=1)
    await told(scanner.disable(), able=can.enable, place=0, shows=False)
    await told(scanner.enable(), able=can.enable, place=0, shows=True)
    if can.beep:
        await scanner.beep(good=False)
        await until(lambda: sum(bench.heard[2:]) > 1 and bench.heard[0])  # heard, and it goes on reading


async def test_a_disabled_scanner_reads_nothing_even_after_it_was_unplugged(
    bench: MemoryBench | SimulatedBench,
) -> None:
    if not bench.scanner.can.enable:
        pytest.skip("this model cannot be disabled, and says so")
    await bench.scanner.disable()
    await until(lambda: not bench.heard[0])
    bench.unplug()
    await until(lambda: bench.scanner.state.health is Health.ABSENT)
    bench.replug()
    await until(lambda: bench.scanner.state.health is Health.OK and not bench.heard[0])
    bench.scan("96385074", "]E4")
    await bench.scanner.enable()
    await until(lambda: bench.heard[0])
    bench.scan("6901234567892", "]E0")
    assert (await read(bench.scanner, 1))[0].data == "6901234567892"


async def test_who_is_away_takes_no_orders_and_keeps_nobody_waiting(bench: Bench) -> None:
    bench.unplug()
    await until(lambda: bench.scanner.state.health is Health.ABSENT)
    async with asyncio.timeout(0.2):
        with pytest.raises((DeviceUnavailable, DeviceIncapable)):
            await bench.scanner.beep(good=True)


@pytest.mark.hardware
async def test_a_real_scanner_opens_and_reads_what_is_held_before_it() -> None:
    kind, _, address = os.environ.get("SHOPWIRE_DEVICE", "").partition(":")
    if not kind.startswith("scanner"):
        pytest.skip("SHOPWIRE_DEVICE names no scanner, such as scanner_serial:/dev/ttyACM0")
    scanner = open_device(DeviceSettings("scanner-1", kind, address))
    assert isinstance(scanner, SerialScanner | SsiScanner | HidScanner)
    task = asyncio.create_task(scanner.run())
    await until(lambda: scanner.state.health.works)
    async with asyncio.timeout(50):
        async for scan in scanner:
            assert scan.data
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
