"""The serial scanner on a pseudo-terminal: torn frames, noise, plugging, and a log that stays quiet."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.ports import Health
from devices.scanner_serial.codec import Suffix
from devices.scanner_serial.driver import ScannerOptions, SerialScanner
from devices.transport.address import SerialAddress
from devices.transport.serial import open_serial
from firmware_sim.scanner import LineScannerSim
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[LineScannerSim]:
    async with LineScannerSim(PtyWire(tmp_path / "by-id-scanner")) as plugged:
        yield plugged


async def _next(scanner: SerialScanner) -> str:
    async with asyncio.timeout(HANG_S):
        async for scan in scanner:
            return scan.data
    raise AssertionError


async def _until_open(scanner: SerialScanner) -> None:
    await until(lambda: scanner.state.health is Health.OK)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_half_frame_does_not_spoil_the_next_code(sim: LineScannerSim) -> None:
    scanner = SerialScanner("s", sim.address, ScannerOptions(stale_s=0.05))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(scanner.run())
        await _until_open(scanner)
        sim.half_frame()
        await until(lambda: scanner.intake.refused)
        sim.scan("6901234567892")
        assert await _next(scanner) == "6901234567892"
        assert scanner.intake.refused == {"half_frame": 1}
        running.cancel()


async def test_noise_is_counted_and_survived(sim: LineScannerSim) -> None:
    scanner = SerialScanner("s", sim.address)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(scanner.run())
        await _until_open(scanner)
        sim.wire.send(b"\x1b[A\x00\xff\r\n")
        sim.noise(64)
        sim.scan("96385074", aim="]E4")
        async with asyncio.timeout(HANG_S):
            while await _next(scanner) != "96385074":
                pass  # a piece of noise may be printable text: the domain refuses it as no known item
        assert scanner.intake.refused["control_character"] >= 1
        running.cancel()


async def test_a_scanner_without_suffix_is_read_by_silence(tmp_path: Path) -> None:
    async with LineScannerSim(PtyWire(tmp_path / "scanner"), suffix="none") as sim:
        scanner = SerialScanner("s", sim.address, ScannerOptions(suffix=Suffix.NONE, gap_s=0.02))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(scanner.run())
            await _until_open(scanner)
            sim.scan("6901234567892")
            assert await _next(scanner) == "6901234567892"
            running.cancel()


async def test_replugged_many_times_it_leaks_nothing_and_logs_each_outage_once(sim: LineScannerSim) -> None:
    scanner = SerialScanner("s", sim.address, backoff=Backoff(0.001, 0.003))
    with structlog.testing.capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(scanner.run())
            await _until_open(scanner)
            open_before = _open_files()
            for number in range(100):
                sim.unplug()
                await until(lambda: scanner.state.health is Health.ABSENT)
                sim.replug()
                await _until_open(scanner)
                if number % 10 == 0:
                    sim.scan(f"{number:08d}")
                    assert await _next(scanner) == f"{number:08d}"
            await until(lambda: _open_files() <= open_before)
            running.cancel()
    events = [entry["event"] for entry in logs]
    assert events == ["device_lost", "device_recovered"] * 100


async def test_an_absent_scanner_is_waited_for_with_one_line_in_the_log(tmp_path: Path) -> None:
    sim = LineScannerSim(PtyWire(tmp_path / "later"))
    scanner = SerialScanner("s", str(tmp_path / "later"), backoff=Backoff(0.005, 0.01))
    with structlog.testing.capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(scanner.run())
            await until(lambda: scanner.attempts > 5)
            assert [entry["event"] for entry in logs] == ["device_lost"]
            async with sim:
                await _until_open(scanner)
                running.cancel()


async def test_the_port_is_held_exclusively(sim: LineScannerSim) -> None:
    first = open_serial(SerialAddress(sim.address))
    with pytest.raises(DeviceUnavailable, match="lock"):
        open_serial(SerialAddress(sim.address))
    await first.close()
    second = open_serial(SerialAddress(sim.address))
    await second.close()
    with pytest.raises(DeviceUnavailable, match="closed"):
        await second.read()


async def test_the_child_process_scans_what_it_is_told() -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "firmware_sim.scanner", stdin=pipe, stdout=pipe)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(20):
            path = json.loads(await child.stdout.readline())["address"]
            port = open_serial(SerialAddress(path))
            child.stdin.write(b'{"scan": "6901234567892", "aim": "]E0"}\nnonsense\n')
            received = b""
            while not received.endswith(b"\r\n"):
                received += await port.read()
            assert received == b"]E06901234567892\r\n"
            assert json.loads(await child.stdout.readline())["scans"] == 1
            assert "error" in json.loads(await child.stdout.readline())
            child.stdin.write(b'{"fault": "unplug"}\n')
            with pytest.raises(DeviceUnavailable):
                await port.read()
            await port.close()
            child.send_signal(signal.SIGTERM)
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
