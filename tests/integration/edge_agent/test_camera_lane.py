"""A lane whose scanner is a live camera: goods before it are rung up once each, and a dead camera ends no sale."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.camera_stream.driver import StreamCamera
from devices.ports import Health
from devices.registry import DeviceSettings, open_device
from devices.surroundings import Surroundings
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.clock import SystemClock
from edge_agent.counter import Counter
from edge_agent.lanes import Lane
from edge_agent.reading import Reading
from firmware_sim.camera import CameraSim
from tests.edge_store import LANE, RICE, TEA, ean, store
from tests.waiting import HANG_S, until

pytest.importorskip("cv2")
pytest.importorskip("zxingcpp")


class Place:
    """A lane, the camera above its counter, and what lies there."""

    def __init__(self, sim: CameraSim, lane: Lane, bay: Bay[Any]) -> None:
        self.sim, self.lane, self.bay = sim, lane, bay

    def show(self, *codes: str) -> None:
        self.sim.handle({"show": list(codes)})

    async def skus(self) -> list[str]:
        basket: dict[str, Any] = await self.lane.words["basket"]({})
        return sorted(line["sku"] for line in basket["lines"])

    async def until_skus(self, *skus: str) -> None:
        async with asyncio.timeout(HANG_S):
            while await self.skus() != sorted(skus):  # noqa: ASYNC110 - the lane knows no event of the test
                await asyncio.sleep(0.01)

    async def until_empty(self) -> None:
        self.show()
        camera = self.bay.device
        assert isinstance(camera, StreamCamera)
        await until(lambda: not camera.in_view)


@asynccontextmanager
async def counter(folder: Path) -> AsyncIterator[Place]:
    with store(folder) as shop:
        lane = Lane(LANE, Counter(shop.journal, shop.clock), SystemClock())
        async with CameraSim(size=(960, 540), fps=30) as sim, asyncio.TaskGroup() as tasks:
            settings = DeviceSettings("camera-1", "camera_stream", sim.address, options={"fps": 30, "stall_s": 1.0})
            bay: Bay[Any] = Bay(settings, lambda report: open_device(settings, Surroundings(report=report)))
            reading = Reading(Attached([bay]), lane)
            work = [tasks.create_task(each) for each in (bay.run(), *reading.work().values())]
            await until(lambda: bay.state.health is Health.OK)
            yield Place(sim, lane, bay)
            for each in work:
                each.cancel()


@pytest.mark.req(17)
async def test_goods_before_a_camera_are_rung_up_once_and_again_when_they_come_again(tmp_path: Path) -> None:
    async with counter(tmp_path) as till:
        till.show(TEA, RICE)
        await till.until_skus("TEA", "RICE")
        await till.until_empty()
        till.show(TEA)
        await till.until_skus("TEA", "TEA", "RICE")


async def test_a_camera_that_dies_leaves_the_basket_and_reads_on_when_it_is_back(tmp_path: Path) -> None:
    async with counter(tmp_path) as till:
        till.show(TEA)
        await till.until_skus("TEA")
        till.sim.handle({"fault": "freeze"})
        await until(lambda: till.bay.state.health is Health.ABSENT)
        await till.lane.words["scan"]({"code": RICE, "aim": "]E0"})  # the till itself goes on
        till.show(RICE)
        till.sim.handle({"fault": "thaw"})
        await till.until_skus("TEA", "RICE", "RICE")


async def test_the_lane_says_what_is_an_article_and_what_is_not(tmp_path: Path) -> None:
    async with counter(tmp_path) as till:
        assert await till.lane.knows(TEA)
        assert not await till.lane.knows(ean(999))
        assert not await till.lane.knows("https://example.com")
        assert not await till.lane.knows("134567890123456789")
        assert await till.skus() == []
