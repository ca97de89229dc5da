"""What shelf tags do: the double, and the real driver on a simulated gateway through a real connection, and real ones (-m hardware)."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.esl_gateway.driver import EslGateway, GatewayOptions
from devices.memory_esl import MemoryShelfTags
from devices.ports.esl import ShelfTags, TagNews, TagState, TagStatus, TagUpdate
from firmware_sim.esl import EslSim
from firmware_sim.wire import TcpWire
from tests.waiting import until

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TAGS = ("A1", "A2", "A3")


class Bench(Protocol):
    """Tags and the hands at them."""

    tags: ShelfTags

    def price_on(self, tag: str) -> int | None: ...
    def asleep(self, tag: str) -> None: ...
    def awake(self, tag: str) -> None: ...
    def broken(self, tag: str) -> None: ...
    def plug(self, *, plugged: bool) -> None: ...
    def battery(self, tag: str, percent: int) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryShelfTags("tags", TAGS)
        self.tags: ShelfTags = self.double

    def price_on(self, tag: str) -> int | None:
        return self.double.glass[tag].price_minor if tag in self.double.glass else None

    def asleep(self, tag: str) -> None:
        self.double.asleep.add(tag)

    def awake(self, tag: str) -> None:
        self.double.wake(tag)

    def broken(self, tag: str) -> None:
        self.double.broken.add(tag)

    def plug(self, *, plugged: bool) -> None:
        self.double.unplug(unplugged=not plugged)

    def battery(self, tag: str, percent: int) -> None:
        self.double.report(TagStatus(tag, battery_percent=percent, rssi_dbm=-60))


class SimulatedBench:
    def __init__(self, sim: EslSim, driver: EslGateway) -> None:
        self.sim = sim
        self.tags: ShelfTags = driver

    def price_on(self, tag: str) -> int | None:
        price = self.sim.tags[tag].content.get("price")
        return None if price is None else int(price)

    def asleep(self, tag: str) -> None:
        self.sim.handle({"tag": tag, "mode": "offline"})

    def awake(self, tag: str) -> None:
        self.sim.handle({"tag": tag, "mode": "normal"})

    def broken(self, tag: str) -> None:
        self.sim.handle({"tag": tag, "mode": "nack"})

    def plug(self, *, plugged: bool) -> None:
        if plugged:
            self.sim.wire.replug()
        else:
            self.sim.wire.unplug()

    def battery(self, tag: str, percent: int) -> None:
        self.sim.handle({"tag": tag, "battery": percent})


@pytest.fixture(params=["memory", "simulated"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    async with EslSim(TcpWire(), TAGS) as sim, asyncio.TaskGroup() as tasks:
        options = GatewayOptions(poll_s=0.02, answer_s=0.5)
        driver = EslGateway("tags", sim.address, options, backoff=Backoff(0.01, 0.02))
        running = tasks.create_task(driver.run())
        await until(lambda: driver.state.health.works)
        yield SimulatedBench(sim, driver)
        running.cancel()


def update(tag: str, price: int, minutes: int = 0, update_id: str = "") -> TagUpdate:
    return TagUpdate(
        update_id or f"{tag}-{price}",
        tag,
        "shelf",
        "SKU-1",
        price,
        "CNY",
        NOON + timedelta(minutes=minutes),
        {"name": "绿茶"},
    )


def state_of(bench: Bench, tag: str) -> TagState | None:
    news = bench.tags.update_of(tag)
    return news.state if news else None


async def test_a_price_is_shown_and_acknowledged(bench: Bench) -> None:
    assert state_of(bench, "A1") is None
    bench.tags.put([update("A1", 1280), update("A2", 990)])
    await until(lambda: state_of(bench, "A1") is TagState.ACKED and state_of(bench, "A2") is TagState.ACKED)
    assert (bench.price_on("A1"), bench.price_on("A2"), bench.price_on("A3")) == (1280, 990, None)


async def test_each_state_is_told_in_order(bench: Bench) -> None:
    heard: list[TagNews] = []

    async def hear() -> None:
        async for news in bench.tags.news():
            match news:
                case TagNews():
                    heard.append(news)
                case TagStatus():
                    pass

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(hear())
        await asyncio.sleep(0)
        bench.tags.put([update("A1", 1280)])
        await until(lambda: heard and heard[-1].state is TagState.ACKED)
        listening.cancel()
    assert [news.state for news in heard] == [TagState.QUEUED, TagState.SENT, TagState.ACKED]


async def test_a_sleeping_tag_stays_sent_until_it_wakes(bench: Bench) -> None:
    bench.asleep("A1")
    bench.tags.put([update("A1", 1280)])
    await until(lambda: state_of(bench, "A1") is TagState.SENT)
    assert bench.price_on("A1") is None
    bench.awake("A1")
    await until(lambda: state_of(bench, "A1") is TagState.ACKED)
    assert bench.price_on("A1") == 1280


async def test_a_tag_that_says_no_has_failed_with_a_reason(bench: Bench) -> None:
    bench.broken("A1")
    bench.tags.put([update("A1", 1280)])
    await until(lambda: state_of(bench, "A1") is TagState.FAILED)
    news = bench.tags.update_of("A1")
    assert news is not None
    assert news.reason
    assert bench.price_on("A1") is None


async def test_a_tag_that_is_not_there_has_failed(bench: Bench) -> None:
    bench.tags.put([update("Z9", 1280)])
    await until(lambda: state_of(bench, "Z9") is TagState.FAILED)


@pytest.mark.parametrize("later_first", [False, True])
async def test_the_later_price_wins_whichever_comes_first(bench: Bench, later_first: bool) -> None:
    bench.asleep("A1")
    old, new = update("A1", 1280), update("A1", 1150, minutes=5)
    for each in (new, old) if later_first else (old, new):
        bench.tags.put([each])
    await until(lambda: state_of(bench, "A1") is TagState.SENT)
    bench.awake("A1")
    await until(lambda: state_of(bench, "A1") is TagState.ACKED)
    assert bench.price_on("A1") == 1150
    news = bench.tags.update_of("A1")
    assert news is not None
    assert news.update_id == "A1-1150"


async def test_the_same_update_again_is_shown_once(bench: Bench) -> None:
    bench.tags.put([update("A1", 1280)])
    await until(lambda: state_of(bench, "A1") is TagState.ACKED)
    bench.tags.put([update("A1", 1280)])
    assert state_of(bench, "A1") is TagState.ACKED


async def test_prices_wait_for_a_gateway_that_is_away(bench: Bench) -> None:
    bench.plug(plugged=False)
    await until(lambda: not bench.tags.state.health.works)
    bench.tags.put([update("A1", 1280)])
    assert state_of(bench, "A1") is TagState.QUEUED
    bench.plug(plugged=True)
    await until(lambda: state_of(bench, "A1") is TagState.ACKED)
    assert bench.price_on("A1") == 1280


async def test_batteries_are_known(bench: Bench) -> None:
    await until(lambda: set(bench.tags.tags) == set(TAGS))
    bench.battery("A2", 7)
    await until(lambda: bench.tags.tags["A2"].battery_percent == 7)
    assert bench.tags.tags["A2"].rssi_dbm == -60


@pytest.mark.hardware
async def test_a_real_gateway_takes_a_price() -> None:
    """SHOPWIRE_DEVICE=esl_gateway:ADDRESS, SHOPWIRE_TAG=the tag that may show 12.80 for a while."""
    kind, _, address = os.environ.get("SHOPWIRE_DEVICE", "").partition(":")
    if kind != "esl_gateway":
        pytest.skip("SHOPWIRE_DEVICE names no gateway, such as esl_gateway:tcp:192.168.1.70:8080")
    driver = EslGateway("tags", address)
    tag = os.environ["SHOPWIRE_TAG"]
    running = asyncio.create_task(driver.run())
    try:
        await until(lambda: tag in driver.tags, 20)
        driver.put([update(tag, 1280)])
        await until(lambda: (driver.update_of(tag) or TagNews(tag, "", TagState.QUEUED)).state is TagState.ACKED, 50)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
