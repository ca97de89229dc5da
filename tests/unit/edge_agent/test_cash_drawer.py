"""Opening the drawer outside a sale: who and why are a fact before there is a pulse."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from devices.health import Report
from devices.memory import MemoryDrawer
from devices.registry import DeviceSettings
from domain.ids import StoreId
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.cash_drawer import CashDrawers
from edge_agent.clock import SystemClock
from edge_agent.counter import Counter
from edge_agent.errors import DrawerRefused
from edge_agent.handlers.drawer import MAX_WHO, MAX_WHY
from edge_agent.lanes import Lane
from protocol.facts import DrawerOpened
from tests.edge_store import LANE, Store


class Counterside:
    """A lane with a drawer."""

    def __init__(self, shop: Store, *, drawer: bool = True) -> None:
        self.shop = shop
        self.drawer = MemoryDrawer("drawer-1")
        counter = Counter(shop.journal, shop.clock)
        bays = [Bay(DeviceSettings("drawer-1", "drawer_escpos"), self._build)] if drawer else []
        self.allowed = ""
        self.feature = CashDrawers(Attached(bays), counter, Lane(LANE, counter, SystemClock()), lambda *_: self.allowed)

    def _build(self, _: Report) -> MemoryDrawer:
        return self.drawer

    async def say(self, do: str, **more: Any) -> dict[str, Any]:
        return await self.feature.words[do]({"do": do, **more})

    async def refused(self, do: str, **more: Any) -> str:
        with pytest.raises(DrawerRefused) as refusal:
            await self.say(do, **more)
        return refusal.value.reason

    def openings(self) -> list[DrawerOpened]:
        return [fact for fact in self.shop.facts() if isinstance(fact, DrawerOpened)]


@pytest.fixture
async def till(shop: Store) -> AsyncIterator[Counterside]:
    yield Counterside(shop)
    await asyncio.sleep(0)


@pytest.mark.req(17)
async def test_who_and_why_are_a_fact_and_the_drawer_opens(till: Counterside) -> None:
    assert await till.say("open_drawer", by="张三", reason="换零钱") == {"device_id": "drawer-1", "pulsed": True}
    assert till.openings() == [DrawerOpened(StoreId("1"), LANE, "drawer-1", "张三", "换零钱")]
    assert (await till.say("drawer"))["open"] is True
    assert (await till.say("open_drawer", by="张三", reason="again"))["pulsed"] is False
    assert till.drawer.pulses == 1
    assert len(till.openings()) == 2  # asked for twice, written down twice


@pytest.mark.parametrize(
    ("by", "reason", "word"), [("", "x", "nobody"), (" \x07 ", "x", "nobody"), ("张三", "", "no_reason")]
)
async def test_without_who_and_why_nothing_opens(till: Counterside, by: str, reason: str, word: str) -> None:
    assert await till.refused("open_drawer", by=by, reason=reason) == word
    assert (till.drawer.pulses, till.openings()) == (0, [])


async def test_whoever_may_not_does_not(till: Counterside) -> None:
    till.allowed = "only a supervisor opens it without a sale"
    assert await till.refused("open_drawer", by="张三", reason="x") == "not_allowed"
    assert (till.drawer.pulses, till.openings()) == (0, [])


async def test_a_drawer_that_cannot_be_reached_is_told_and_the_wish_is_kept(till: Counterside) -> None:
    till.drawer.unplugged = True
    assert await till.refused("open_drawer", by="张三", reason="x") == "drawer_away"
    assert await till.refused("drawer") == "drawer_away"
    assert len(till.openings()) == 1


async def test_names_and_reasons_are_one_short_line(till: Counterside) -> None:
    await till.say("open_drawer", by="a\nb\x1bp" + "x" * 500, reason="y\u202e" * 500)
    [fact] = till.openings()
    assert fact.by.startswith("a b px")
    assert (len(fact.by), len(fact.reason) <= MAX_WHY) == (MAX_WHO, True)
    assert fact.by.isprintable()


async def test_without_a_drawer_the_answer_says_how_to_have_one(shop: Store) -> None:
    till = Counterside(shop, drawer=False)
    assert await till.refused("open_drawer", by="a", reason="b") == "no_drawer"
    assert await till.refused("drawer") == "no_drawer"
    assert till.feature.work() == {}
    await till.feature.finish()
