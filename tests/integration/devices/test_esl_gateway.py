"""The driver on a gateway that hangs, restarts, forgets, refuses and talks nonsense."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured
from devices.esl_gateway.driver import EslGateway, GatewayOptions
from devices.ports.device import Health
from devices.ports.esl import TagState, TagUpdate
from devices.registry import DeviceSettings, open_device
from firmware_sim.esl import EslSim
from firmware_sim.esl.gateway import KEPT_EVENTS
from firmware_sim.wire import TcpWire
from tests.waiting import until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FAST = GatewayOptions(poll_s=0.02, answer_s=0.3)


@asynccontextmanager
async def running(sim: EslSim, options: GatewayOptions = FAST, token: str = "") -> AsyncIterator[EslGateway]:
    driver = EslGateway("tags", sim.address, options, token=token, backoff=Backoff(0.01, 0.02))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(driver.run())
        yield driver
        task.cancel()


def update(tag: str, price: int, minutes: int = 0) -> TagUpdate:
    return TagUpdate(f"{tag}-{price}", tag, "shelf", "SKU", price, "CNY", NOON + timedelta(minutes=minutes))


def state_of(driver: EslGateway, tag: str) -> TagState | None:
    news = driver.update_of(tag)
    return news.state if news else None


async def test_a_thousand_tags_change_their_price() -> None:
    names = [f"T{number:04d}" for number in range(1000)]
    async with EslSim(TcpWire(), names, delay_s=0) as sim, running(sim) as driver:
        driver.put([update(name, 100 + number) for number, name in enumerate(names)])
        await until(lambda: all(state_of(driver, name) is TagState.ACKED for name in names))
        assert [sim.tags[name].content["price"] for name in names] == list(range(100, 1100))


async def test_a_gateway_that_lost_its_memory_gets_again_what_was_not_shown() -> None:
    async with EslSim(TcpWire(), ("A1", "A2")) as sim, running(sim) as driver:
        await until(lambda: driver.state.health.works)
        driver.put([update("A1", 10)])
        await until(lambda: state_of(driver, "A1") is TagState.ACKED)
        sim.handle({"tag": "A2", "mode": "offline"})
        driver.put([update("A2", 20)])
        await until(lambda: state_of(driver, "A2") is TagState.SENT)
        sim.handle({"power": "cycle"})
        sim.handle({"tag": "A2", "mode": "normal"})
        await until(lambda: state_of(driver, "A2") is TagState.ACKED)
        assert [sim.tags[name].refreshes for name in ("A1", "A2")] == [1, 1]


async def test_events_that_were_forgotten_are_made_up_for_by_looking_at_the_tags() -> None:
    async with EslSim(TcpWire(), ("A1", "A2")) as sim, running(sim) as driver:
        await until(lambda: driver.state.health.works)
        sim.handle({"tag": "A1", "mode": "offline"})
        driver.put([update("A1", 10)])
        await until(lambda: state_of(driver, "A1") is TagState.SENT)
        sim.wire.freeze(True)
        sim.handle({"tag": "A1", "mode": "normal"})
        await until(lambda: sim.tags["A1"].shows == "A1-10")
        for _ in range(KEPT_EVENTS + 10):
            sim.handle({"tag": "A2", "rssi": -70})
        sim.wire.freeze(False)
        await until(lambda: state_of(driver, "A1") is TagState.ACKED)


async def test_a_tag_that_was_taken_away_is_forgotten_with_the_next_look() -> None:
    async with EslSim(TcpWire(), ("A1", "A2")) as sim, running(sim) as driver:
        await until(lambda: set(driver.tags) == {"A1", "A2"})
        sim.handle({"remove": "A2"})
        sim.handle({"power": "cycle"})
        await until(lambda: set(driver.tags) == {"A1"})
        sim.handle({"add": "A3"})
        await until(lambda: set(driver.tags) == {"A1", "A3"})


async def test_a_deaf_tag_is_given_up_and_believed_when_it_answers_late() -> None:
    options = GatewayOptions(poll_s=0.02, answer_s=0.3, ack_s=0.1)
    async with EslSim(TcpWire(), ("A1",)) as sim, running(sim, options) as driver:
        await until(lambda: driver.state.health.works)
        sim.handle({"tag": "A1", "mode": "deaf"})
        driver.put([update("A1", 10)])
        await until(lambda: state_of(driver, "A1") is TagState.FAILED)
        news = driver.update_of("A1")
        assert news is not None
        assert "no acknowledgement" in news.reason
        sim.handle({"tag": "A1", "mode": "normal"})
        await until(lambda: state_of(driver, "A1") is TagState.ACKED)


async def test_low_batteries_and_lost_tags_are_told() -> None:
    async with EslSim(TcpWire(), ("A1", "A2", "A3")) as sim, running(sim) as driver:
        await until(lambda: driver.state.health is Health.OK)
        sim.handle({"tag": "A1", "battery": 0})
        sim.handle({"tag": "A2", "mode": "offline"})
        await until(lambda: driver.state.reason == "1 tags with a low battery, 2 tags out of reach")
        assert driver.state.health is Health.DEGRADED
        for tag in ("A1", "A2"):
            sim.handle({"tag": tag, "mode": "normal", "battery": 80})
        await until(lambda: driver.state.health is Health.OK)


@pytest.mark.parametrize("fault", ["half", "garbage", "mute", "freeze"])
async def test_nonsense_and_silence_cost_a_connection_and_no_price(fault: str) -> None:
    async with EslSim(TcpWire(), ("A1",)) as sim, running(sim) as driver:
        await until(lambda: driver.state.health.works)
        sim.handle({"mute": True} if fault == "mute" else {"fault": fault})
        driver.put([update("A1", 10)])
        await until(lambda: driver.attempts > 1)
        sim.handle({"mute": False})
        sim.handle({"fault": "thaw"})
        await until(lambda: state_of(driver, "A1") is TagState.ACKED)
        assert sim.tags["A1"].refreshes == 1


async def test_a_wrong_token_is_named(tmp_path: Path) -> None:
    async with EslSim(TcpWire(), ("A1",), token="secret") as sim:
        async with running(sim, token="wrong") as driver:
            await until(lambda: "token" in driver.state.reason)
        async with running(sim, token="secret") as driver:
            await until(lambda: driver.state.health is Health.OK)
        file = tmp_path / "token"
        file.write_text("secret\n")
        settings = DeviceSettings("tags", "esl_gateway", sim.address, "", {"token_file": str(file)})
        assert isinstance(open_device(settings), EslGateway)
    with pytest.raises(DeviceMisconfigured, match="cannot be read"):
        open_device(
            DeviceSettings("tags", "esl_gateway", "tcp:127.0.0.1:1", "", {"token_file": str(tmp_path / "none")})
        )


async def test_replugged_a_hundred_times_it_leaks_nothing_and_logs_each_outage_once() -> None:
    async with EslSim(TcpWire(), ("A1",)) as sim, running(sim) as driver:
        await until(lambda: driver.state.health is Health.OK)
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, not paths
        with structlog.testing.capture_logs() as logs:
            for _ in range(100):
                sim.wire.unplug()
                await until(lambda: driver.state.health is Health.ABSENT)
                sim.wire.replug()
                await until(lambda: driver.state.health is Health.OK)
        assert [entry["event"] for entry in logs] == ["device_lost", "device_recovered"] * 100
        assert len(os.listdir("/proc/self/fd")) <= files + 3  # noqa: PTH208 - as above
        driver.put([update("A1", 10)])
        await until(lambda: state_of(driver, "A1") is TagState.ACKED)


async def test_a_price_that_is_overtaken_on_its_way_costs_no_connection() -> None:
    """A gateway that takes its time over the first update; meanwhile the price changes again."""
    asked, go = asyncio.Event(), asyncio.Event()
    taken: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length) or b"{}")
                ids = [each["id"] for each in body.get("updates", [])]
                if ids:
                    asked.set()
                    await go.wait()
                    taken.extend(ids)
                answer = json.dumps({"epoch": "1", "accepted": ids}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    driver = EslGateway("tags", address, GatewayOptions(poll_s=0.02, answer_s=5), backoff=Backoff(0.01, 0.02))
    run = asyncio.create_task(driver.run())
    driver.put([update("A1", 100)])
    await asked.wait()
    driver.put([update("A1", 90, minutes=1)])
    go.set()
    await until(lambda: state_of(driver, "A1") is TagState.SENT)
    assert (taken, driver.attempts) == (["A1-100", "A1-90"], 1)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    server.close()
    await server.wait_closed()
