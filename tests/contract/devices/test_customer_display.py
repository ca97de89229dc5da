"""What every customer display owes, whatever shows it: the newest thing, again after a loss, and never an exception to the sale."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from devices import silent
from devices.backoff import Backoff
from devices.display_page.driver import DisplayPage
from devices.display_serial.driver import SerialDisplay
from devices.display_serial.model import MODELS
from devices.memory_display import MemoryDisplay
from devices.ports import Health
from devices.ports.display import CustomerDisplay, Shown
from firmware_sim.chain.ports import free_ports
from firmware_sim.display import DisplaySim
from firmware_sim.wire import PtyWire, TcpWire, Wire
from tests.waiting import until

TOTAL = Shown("total", "Total", 1990)


class Bench:
    """A display under test, and how to look at its glass."""

    def __init__(self, display: CustomerDisplay, amount: Callable[[], Any], wire: Wire | None = None) -> None:
        self.display, self.amount, self.wire = display, amount, wire


def serial_bench(sim: DisplaySim, address: str, model: str) -> Bench:
    display = SerialDisplay("display-1", address, MODELS.named(model))
    display._backoff = Backoff(0.005, 0.02)
    return Bench(display, lambda: sim.digits or "".join(sim.glass.lines[1:]).strip(), sim.wire)


def last_event(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/events")
        answer = connection.getresponse()
        while True:
            line = answer.readline().decode()
            if line.startswith("data: {"):
                shown = json.loads(line[6:])
                return "" if shown["amount_minor"] is None else f"{shown['amount_minor'] / 100:.2f}"
    finally:
        connection.close()


@pytest.fixture(params=["memory", "cd5220", "dm-d", "led8", "cd5220-tcp"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    if request.param == "memory":
        memory = MemoryDisplay("display-1")
        yield Bench(memory, lambda: f"{(memory.shown[-1].amount_minor or 0) / 100:.2f}" if memory.shown else "")
        return
    model = request.param.removesuffix("-tcp")
    wire: Wire = TcpWire() if request.param.endswith("tcp") else PtyWire(tmp_path / "display")
    async with DisplaySim(wire, model) as sim:
        yield serial_bench(sim, sim.address, model)


@pytest.fixture
async def running(bench: Bench) -> AsyncIterator[Bench]:
    task = asyncio.create_task(bench.display.run())
    await until(lambda: bench.display.state.health is Health.OK)
    yield bench
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_shows_what_it_is_told_and_the_newest_wins(running: Bench) -> None:
    for minor in range(100):
        running.display.show(Shown("item", "Tea", minor))
    running.display.show(TOTAL)
    await until(lambda: running.amount() == "19.90")


async def test_what_was_told_before_it_was_there_is_shown_when_it_comes(bench: Bench) -> None:
    bench.display.show(TOTAL)
    task = asyncio.create_task(bench.display.run())
    await until(lambda: bench.amount() == "19.90")
    task.cancel()


async def test_after_a_loss_it_shows_the_newest_again(running: Bench) -> None:
    if running.wire is None:
        pytest.skip("memory has no cable")
    with capture_logs() as logs:
        for _ in range(3):
            running.wire.unplug()
            await until(lambda: running.display.state.health is Health.ABSENT)
            running.display.show(TOTAL)  # while away: no exception, nothing waits
            running.wire.replug()
            running.wire.receive(b"\x0c")  # what was on the glass before the power was cut is gone
            await until(lambda: running.amount() == "19.90")
            await until(lambda: running.display.state.health is Health.OK)
    events = [line["event"] for line in logs]
    assert (events.count("device_lost"), events.count("device_recovered")) == (3, 3)


async def test_a_display_that_hangs_is_told(running: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    if running.wire is None or isinstance(running.wire, TcpWire):
        pytest.skip("memory does not hang, and the network takes more than a display is ever sent")
    monkeypatch.setattr(silent, "WRITE_S", 0.05)
    running.wire.freeze()
    minor = 0

    def until_stuck() -> bool:
        nonlocal minor
        minor += 1
        running.display.show(Shown("item", "Tea", minor))
        return running.display.state.health is Health.ABSENT

    await until(until_stuck, 20)
    assert "took no bytes" in running.display.state.reason
    running.wire.freeze(False)
    running.display.show(TOTAL)
    await until(lambda: running.amount() == "19.90")


async def test_the_page_keeps_the_same_promises() -> None:
    page = DisplayPage("page-1", f"tcp:127.0.0.1:{free_ports(1)[0]}")
    page.show(TOTAL)
    task = asyncio.create_task(page.run())
    await until(lambda: page.state.health is Health.OK)
    assert await asyncio.to_thread(last_event, page.port) == "19.90"
    page.show(Shown("change", "", 10))
    assert await asyncio.to_thread(last_event, page.port) == "0.10"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(last_event, page.port)
