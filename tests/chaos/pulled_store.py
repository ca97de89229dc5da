"""A store whose devices are frozen, garbled, slowed, cut in mid-word and pulled out, all at once, while a lane goes on selling.

A process of its own, for what it tells of memory and files is its own and not that of the tests before it:
``python -m tests.chaos.pulled_store FOLDER`` prints one `Told` as JSON. tests/chaos/test_pulled_devices.py judges it.
"""

import asyncio
import ctypes
import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import structlog

from devices.registry import DeviceSettings
from devices.scanner_ssi import driver as ssi
from edge_agent.attached import AnyBay
from firmware_sim.bench.stand import Device
from tests.bench_devices import Options, benched, entries
from tests.edge_running import RunningStore, running_store
from tests.edge_store import TEA
from tests.waiting import until

LAPS = 5
"""The first of them warms up."""
ROUNDS = 20
"""Pulls of each device in a lap."""
TROUBLES: tuple[tuple[str, str], ...] = (("freeze", "thaw"), ("garbage", ""), ("slow", "fast"), ("", ""))
FAR_AWAY = {"payment_code"}
"""A service on the network: nobody pulls its cable, and it is asked only when somebody pays."""
HURRIED: dict[str, Options] = {
    "label_zpl": {"reply_s": 0.1},
    "label_tspl": {"reply_s": 0.1},
    "scale_serial": {"answer_s": 0.1, "poll_s": 0.05},
    "printer_escpos": {"reply_s": 0.2, "poll_s": 0.5},
    "esl_gateway": {"answer_s": 0.3, "poll_s": 0.1},
}
"""Settings of impatient shops, so that a hundred rounds fit into a minute."""
PATIENCE_S = 30.0
"""Bounds a hang, on any machine: nothing here takes a second."""


class Told(msgspec.Struct):
    """What the store has to tell: ``resident`` in bytes and ``files`` after each lap, the log's lines by device."""

    sales: int
    last_receipt_no: int
    restarts: dict[str, int]
    files: list[int]
    resident: list[int]
    lost: dict[str, int]
    recovered: dict[str, int]
    failed: dict[str, int]


class Lines:
    """Counts the log's lines by event and device, and keeps none."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def __call__(self, _logger: Any, _level: str, line: MutableMapping[str, Any]) -> NoReturn:
        self.counts[line["event"], str(line.get("device_id"))] += 1
        raise structlog.DropEvent

    def of(self, event: str, names: Iterable[str]) -> dict[str, int]:
        """Return how often ``event`` was told of each device of ``names``."""
        return {name: self.counts[event, name] for name in names}


class Cashier:
    """Sells without a pause, until it is closing time."""

    def __init__(self, store: RunningStore, scan: Callable[[], None]) -> None:
        self._store, self._scan = store, scan
        self.sales, self.closing = 0, False

    async def work(self) -> None:
        words = self._store.agent._words  # without the socket: what is measured is the store
        while not self.closing:
            self._scan()  # perhaps the scanner is there, perhaps not
            async with asyncio.timeout(PATIENCE_S):
                await words["scan"]({"code": TEA})
                await words["pay"]({"kind": "qr"})
            self.sales += 1
            await asyncio.sleep(0.05)


async def pull(device: Device, bay: AnyBay) -> None:
    """Trouble the device, pull its cable until the edge has seen it, plug it in until the edge has it back; a lap of it."""
    for number in range(ROUNDS):
        # An answer cut in the middle lasts until the driver's own deadline, a second each: once a lap.
        begin, end = ("half", "") if number == ROUNDS - 1 else TROUBLES[number % len(TROUBLES)]
        if begin:
            device.handle({"fault": begin})
            await asyncio.sleep(0.02)
        if end:
            device.handle({"fault": end})
        device.handle({"fault": "unplug"})
        await until(lambda: not bay.state.health.works, PATIENCE_S)
        device.handle({"fault": "replug"})
        await until(lambda: bay.state.health.works, PATIENCE_S)


async def lap(devices: dict[str, Device], bays: dict[str, AnyBay]) -> None:
    """Pull every device at once."""
    async with asyncio.TaskGroup() as hands:
        for name, device in devices.items():
            hands.create_task(pull(device, bays[name]), name=f"hand:{name}")


def resident() -> int:
    """Return the bytes this process really holds: what is free in its heap is given back first."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files() -> int:
    """Return how many file descriptors are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def told(folder: Path, lines: Lines) -> Told:
    """Run the store in ``folder`` through all laps."""
    wanted = [entry for entry in entries(folder, HURRIED) if entry.kind not in FAR_AWAY]
    settings = [msgspec.convert(msgspec.to_builtins(entry), DeviceSettings) for entry in wanted]
    files, memory = [], []
    async with benched(wanted, folder) as devices, running_store(folder, settings) as store:
        bays = {bay.device_id: bay for bay in store.agent._attached.bays}
        await until(lambda: all(bay.state.health.works for bay in bays.values()), PATIENCE_S)
        scanner: Any = devices["scanner-1"]
        cashier = Cashier(store, lambda: scanner.scan(TEA))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(cashier.work())
            for _ in range(LAPS):
                await lap(devices, bays)
                files.append(open_files())
                memory.append(resident())
            cashier.closing = True  # the sale that is open is finished
        last = await store.ask(do="last")
        restarts = {name: bay.restarts for name, bay in bays.items() if bay.restarts}
    counts = (lines.of(event, bays) for event in ("device_lost", "device_recovered", "driver_failed"))
    return Told(cashier.sales, last["receipt_no"], restarts, files, memory, *counts)


def main() -> None:
    """Print what the store in the folder of the first argument tells."""
    ssi.ANSWER_S = 0.2
    lines = Lines()
    structlog.configure(processors=[lines])
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(told(Path(sys.argv[1]), lines))))


if __name__ == "__main__":
    main()
