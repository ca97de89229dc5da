"""Every kind of device frozen, garbled, slowed, cut in mid-word and pulled out 100 times while a lane goes on selling (F45, R17).

All of them at once, in one store: each has a hand that pulls its cable, and a cashier sells by scanner and by key the whole time.
"""

import asyncio
import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from devices.registry import DeviceSettings
from edge_agent.attached import AnyBay
from firmware_sim.bench.stand import Device
from tests.bench_devices import Options, benched, entries
from tests.edge_running import RunningStore, running_store
from tests.edge_store import TEA
from tests.waiting import until

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(240)]

ROUNDS = 100
WARM_UP = 20
TROUBLES: tuple[tuple[str, str], ...] = (("freeze", "thaw"), ("garbage", ""), ("slow", "fast"), ("", ""))
FAR_AWAY = {"payment_code"}
"""A service on the network: nobody pulls its cable, and it is asked only when somebody pays."""
HALF_EVERY = 20
"""An answer cut in the middle lasts until the driver's own deadline: a second each."""
HURRIED: dict[str, Options] = {
    "label_zpl": {"reply_s": 0.1},
    "label_tspl": {"reply_s": 0.1},
    "scale_serial": {"answer_s": 0.1, "poll_s": 0.05},
    "printer_escpos": {"reply_s": 0.2, "poll_s": 0.5},
    "esl_gateway": {"answer_s": 0.3, "poll_s": 0.1},
}
"""Settings of impatient shops, so that a hundred rounds fit into a minute."""
FLAT_BYTES = 12 << 20
LONGEST_SALE_S = 3.0
"""Far above what a sale takes: this machine has other things to do, and a device must never be what a sale waits for."""


class Cashier:
    """Sells without a pause, and remembers the longest a sale took."""

    def __init__(self, store: RunningStore, scan: Callable[[], None]) -> None:
        self._store, self._scan = store, scan
        self.sales, self.longest_s, self.closing = 0, 0.0, False

    async def work(self) -> None:
        words = self._store.agent._words  # without the socket: what is measured is the store
        while not self.closing:
            began = time.monotonic()
            self._scan()  # perhaps the scanner is there, perhaps not
            await words["scan"]({"code": TEA})
            await words["pay"]({"kind": "qr"})
            self.sales += 1
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            await asyncio.sleep(0.05)


async def pull(device: Device, bay: AnyBay, rounds: int) -> None:
    """Trouble the device, pull its cable until the edge has seen it, plug it in until the edge has it back."""
    for number in range(rounds):
        begin, end = ("half", "") if number % HALF_EVERY == HALF_EVERY - 1 else TROUBLES[number % len(TROUBLES)]
        if begin:
            device.handle({"fault": begin})
            await asyncio.sleep(0.02)
        if end:
            device.handle({"fault": end})
        device.handle({"fault": "unplug"})
        await until(lambda: not bay.state.health.works, 30)
        device.handle({"fault": "replug"})
        await until(lambda: bay.state.health.works, 30)


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def counted() -> Iterator[Counter[tuple[str, str]]]:
    """Count the log's lines by event and device."""
    lines: Counter[tuple[str, str]] = Counter()
    with capture_logs() as logs:
        yield lines
    lines.update((line["event"], line["device_id"]) for line in logs if "device_id" in line)


async def test_f45_every_device_pulled_a_hundred_times_while_a_lane_sells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.scanner_ssi.driver.ANSWER_S", 0.2)
    wanted = [entry for entry in entries(tmp_path, HURRIED) if entry.kind not in FAR_AWAY]
    settings = [msgspec.convert(msgspec.to_builtins(entry), DeviceSettings) for entry in wanted]
    with counted() as lines:
        async with benched(wanted, tmp_path) as devices, running_store(tmp_path, settings) as store:
            bays = {bay.device_id: bay for bay in store.agent._attached.bays}
            await until(lambda: all(bay.state.health.works for bay in bays.values()), 20)
            scanner: Any = devices["scanner-1"]
            cashier = Cashier(store, lambda: scanner.scan(TEA))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(cashier.work())
                await _all_pulled(devices, bays, WARM_UP)
                files, memory = open_files(), resident()
                await _all_pulled(devices, bays, ROUNDS - WARM_UP)
                grown = resident() - memory
                assert abs(open_files() - files) <= 2, "file descriptors are not flat"
                cashier.closing = True  # the sale that is open is finished
            assert {name: bay.restarts for name, bay in bays.items() if bay.restarts} == {}
            last = await store.ask(do="last")
            assert (
                last["receipt_no"] == cashier.sales > 100
            )  # every sale that was begun is on disk, with a number of its own
            assert cashier.longest_s < LONGEST_SALE_S
            assert grown < FLAT_BYTES, f"memory grew by {grown >> 20} MB"
    for name in bays:
        lost, back = lines["device_lost", name], lines["device_recovered", name]
        # A frozen or garbled device may be lost once more than its cable was pulled; every loss is told once, and so is every return.
        assert ROUNDS <= lost <= ROUNDS * 1.5, (name, lost)
        assert back == lost, name
        assert lines["driver_failed", name] == 0


async def _all_pulled(devices: dict[str, Device], bays: dict[str, AnyBay], rounds: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        for name, device in devices.items():
            tasks.create_task(pull(device, bays[name], rounds), name=f"hand:{name}")
