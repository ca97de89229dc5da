"""An edge with every kind of device of the example store attached and idle: what it costs while nobody shops."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.agent import Agent, agent
from benchmarks.chain import enrol, headquarters
from benchmarks.figure import Figure, figure
from firmware_sim.chain.usage import resident_bytes
from tests.bench_store import bench_file

SETTLE_S, WATCH_S = 15.0, 60.0
PERCENT, MEGABYTES, DEVICES = 3.0, 120.0, 12
HEALTHY_WITHIN_S = 60.0


def figures() -> Iterator[Figure]:
    """Yield the share of one core, and megabytes (10^6 bytes), against what was promised."""
    devices, percent, megabytes = asyncio.run(_measure())
    yield figure("devices_attached", devices, "devices", "asked for at least", DEVICES)
    yield figure("devices_idle_cpu", percent, "% of a core", "promised at most", PERCENT)
    yield figure("devices_idle_memory", megabytes, "MB", "promised at most", MEGABYTES)


async def _measure() -> tuple[int, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        async with headquarters(root) as office:
            data_dir = await asyncio.to_thread(enrol, office, "S1", root / "S1")
            return await asyncio.to_thread(_idle, data_dir, bench_file(root))


def _idle(data_dir: Path, store: Path) -> tuple[int, float, float]:
    with _bench(store), agent(data_dir, "--config", str(store)) as running:
        running.wait_for_goods()
        devices = _until_healthy(running)
        time.sleep(SETTLE_S)
        before, began = _cpu_s(running.process.pid), time.monotonic()
        time.sleep(WATCH_S)  # idle is what is measured: every poll and keepalive comes by
        spent = (_cpu_s(running.process.pid) - before) / (time.monotonic() - began)
        return devices, 100 * spent, resident_bytes(running.process.pid) / 1e6


def _until_healthy(running: Agent) -> int:
    until = time.monotonic() + HEALTHY_WITHIN_S
    while True:
        devices = running.ask(do="status")["ok"]["devices"]
        ill = {name: state["reason"] for name, state in devices.items() if state["health"] != "ok"}
        if not ill:
            return len(devices)
        assert time.monotonic() < until, f"not healthy within {HEALTHY_WITHIN_S} s: {ill}"
        time.sleep(0.2)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _bench(store: Path) -> Iterator[None]:
    with (store.parent / "bench.log").open("wb") as log:
        command = [sys.executable, "-m", "shopwire", "sim", "bench", str(store), "--port", "0"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
