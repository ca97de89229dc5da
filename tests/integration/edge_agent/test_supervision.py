"""A whole store with drivers that crash, hang and will not end: the lane sells, the others work, the agent stops (R17, F45)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from devices.health import DeviceHealth
from devices.memory import MemoryPrinter, MemoryScanner
from devices.ports import DeviceState, Health, JobOutcome, PrintJob, Progress, Scan
from devices.registry import DeviceSettings
from devices.surroundings import Surroundings
from edge_agent import paper
from edge_agent.control import ControlClient
from edge_agent.desk import stand
from tests.edge_running import RunningStore, running_store
from tests.edge_store import TEA
from tests.waiting import HANG_S

PRINTER = DeviceSettings("printer-1", "printer_escpos", "tcp:127.0.0.1:9")
SCANNER = DeviceSettings("scanner-1", "scanner_serial", "/dev/null")
OTHER = DeviceSettings("scanner-2", "scanner_serial", "/dev/zero")


class Hung(MemoryPrinter):
    """A printer whose driver prints for ever and does not listen when it is told to end."""

    def __init__(self, device_id: str, around: Surroundings) -> None:
        super().__init__(device_id)
        self._report = around.report

    async def run(self) -> None:
        await self._deaf()

    async def print(self, job: PrintJob, progress: Progress | None = None) -> JobOutcome:
        await self._deaf()
        raise AssertionError("never")

    async def _deaf(self) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue


class Crashing:
    """A scanner whose driver fails as soon as it has begun."""

    def __init__(self, device_id: str, around: Surroundings) -> None:
        self.device_id, self._health = device_id, DeviceHealth(device_id, around.report)

    @property
    def state(self) -> DeviceState:
        return self._health.state

    async def run(self) -> None:
        self._health.set(Health.OK)
        await asyncio.sleep(0)
        raise ZeroDivisionError("a bug")

    async def __aiter__(self) -> AsyncIterator[Scan]:
        yield Scan("", None, 0.0)
        raise KeyError("another bug")


class Sound(MemoryScanner):
    """A scanner that works."""

    def __init__(self, device_id: str, around: Surroundings) -> None:
        super().__init__(device_id)
        made[device_id] = self


made: dict[str, Any] = {}


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put drivers of this file behind entries of the settings."""

    def put(**by_id: Callable[[str, Surroundings], Any]) -> None:
        def opened(settings: DeviceSettings, around: Surroundings) -> Any:
            return by_id[settings.device_id.replace("-", "_")](settings.device_id, around)

        monkeypatch.setattr(stand, "open_device", opened)

    return put


async def sells(store: RunningStore, baskets: int) -> None:
    """Sell, while the devices do what they do."""
    async with asyncio.timeout(HANG_S):
        for _ in range(baskets):
            await store.ask(do="scan", code=TEA)
            assert (await store.ask(do="pay", kind="qr"))["state"] == "sold"


async def until_said(store: RunningStore, word: str, wanted: Callable[[dict[str, Any]], object]) -> None:
    """Ask until the answer is as it should be."""
    async with asyncio.timeout(HANG_S):
        while not wanted(await store.ask(do=word)):  # noqa: ASYNC110 - asked over the socket, as a till would
            await asyncio.sleep(0.02)


@pytest.mark.req(17)
async def test_a_printer_whose_driver_hangs_stops_no_sale(
    tmp_path: Path, drivers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "HUNG_S", 3600)  # it hangs for as long as the test lasts: who waits for it never sells
    drivers(printer_1=Hung, scanner_1=Sound)
    async with running_store(tmp_path, [PRINTER, SCANNER]) as store:
        await store.until_health("scanner-1", "ok")
        await sells(store, 2)
        assert (await store.ask(do="last"))["print"] not in ("printed", "failed", "unknown")


async def test_a_printer_whose_driver_hangs_is_cut_and_told(
    tmp_path: Path, drivers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "HUNG_S", 0.1 - 20)  # the job's own deadline is 20 s
    drivers(printer_1=Hung, scanner_1=Sound)
    async with running_store(tmp_path, [PRINTER, SCANNER]) as store:
        await store.until_health("scanner-1", "ok")
        await sells(store, 2)
        await until_said(store, "last", lambda last: last["print"] in ("failed", "unknown"))
        made["scanner-1"].scan(TEA)
        await until_said(store, "basket", lambda basket: basket["lines"])
        await until_said(store, "status", lambda status: status["devices"]["printer-1"]["restarts"])
    # The store has ended: a deaf driver, which never does, is left behind.


async def test_a_driver_that_always_crashes_is_failed_and_the_others_go_on(tmp_path: Path, drivers: Any) -> None:
    drivers(scanner_1=Crashing, scanner_2=Sound)
    async with running_store(tmp_path, [SCANNER, OTHER]) as store:
        await store.until_health("scanner-1", "failed")
        await sells(store, 10)
        assert await store.health("scanner-2") == "ok"
        state = (await store.ask(do="status"))["devices"]["scanner-1"]
        assert "a bug" in state["reason"] or "another bug" in state["reason"]
        facts = await store.edge.journal.run(lambda: store.edge.journal.outbox.read(1, 1000, 1 << 30))
        told = [raw for raw in facts if b"device_state_changed" in raw and b"scanner-1" in raw]
        assert 1 <= len(told) <= 8  # damped: not one for each start


async def test_a_driver_that_cannot_be_loaded_stops_no_store(tmp_path: Path, drivers: Any) -> None:
    def missing(device_id: str, around: Surroundings) -> Any:
        raise ImportError("libsomething.so.1: cannot open shared object file")

    drivers(scanner_1=missing, scanner_2=Sound)
    async with running_store(tmp_path, [SCANNER, OTHER]) as store:
        await sells(store, 2)
        state = (await store.ask(do="status"))["devices"]["scanner-1"]
        assert (state["health"], "libsomething" in state["reason"]) == ("failed", True)


async def test_a_picture_that_is_no_file_holds_up_no_thread(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for in a thread that never comes back; there are few of them."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with running_store(tmp_path, [DeviceSettings("photos", "camera_file")]) as store, asyncio.timeout(HANG_S):
        for path in (pipe, Path("/dev/ptmx")):
            answer = await asyncio.to_thread(ask_once, store, {"do": "photo", "file": str(path)})
            assert f"{path} is no file" in answer["message"]


def ask_once(store: RunningStore, question: dict[str, Any]) -> dict[str, Any]:
    client = ControlClient(store.edge.data.control)
    try:
        return client.ask(**question)
    finally:
        client.close()
