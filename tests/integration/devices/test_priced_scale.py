"""A CAS that works the price out: its amount is sold by at our price, and at no other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.backoff import Backoff
from devices.ports import Health
from devices.ports.scale import NotReady, Reason, Stable
from devices.scale_serial.driver import SerialScale
from devices.scale_serial.options import ScaleOptions
from devices.weighing import Remove
from firmware_sim.scale import ScaleSim
from firmware_sim.wire import PtyWire
from tests.waiting import until

OURS, ANOTHER = 2598, 1999
OPTIONS = ScaleOptions(poll_s=0.02, answer_s=0.3, remove=Remove.NEVER)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[ScaleSim]:
    async with ScaleSim(PtyWire(tmp_path / "scale"), "cas", settle_s=0.01) as simulated:
        simulated.handle({"price": OURS})
        yield simulated


@pytest.fixture
async def scale(sim: ScaleSim) -> AsyncIterator[SerialScale]:
    driver = SerialScale("scale-1", sim.address, "cas-prices", OPTIONS, backoff=Backoff(0.01, 0.02))
    running = asyncio.create_task(driver.run())
    await until(lambda: driver.state.health is Health.OK)
    yield driver
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_its_amount_counts_at_our_price_only(sim: ScaleSim, scale: SerialScale) -> None:
    assert scale.abilities.prices
    sim.handle({"put": 455})
    assert await scale.weigh(5.0, OURS) == Stable(455, amount_minor=1182)
    assert await scale.weigh(5.0, ANOTHER) == Stable(455)
    assert await scale.weigh(5.0) == Stable(455)
    sim.handle({"price": 0})
    await until(lambda: sim.shows().get("unit_price_minor") is None)
    assert await scale.weigh(5.0, OURS) == Stable(455)


async def test_a_tare_of_ours_makes_its_amount_void(sim: ScaleSim, scale: SerialScale) -> None:
    sim.handle({"put": 455})
    assert await scale.weigh(5.0, OURS) == Stable(455, amount_minor=1182)
    assert await scale.tare(55) is None
    assert await scale.weigh(5.0, OURS) == Stable(400, net=True)


async def test_spoilt_blocks_and_overload_sell_nothing(sim: ScaleSim, scale: SerialScale) -> None:
    sim.handle({"put": 455})
    sim.handle({"bad_bcc": 2})
    assert await scale.weigh(5.0, OURS) == Stable(455, amount_minor=1182)
    assert scale.counts["garbled"] >= 1
    sim.handle({"put": 20_000})
    await until(lambda: sim.look().over)
    assert await scale.weigh(0.5, OURS) == NotReady(Reason.OVER_CAPACITY, 0)
