"""Bytes of a scan on the wire → reading in the edge's hands, against a bare read of the same line."""

import asyncio
import os
import select
import subprocess
import sys
import time
import tty
from collections.abc import Iterator

from benchmarks.figure import Figure, figure, percentile
from devices.scanner_serial.driver import SerialScanner

SCANS = 1000
LIMIT_MS = 5.0
# A process of its own writes, as a scanner does; the clock is the machine's, so its times can be compared with ours.
WRITER = """
import os, random, sys, time
fd, scans, draw = int(sys.argv[1]), int(sys.argv[2]), random.Random(7)
for number in range(scans):
    time.sleep(draw.uniform(0.004, 0.012))
    now = time.monotonic()
    os.write(fd, b"]C0A-%08d\\r\\n" % number)
    print(now, flush=True)
"""


def figures() -> Iterator[Figure]:
    """Yield milliseconds from the write of a scanner to the reading, p50 and p99."""
    bare = _bare_read()
    driver = asyncio.run(_driver())
    for percent in (50, 99):
        yield figure(
            f"scan_p{percent}", percentile(driver, percent), "ms", "bare read of the line", percentile(bare, percent)
        )
    yield figure("scan_p99_of_limit", percentile(driver, 99), "ms", "promised at most", LIMIT_MS)


def _line() -> tuple[int, int]:
    master, slave = os.openpty()
    tty.setraw(slave)
    return master, slave


def _writer(master: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(master), str(SCANS)]
    return subprocess.Popen(command, pass_fds=[master], stdout=subprocess.PIPE, text=True)


def _bare_read() -> list[float]:
    master, slave = _line()
    writer = _writer(master)
    read_at: list[float] = []
    while len(read_at) < SCANS:
        select.select([slave], [], [])
        codes = os.read(slave, 4096).count(b"\n")
        read_at += [time.monotonic()] * codes
    return _waits(writer, read_at, master, slave)


async def _driver() -> list[float]:
    master, slave = _line()
    scanner = SerialScanner("scanner-1", os.ttyname(slave))
    running = asyncio.create_task(scanner.run())
    while not scanner.state.health.works:  # noqa: ASYNC110 - once, before anything is measured
        await asyncio.sleep(0.01)
    writer = _writer(master)
    read_at: list[float] = []
    async for _ in scanner:
        read_at.append(time.monotonic())
        if len(read_at) == SCANS:
            break
    running.cancel()
    return _waits(writer, read_at, master, slave)


def _waits(writer: "subprocess.Popen[str]", read_at: list[float], *descriptors: int) -> list[float]:
    written_at = [float(line) for line in writer.communicate()[0].split()]
    for descriptor in descriptors:
        os.close(descriptor)
    assert len(read_at) == len(written_at) == SCANS, f"{len(read_at)} readings of {len(written_at)} scans"
    return [1000 * (read - written) for read, written in zip(read_at, written_at, strict=True)]
