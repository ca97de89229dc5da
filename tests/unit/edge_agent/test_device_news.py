"""Changes of devices become facts; a device that flaps fills no stream, and how it ended is told all the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from devices.ports import DeviceState, Health
from edge_agent.counter import Counter
from edge_agent.device_news import BURST, PER_CHANGE_S, DeviceNews
from protocol.facts import DeviceStateChanged
from tests.edge_store import Store
from tests.waiting import until


@asynccontextmanager
async def telling(shop: Store, now: Callable[[], float] = lambda: 0.0) -> AsyncIterator[DeviceNews]:
    news = DeviceNews(Counter(shop.journal, shop.clock), now=now)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(news.work()["devices:changes"])
        yield news
        task.cancel()


async def test_of_changes_that_wait_the_newest_is_told(shop: Store) -> None:
    news = DeviceNews(Counter(shop.journal, shop.clock))
    for _ in range(500):
        news.report("scanner:1", DeviceState(Health.OK))
        news.report("scanner:1", DeviceState(Health.ABSENT, "unplugged"))
        news.report("scanner:1", DeviceState(Health.OPENING))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(news.work()["devices:changes"])
        await until(lambda: shop.facts() != [])
        task.cancel()
    assert shop.facts() == [DeviceStateChanged("scanner:1", "absent", "unplugged")]


async def test_a_device_that_flaps_is_told_a_few_times_and_then_rarely(shop: Store) -> None:
    time_s = 0.0
    async with telling(shop, lambda: time_s) as news:
        for count in range(1, BURST + 1):
            news.report("scale", DeviceState(Health.OK if count % 2 else Health.ABSENT))
            await until(lambda count=count: len(shop.facts()) == count)  # type: ignore[misc]  # no type is inferred for bound defaults
        for _ in range(50):
            news.report("scale", DeviceState(Health.OK))
            news.report("scale", DeviceState(Health.ABSENT))
            news.report("scale", DeviceState(Health.OK, "it ended well"))
            await asyncio.sleep(0)
        news.report("printer", DeviceState(Health.FAILED, "another device is told at once"))
        await until(lambda: len(shop.facts()) == BURST + 1)
        time_s = PER_CHANGE_S + 1
        news.report("printer", DeviceState(Health.OK))  # wakes it; the timer would as well
        await until(lambda: len(shop.facts()) == BURST + 3)
    told = shop.facts()
    assert DeviceStateChanged("printer", "failed", "another device is told at once") in told
    assert DeviceStateChanged("scale", "ok", "it ended well") in told[-2:]


async def test_what_a_device_says_travels_without_controls_and_within_bounds(shop: Store) -> None:
    async with telling(shop) as news:
        news.report("printer", DeviceState(Health.FAILED, "\x1b[2J" + "纸" * 2000 + "\u202e"))
        await until(lambda: shop.facts() != [])
    assert shop.facts() == [DeviceStateChanged("printer", "failed", "[2J" + "纸" * 297)]
