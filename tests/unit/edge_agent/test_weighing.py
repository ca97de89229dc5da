"""Selling by weight: one line for one weighing, and a clear word when there is none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from devices.health import Report
from devices.memory_scale import MemoryScale
from devices.ports.device import Health
from devices.ports.scale import Reason
from devices.registry import DeviceSettings
from domain.errors import DomainError, InvalidQuantity
from edge_agent import weighing
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.clock import SystemClock
from edge_agent.counter import Counter
from edge_agent.errors import NotWeighed, UnknownBarcode
from edge_agent.lanes import Lane
from edge_agent.till.words import ask_of
from edge_agent.weighing import Weighing
from tests.edge_store import LANE, TEA, Store
from tests.waiting import until

PLUMS = "06013"


class Counterside:
    """A lane with a scale, and the words that a till says to it."""

    def __init__(self, store: Store, *, scale: bool = True) -> None:
        self.made: list[MemoryScale] = []
        counter = Counter(store.journal, store.clock)
        self.lane = Lane(LANE, counter, SystemClock())
        settings = DeviceSettings("scale-1", "scale_serial", "/dev/x")
        self.bays = [Bay(settings, self._build)] if scale else []
        self.weighing = Weighing(Attached(self.bays), counter, self.lane)

    def _build(self, report: Report) -> MemoryScale:
        self.made.append(MemoryScale("scale-1", report=report))
        return self.made[-1]

    @property
    def scale(self) -> MemoryScale:
        return self.made[-1]

    async def say(self, typed: str) -> dict[str, Any]:
        ask = ask_of(typed, "CNY")
        words = {**self.lane.words, **self.weighing.words}
        return await words[ask["do"]](ask)

    async def refused(self, typed: str) -> str:
        with pytest.raises(DomainError) as refusal:
            await self.say(typed)
        assert isinstance(refusal.value, NotWeighed)
        return refusal.value.reason


@pytest.fixture
async def till(shop: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counterside]:
    monkeypatch.setattr(weighing, "WEIGH_S", 0.05)
    made = Counterside(shop)
    task = asyncio.create_task(made.bays[0].run())
    await until(lambda: made.bays[0].state.health is Health.OK)
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.req(153)
async def test_what_lies_on_the_scale_becomes_a_line(till: Counterside) -> None:
    till.scale.put(455)
    basket = await till.say(f"weigh {PLUMS}")
    [line] = basket["lines"]
    assert (line["sku"], line["quantity_milli"], line["net_minor"]) == ("PLUMS", 455, 587)
    assert basket["due_minor"] == 587


@pytest.mark.parametrize(
    "reason", [Reason.MOVING, Reason.UNDER_ZERO, Reason.OVER_CAPACITY, Reason.WRONG_UNIT, Reason.GARBLED, Reason.FAULT]
)
async def test_f46_no_weight_no_line(till: Counterside, reason: Reason) -> None:
    till.scale.put(455)
    till.scale.say(reason)
    assert await till.refused(f"weigh {PLUMS}") == reason.value
    assert (await till.say("basket"))["lines"] == []


async def test_f46_the_same_thing_is_not_sold_twice(till: Counterside) -> None:
    till.scale.put(455)
    await till.say(f"weigh {PLUMS}")
    assert await till.refused(f"weigh {PLUMS}") == "not_removed"
    till.scale.take()
    assert await till.refused(f"weigh {PLUMS}") == "below_minimum"
    till.scale.put(1000)
    assert [line["quantity_milli"] for line in (await till.say(f"weigh {PLUMS}"))["lines"]] == [455, 1000]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("weigh 99999", UnknownBarcode),
        (f"weigh {TEA}", InvalidQuantity),  # sold by the box
        ("weigh 2206013004553", UnknownBarcode),  # a label that carries its own weight
    ],
)
async def test_what_is_not_sold_by_weight_is_refused_before_it_is_weighed(
    till: Counterside, typed: str, error: type[Exception]
) -> None:
    till.scale.put(455)
    with pytest.raises(error):
        await till.say(typed)
    assert len((await till.say(f"weigh {PLUMS}"))["lines"]) == 1  # and the scale still has its weight to give


async def test_nothing_is_weighed_while_paying(till: Counterside) -> None:
    till.scale.put(455)
    await till.say(TEA)
    await till.say("total")
    with pytest.raises(UnknownBarcode):
        await till.say(f"weigh {PLUMS}")
    await till.say("back")
    assert len((await till.say(f"weigh {PLUMS}"))["lines"]) == 2


async def test_a_repeat_is_not_weighed_again(till: Counterside) -> None:
    till.scale.put(455)
    ask = ask_of(f"weigh {PLUMS}", "CNY")
    for _ in range(2):
        basket = await till.weighing.words["weigh"](ask)
        assert [line["quantity_milli"] for line in basket["lines"]] == [455]


async def test_tare_and_zero(till: Counterside) -> None:
    till.scale.put(20)
    assert await till.say("tare") == {"weight_g": 0, "stable": True}
    assert await till.say("tare 0") == {"weight_g": 20, "stable": True}
    assert await till.say("zero") == {"weight_g": 0, "stable": True}
    till.scale.take()
    assert await till.refused("tare 99999") == "refused"
    till.scale.put(495)
    await till.say("tare 20")
    assert (await till.say(f"weigh {PLUMS}"))["lines"][0]["quantity_milli"] == 455


async def test_a_scale_that_is_away_is_said_at_once(till: Counterside) -> None:
    till.scale.unplug()
    for typed in (f"weigh {PLUMS}", "zero", "tare"):
        assert await till.refused(typed) == "away"
    assert (await till.say(TEA))["lines"] != []


async def test_without_a_scale(shop: Store) -> None:
    assert await Counterside(shop, scale=False).refused(f"weigh {PLUMS}") == "no_scale"
