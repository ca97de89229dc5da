"""What every scale does: the double, the real drivers on a simulated scale for each protocol, and real ones (-m hardware)."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.memory_scale import MemoryScale
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, Scale, Stable, Weight
from devices.registry import DeviceSettings, open_device
from devices.scale_dialog06.driver import DialogOptions, DialogScale
from devices.scale_serial.driver import SerialScale
from devices.scale_serial.options import ScaleOptions
from firmware_sim.scale import ScaleSim
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until

SETTLE_S = 0.03
MODELS = {
    "toledo8217": "mettler-ariva",
    "nci_ecr": "generic-nci",
    "nci_7800": "weigh-tronix-7800",
    "cas": "cas-pd2",
    "os2": "pinnacle-os2",
    "os2_continuous": "pinnacle-os2-continuous",
    "cas22": "cas-continuous",
    "icl": "generic-icl",
    "text": "text",
    "reversed": "reversed",
}
SHOWS_NO_LIVE_WEIGHT = {"dialog06"}
QUICK = """
[text]
title = "text-kg, settled sooner"
protocol = "pattern"
settle_s = 0.08
pattern = { regex = '(?P<sign>-?) *(?P<weight>[0-9]+[.][0-9]+)(?P<unit>kg|lb)' }

[reversed]
title = "yaohua-reversed, settled sooner"
protocol = "pattern"
settle_s = 0.08
pattern = { regex = '^(?P<weight>[0-9.]{6,7})(?P<sign>-?)$', end = "3d", reverse = true }
"""


class Bench(Protocol):
    """A scale and the hand before it."""

    scale: Scale
    voice: str

    def do(self, **command: Any) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...


class MemoryBench:
    voice = "memory"

    def __init__(self) -> None:
        self.double = MemoryScale("scale-1")
        self.scale: Scale = self.double
        self.unplug, self.replug = self.double.unplug, self.double.replug

    def do(self, **command: Any) -> None:
        match command:
            case {"put": int(grams)}:
                self.double.put(grams)
            case _:
                self.double.take()


class SimulatedBench:
    def __init__(self, sim: ScaleSim, voice: str, models: Path) -> None:
        self.sim, self.voice = sim, voice
        backoff = Backoff(0.01, 0.02)
        if voice == "dialog06":
            keys = DialogOptions(checksum="1234", keyword="abcd", answer_s=0.3, life_s=0.05)
            self.scale: Scale = DialogScale("scale-1", sim.address, keys, backoff=backoff)
        else:
            options = ScaleOptions(poll_s=0.02, answer_s=0.3, models=str(models))
            self.scale = SerialScale("scale-1", sim.address, MODELS[voice], options, backoff=backoff)

    def do(self, **command: Any) -> None:
        self.sim.handle(command)

    def unplug(self) -> None:
        self.sim.handle({"fault": "unplug"})

    def replug(self) -> None:
        self.sim.handle({"fault": "replug"})


@pytest.fixture(params=["memory", *MODELS, "dialog06"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    voice = request.param if request.param != "memory" else "cas"
    models = tmp_path / "scales.toml"
    models.write_text(QUICK)
    async with ScaleSim(PtyWire(tmp_path / "scale"), voice, settle_s=SETTLE_S, speak_every_s=0.01) as sim:
        made: Bench = MemoryBench() if request.param == "memory" else SimulatedBench(sim, voice, models)
        task = asyncio.create_task(made.scale.run())
        await until(lambda: made.scale.state.health is Health.OK)
        yield made
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def shown(scale: Scale, wanted: Weight | Reason) -> Weight:
    async with asyncio.timeout(HANG_S):
        async for reading in scale.readings():
            if reading == wanted or (isinstance(reading, NotReady) and reading.reason is wanted):
                return reading
    raise AssertionError


async def refused(scale: Scale, *reasons: Reason) -> None:
    """Weigh until it is refused for one of ``reasons``; a weight is none of them."""
    async with asyncio.timeout(HANG_S):
        while True:
            verdict = await scale.weigh(0.05)
            assert isinstance(verdict, NotReady), verdict
            if verdict.reason in reasons:
                return


async def test_a_stable_weight_is_given(bench: Bench) -> None:
    bench.do(put=455)
    weight = await bench.scale.weigh(5.0, unit_price_minor=2598)
    assert isinstance(weight, Stable)
    assert (weight.weight_g, weight.net) == (455, False)
    assert weight.amount_minor == (1182 if bench.scale.abilities.prices else None)


async def test_nothing_on_it_is_too_little(bench: Bench) -> None:
    await refused(bench.scale, Reason.BELOW_MINIMUM)


async def test_less_than_the_minimum_is_not_sold(bench: Bench) -> None:
    bench.do(put=95)
    await refused(bench.scale, Reason.BELOW_MINIMUM)
    bench.do(put=5)
    assert (await bench.scale.weigh(5.0)).weight_g == 100


async def test_the_same_thing_is_not_sold_twice(bench: Bench) -> None:
    bench.do(put=455)
    assert isinstance(await bench.scale.weigh(5.0), Stable)
    await refused(bench.scale, Reason.NOT_REMOVED)
    bench.do(take=True)
    if bench.voice not in SHOWS_NO_LIVE_WEIGHT:
        await shown(bench.scale, Stable(0))
    bench.do(put=1235)
    assert (await bench.scale.weigh(5.0)).weight_g == 1235


async def test_too_much_is_refused(bench: Bench) -> None:
    bench.do(put=15_100)
    # An OS2 has one word for "over its range" and "no zero when it was switched on"; an ICL says no more than "not ready".
    one_word = {"os2": Reason.ZERO_ERROR, "os2_continuous": Reason.ZERO_ERROR, "icl": Reason.MOVING}
    await refused(bench.scale, one_word.get(bench.voice, Reason.OVER_CAPACITY))


async def test_under_zero_is_refused(bench: Bench) -> None:
    bench.do(put=-200)
    await refused(bench.scale, Reason.MOVING if bench.voice == "icl" else Reason.UNDER_ZERO)


async def test_a_known_tare_is_taken_off(bench: Bench) -> None:
    bench.do(put=475)
    assert await bench.scale.tare(20) is None
    weight = await bench.scale.weigh(5.0)
    assert (weight.weight_g, weight.net) == (455, True)
    assert await bench.scale.clear_tare() is None
    bench.do(take=True)
    if bench.voice not in SHOWS_NO_LIVE_WEIGHT:
        await shown(bench.scale, Stable(0))
    bench.do(put=475)
    weight = await bench.scale.weigh(5.0)
    assert (weight.weight_g, weight.net) == (475, False)


async def test_a_tare_goes_with_its_item(bench: Bench) -> None:
    bench.do(put=475)
    assert await bench.scale.tare(20) is None
    assert (await bench.scale.weigh(5.0)).weight_g == 455
    bench.do(take=True)
    if bench.voice not in SHOWS_NO_LIVE_WEIGHT:
        await shown(bench.scale, Stable(0))
    bench.do(put=475)
    weight = await bench.scale.weigh(5.0)
    assert (weight.weight_g, weight.net) == (475, False)


async def test_what_lies_there_becomes_the_tare(bench: Bench) -> None:
    if bench.voice in SHOWS_NO_LIVE_WEIGHT:
        assert await bench.scale.tare() == NotReady(Reason.REFUSED)
        return
    bench.do(put=20)
    await shown(bench.scale, Stable(20))
    assert await bench.scale.tare() is None
    bench.do(put=455)
    assert (await bench.scale.weigh(5.0)).weight_g == 455
    bench.do(take=True)
    await refused(bench.scale, Reason.UNDER_ZERO, Reason.BELOW_MINIMUM, Reason.MOVING)
    async with asyncio.timeout(HANG_S):
        while await bench.scale.clear_tare() is not None:
            pass  # it may still swing
    bench.do(put=475)
    assert (await bench.scale.weigh(5.0)).weight_g == 475


async def test_zero_is_set_where_the_scale_can(bench: Bench) -> None:
    bench.do(put=40)
    if bench.voice in SHOWS_NO_LIVE_WEIGHT or not bench.scale.abilities.zero:
        assert await bench.scale.zero() == NotReady(Reason.REFUSED)
        return
    await shown(bench.scale, Stable(40))
    assert await bench.scale.zero() is None
    bench.do(put=455)
    assert (await bench.scale.weigh(5.0)).weight_g == 455


async def test_live_readings_follow_the_load(bench: Bench) -> None:
    if bench.voice in SHOWS_NO_LIVE_WEIGHT:
        return
    bench.do(put=1000)
    assert await shown(bench.scale, Stable(1000)) == Stable(1000)
    bench.do(take=True)
    assert await shown(bench.scale, Stable(0)) == Stable(0)


async def test_a_lost_scale_is_named_refuses_at_once_and_comes_back_by_itself(bench: Bench) -> None:
    bench.unplug()
    await until(lambda: bench.scale.state.health is Health.ABSENT)
    assert bench.scale.state.reason
    for question in (bench.scale.weigh(60), bench.scale.zero(), bench.scale.tare(20), bench.scale.clear_tare()):
        with pytest.raises(DeviceUnavailable, match="scale-1"):
            async with asyncio.timeout(1):
                await question
    bench.replug()
    await until(lambda: bench.scale.state.health is Health.OK)
    bench.do(put=455)
    assert (await bench.scale.weigh(5.0)).weight_g == 455


async def test_a_scale_lost_while_it_weighs_is_told_at_once(bench: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        weighing = tasks.create_task(_weigh(bench.scale))
        await asyncio.sleep(0)
        bench.unplug()
        assert "scale-1" in str(await weighing)


async def _weigh(scale: Scale) -> DeviceUnavailable:
    with pytest.raises(DeviceUnavailable) as lost:
        async with asyncio.timeout(HANG_S):
            await scale.weigh(60)
    return lost.value


async def test_two_who_weigh_at_once_do_not_both_get_it(bench: Bench) -> None:
    bench.do(put=455)
    both = [asyncio.create_task(bench.scale.weigh(30.0)) for _ in range(2)]
    done, waiting = await asyncio.wait(both, timeout=HANG_S, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result().weight_g for task in done] == [455]
    for task in waiting:
        task.cancel()
    assert len(waiting) == 1
    await refused(bench.scale, Reason.NOT_REMOVED)


async def test_it_has_a_name(bench: Bench) -> None:
    assert bench.scale.device_id == "scale-1"


@pytest.mark.hardware
async def test_a_real_scale_weighs_what_is_put_on_it() -> None:
    """SHOPWIRE_DEVICE=scale_serial:ADDRESS, SHOPWIRE_PROFILE=MODEL; put something on it within 50 s."""
    kind, _, address = os.environ.get("SHOPWIRE_DEVICE", "").partition(":")
    if not kind.startswith("scale"):
        pytest.skip("SHOPWIRE_DEVICE names no scale, such as scale_serial:/dev/ttyUSB0")
    scale = open_device(DeviceSettings("scale-1", kind, address, os.environ.get("SHOPWIRE_PROFILE", "")))
    assert isinstance(scale, SerialScale | DialogScale)
    task = asyncio.create_task(scale.run())
    await until(lambda: scale.state.health.works)
    assert isinstance(await scale.weigh(50.0, 1000), Stable)
    await refused(scale, Reason.NOT_REMOVED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
