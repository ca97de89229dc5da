"""A tariff scale on a pseudo-terminal: proof of the keys, prices, refusals, and one line in the log for each outage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.framing import Parity7
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, Stable
from devices.registry import DeviceSettings, open_device
from devices.scale_dialog06.driver import DialogOptions, DialogScale
from firmware_sim.scale import ScaleSim
from firmware_sim.scale.dialog06 import Dialog06
from firmware_sim.wire import PtyWire
from tests.waiting import HANG_S, until


async def refused(scale: DialogScale, reason: Reason, price_minor: int = 2598) -> None:
    """Weigh until it is refused for that; a weight is no refusal."""
    async with asyncio.timeout(HANG_S):
        while True:
            verdict = await scale.weigh(0.15, price_minor)
            assert isinstance(verdict, NotReady), verdict
            if verdict.reason is reason:
                return


@asynccontextmanager
async def till(folder: Path, line: str = "none", **options: Any) -> AsyncIterator[tuple[ScaleSim, DialogScale]]:
    settings = {"checksum": "1234", "keyword": "abcd", "answer_s": 0.2, "life_s": 0.05, **options}
    async with ScaleSim(PtyWire(folder / "scale"), "dialog06", settle_s=0.01, parity=line) as sim:
        scale = DialogScale("scale-1", sim.address, DialogOptions(**settings), backoff=Backoff(0.005, 0.01))
        task = asyncio.create_task(scale.run())
        try:
            await until(lambda: scale.state.health is Health.OK)
            yield sim, scale
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_the_scale_works_out_the_amount_and_shows_it(tmp_path: Path) -> None:
    async with till(tmp_path) as (sim, scale):
        sim.handle({"put": 455})
        assert await scale.weigh(5.0, 2598) == Stable(455, amount_minor=1182)
        assert (sim.shows()["unit_price_minor"], sim.shows()["amount_minor"]) == (2598, 1182)
        sim.handle({"take": True})
        sim.handle({"put": 1000})
        assert await scale.weigh(5.0) == Stable(1000)  # without a price no amount is believed


async def test_the_keys_are_proved_again_and_again(tmp_path: Path) -> None:
    async with till(tmp_path) as (sim, scale):
        assert isinstance(sim.voice, Dialog06)
        assert sim.voice.checks_every == 50
        sim.voice.checks_every = 3  # a proof is due when it is switched on, and after so many weighings
        for _ in range(7):
            sim.handle({"put": 455})
            assert await scale.weigh(5.0, 100) == Stable(455, amount_minor=46)
            sim.handle({"take": True})
        assert sim.voice.proofs == 3
        assert scale.counts == {}


async def test_wrong_keys_are_said_to_be_wrong(tmp_path: Path) -> None:
    async with till(tmp_path, keyword="ffff") as (sim, scale):
        sim.handle({"put": 455})
        with pytest.raises(DeviceUnavailable, match="keys"):
            await scale.weigh(5.0, 2598)
        assert scale.state.health is Health.FAILED


async def test_one_proof_that_was_garbled_on_its_way_is_not_the_end(tmp_path: Path) -> None:
    async with till(tmp_path) as (sim, scale):
        sim.voice.spoil = 1
        sim.handle({"put": 455})
        with pytest.raises(DeviceUnavailable, match="keys"):
            await scale.weigh(5.0, 2598)
        await until(lambda: scale.state.health is Health.OK)
        assert await scale.weigh(5.0, 2598) == Stable(455, amount_minor=1182)


async def test_every_refusal_of_the_scale_has_its_reason(tmp_path: Path) -> None:
    async with till(tmp_path) as (sim, scale):
        for grams, reason in ((50, Reason.BELOW_MINIMUM), (-200, Reason.UNDER_ZERO), (15_100, Reason.OVER_CAPACITY)):
            sim.handle({"put": grams})
            await refused(scale, reason)
            sim.handle({"take": True})
        sim.handle({"put": 455})
        assert isinstance(await scale.weigh(5.0, 2598), Stable)
        await refused(scale, Reason.NOT_REMOVED)
        assert await scale.weigh(0.5, 0) == NotReady(Reason.REFUSED)
        assert await scale.weigh(0.5, 1_000_000) == NotReady(Reason.REFUSED)
        assert await scale.zero() == NotReady(Reason.REFUSED)
        assert await scale.tare(10_000) == NotReady(Reason.REFUSED, 10_000)


async def test_a_moving_load_is_waited_for(tmp_path: Path) -> None:
    async with till(tmp_path) as (sim, scale):
        sim.platter.settle_s = 0.6
        sim.handle({"put": 455})
        await refused(scale, Reason.MOVING)
        assert await scale.weigh(5.0, 2598) == Stable(455, amount_minor=1182)


async def test_odd_parity_behind_a_server_of_eight_bits(tmp_path: Path) -> None:
    async with till(tmp_path, "odd", parity=Parity7.ODD) as (sim, scale):
        sim.handle({"put": 455})
        assert await scale.weigh(5.0, 2598) == Stable(455, amount_minor=1182)


async def test_each_outage_is_one_line(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with till(tmp_path) as (sim, scale):
            for fault, mend in (("unplug", "replug"), ("freeze", "thaw"), ("unplug", "replug")):
                sim.handle({"fault": fault})
                await until(lambda: scale.state.health is Health.ABSENT)
                sim.handle({"fault": mend})
                await until(lambda: scale.state.health is Health.OK)
    assert [entry["event"] for entry in logs] == ["device_lost", "device_recovered"] * 3


def test_the_settings_make_it_and_say_what_is_wrong() -> None:
    made = open_device(
        DeviceSettings("s", "scale_dialog06", "/dev/ttyS9", options={"checksum": "1234", "keyword": "abcd"})
    )
    assert isinstance(made, DialogScale)
    assert made.around.resolve("/dev/ttyS9") == "serial:/dev/ttyS9?baud=9600&bits=7&parity=odd"
    for options, said in (
        ({"checksum": "12345"}, "four hexadecimal"),
        ({"keyword": "wxyz"}, "wxyz"),
        ({"default_price_minor": 0}, "default_price_minor"),
        ({"division_g": 0}, "division"),
    ):
        with pytest.raises(DeviceMisconfigured, match=said):
            open_device(DeviceSettings("s", "scale_dialog06", "/dev/ttyS9", options=options))  # type: ignore[arg-type]
