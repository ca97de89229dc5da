"""A scale's driver that fails while something lies on the platter: the next one knows what was sold and what is tared."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devices.ports.scale import NotReady, Reason, Scale, Stable, Weight
from devices.registry import DeviceSettings
from devices.scale_serial.driver import SerialScale
from edge_agent.bay import Bay
from edge_agent.desk.stand import at_work, attached_of
from firmware_sim.scale import ScaleSim
from firmware_sim.wire import PtyWire
from tests.waiting import until

OPTIONS: dict[str, Any] = {"poll_s": 0.02, "answer_s": 0.3}


@pytest.fixture(params=[("cas", "cas-pd2"), ("toledo8217", "mettler-ariva")], ids=["tare here", "tare in the scale"])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[ScaleSim, Bay[Scale]]]:
    voice, model = request.param
    async with ScaleSim(PtyWire(tmp_path / "scale"), voice, settle_s=0.01) as sim:
        attached = attached_of([DeviceSettings("scale-1", "scale_serial", sim.address, model, OPTIONS)])
        async with at_work(attached):
            assert attached.scale is not None
            await attached.scale.until_works()
            yield sim, attached.scale


async def fail(bay: Bay[Scale]) -> None:
    """Let the driver fail, and wait for the next one."""
    before = bay.restarts

    def nobody_expected_this(_: Scale) -> None:
        raise RuntimeError("nobody expected this")

    bay.tell(nobody_expected_this)
    await until(lambda: bay.restarts == before + 1)
    await bay.until_works()


def shown(bay: Bay[Scale]) -> Weight:
    """Return what the scale shows now."""
    assert isinstance(bay.device, SerialScale)
    return bay.device._platter.shown


async def test_what_was_sold_is_not_sold_again(stand: tuple[ScaleSim, Bay[Scale]]) -> None:
    sim, bay = stand
    sim.handle({"put": 455})
    assert await bay.ask(lambda scale: scale.weigh(5), 9) == Stable(455)
    await fail(bay)
    assert await bay.ask(lambda scale: scale.weigh(0.3), 9) == NotReady(Reason.NOT_REMOVED, 455)
    sim.handle({"take": True})
    await until(lambda: shown(bay) == Stable(0))
    sim.handle({"put": 300})
    assert await bay.ask(lambda scale: scale.weigh(5), 9) == Stable(300)


async def test_a_tare_is_not_forgotten_and_goes_with_its_item(stand: tuple[ScaleSim, Bay[Scale]]) -> None:
    sim, bay = stand
    assert await bay.ask(lambda scale: scale.tare(55), 9) is None
    await fail(bay)
    sim.handle({"put": 455})
    assert await bay.ask(lambda scale: scale.weigh(5), 9) == Stable(400, net=True)
    await fail(bay)
    sim.handle({"take": True})
    await until(lambda: shown(bay) == Stable(0))
    sim.handle({"put": 300})
    assert await bay.ask(lambda scale: scale.weigh(5), 9) == Stable(300)
