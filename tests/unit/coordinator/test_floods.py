"""Who publishes without end is muted for a while, once, and heard again (F53)."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from coordinator.server import run
from coordinator.server.run import FLOOD_DROPPED, Parts, Server
from link.broker import Broker
from link.errors import BrokerFailed
from link.hub import Hub
from tests.waiting import until


def failed() -> BrokerFailed:
    return BrokerFailed("Mosquitto did not start", port=1, config=Path("mosquitto.conf"), log_tail="")


class Stage(Server):
    """A server whose hub, broker and books are lists."""

    def __init__(self) -> None:
        super().__init__(cast("Parts", SimpleNamespace(revocations=None)))
        self.floods: list[dict[str, int]] = []
        self.muted: list[list[str]] = []
        self.told: list[str] = []
        self.pid: int | None = 1
        self.broken = self.away = self.starts = self.looks = 0

    def take_floods(self) -> dict[str, int]:
        self.looks += 1
        return self.floods.pop(0) if self.floods else {}

    def _now_s(self) -> float:
        return self.looks * run.BROKER_LOOK_S  # a look that comes late makes no minute shorter

    def mute(self, edges: Collection[str]) -> None:
        self.muted.append(sorted(edges))
        if self.broken:
            self.broken -= 1
            raise failed()

    def start(self) -> None:
        self.starts += 1
        if self.broken:
            self.broken -= 1
            raise failed()
        self.pid = 2

    def log_tail(self) -> str:
        return ""

    def _tell_flood(self, edge: str, text: str) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionError("the database is away")
        self.told.append(edge)

    def hears_all(self) -> bool:
        """Whether somebody was muted and nobody is now."""
        return self.muted[-1:] == [[]]

    async def mind(self, until_true: Callable[[], object], *, own_broker: bool = True) -> None:
        here: Any = self
        broker = cast("Broker", here) if own_broker else None
        async with asyncio.TaskGroup() as tasks:
            minding = tasks.create_task(self._mind_floods(cast("Hub", here), broker))
            await until(until_true)
            minding.cancel()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BROKER_LOOK_S", 0.01)
    monkeypatch.setattr(run, "MUTE_S", 0.1)


async def test_f53_a_muted_edge_is_heard_again_when_it_is_quiet() -> None:
    stage = Stage()
    stage.floods = [{}, {"S1": FLOOD_DROPPED, "S2": FLOOD_DROPPED - 1}, {"S1": FLOOD_DROPPED}]
    await stage.mind(stage.hears_all)
    assert stage.muted == [["S1"], []], "muted once, while it goes on, and let in again"
    assert set(stage.told) == {"S1"}


async def test_two_floods_have_each_their_own_minute() -> None:
    stage = Stage()
    stage.floods = [{"S1": FLOOD_DROPPED}, {"S2": FLOOD_DROPPED}]
    await stage.mind(stage.hears_all)
    assert stage.muted[:2] == [["S1"], ["S1", "S2"]]
    assert stage.muted[-1] == []


async def test_where_the_broker_is_not_ours_a_person_is_told_all_the_same() -> None:
    stage = Stage()
    stage.floods = [{"S1": FLOOD_DROPPED}]
    await stage.mind(lambda: stage.told, own_broker=False)
    assert (stage.muted, stage.told) == ([], ["S1"])


async def test_a_broker_that_is_down_is_muted_later_not_now() -> None:
    stage = Stage()
    stage.pid, stage.floods = None, [{"S1": FLOOD_DROPPED}]
    await stage.mind(lambda: stage.told)
    assert stage.muted == []


async def test_a_database_that_is_away_ends_nothing_and_hears_of_the_flood_later() -> None:
    stage = Stage()
    stage.floods, stage.away = [{"S1": FLOOD_DROPPED}], 3
    with capture_logs() as logs:
        await stage.mind(lambda: stage.told and stage.hears_all())
    assert stage.told == ["S1"]
    assert [line["event"] for line in logs].count("flood_not_told") == 1, "said once"


async def test_a_broker_that_does_not_come_back_from_muting_ends_nothing() -> None:
    stage = Stage()
    stage.floods, stage.broken = [{"S1": FLOOD_DROPPED}], 1
    with capture_logs() as logs:
        await stage.mind(lambda: stage.told and stage.hears_all())
    assert stage.muted == [["S1"], []]
    assert [line["event"] for line in logs].count("broker_failed") == 1


async def test_a_broker_that_will_not_start_is_tried_again_and_spoken_of_once() -> None:
    stage = Stage()
    stage.pid, stage.broken = None, 3
    here: Any = stage
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            minding = tasks.create_task(stage._mind_broker(cast("Broker", here)))
            await until(lambda: stage.pid)
            minding.cancel()
    assert stage.starts == 4
    assert [line["event"] for line in logs] == ["broker_died", "broker_failed"]
