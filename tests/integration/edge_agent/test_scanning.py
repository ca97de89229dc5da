"""A lane whose scanners are real drivers on simulated devices: items are rung up, refusals are heard, faults end no sale."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.ports import Health, Scanner
from devices.registry import DeviceSettings, open_device
from devices.surroundings import Surroundings
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.clock import SystemClock
from edge_agent.counter import Counter
from edge_agent.lanes import Lane
from edge_agent.reading import Reading
from firmware_sim.scanner import HidScannerSim, LineScannerSim, SsiScannerSim
from firmware_sim.scanner.reading import ScanningSim
from firmware_sim.wire import PtyWire
from tests.edge_store import CASE_OF_TEA, LANE, RICE, TEA, Store, ean, store
from tests.waiting import HANG_S, until

KINDS = ["scanner_serial", "scanner_ssi", "scanner_hid"]


class Till:
    """A lane, its scanner, and the hand that scans."""

    def __init__(self, shop: Store, sim: ScanningSim, settings: DeviceSettings) -> None:
        self.sim = sim
        self.lane = Lane(LANE, Counter(shop.journal, shop.clock), SystemClock())
        self.bay: Bay[Scanner] = Bay(settings, lambda report: open_device(settings, Surroundings(report=report)))  # type: ignore[arg-type, return-value]
        self.reading = Reading(Attached([self.bay]), self.lane)

    async def lines(self) -> list[str]:
        basket: dict[str, Any] = await self.lane.words["basket"]({})
        return [line["sku"] for line in basket["lines"]]

    async def until_lines(self, *skus: str) -> None:
        async with asyncio.timeout(HANG_S):
            while await self.lines() != list(skus):  # noqa: ASYNC110 - the lane knows no event of the test
                await asyncio.sleep(0.005)

    async def until_well(self) -> None:
        await until(lambda: self.bay.state.health is Health.OK)


@asynccontextmanager
async def open_till(kind: str, folder: Path) -> AsyncIterator[Till]:
    wire = PtyWire(folder / "scanner")
    sim: ScanningSim = LineScannerSim(wire, maker="datalogic")
    if kind == "scanner_ssi":
        sim = SsiScannerSim(wire, answer_s=0.2)
    elif kind == "scanner_hid":
        sim = HidScannerSim(wire, ids=True)
    address = f"evdev:{wire.address}" if kind == "scanner_hid" else wire.address
    profile = "datalogic" if kind == "scanner_serial" else ""
    options: dict[str, str | int | float | bool] = {"watch_s": 0.3} if kind == "scanner_ssi" else {}
    with store(folder) as shop:
        async with sim, asyncio.TaskGroup() as tasks:
            till = Till(shop, sim, DeviceSettings("scanner-1", kind, address, profile, options))
            work = [tasks.create_task(each) for each in (till.bay.run(), *till.reading.work().values())]
            await till.until_well()
            yield till
            for each in work:
                each.cancel()


@pytest.mark.req(17)
@pytest.mark.parametrize("kind", KINDS)
async def test_items_are_rung_up_and_what_is_none_beeps_badly(kind: str, tmp_path: Path) -> None:
    async with open_till(kind, tmp_path) as till:
        for code in (TEA, ean(999), CASE_OF_TEA, TEA, RICE):
            till.sim.scan(code, "]E0")
        await till.until_lines("TEA", "TEA", "RICE")  # the second TEA was the first one's pass
        if till.bay.device.can.beep:
            await until(lambda: till.sim.bad_beeps == 1 and till.sim.enabled)


@pytest.mark.parametrize("kind", KINDS)
async def test_f45_whatever_happens_to_the_scanner_the_lane_goes_on(kind: str, tmp_path: Path) -> None:
    async with open_till(kind, tmp_path) as till:
        wire, sold = till.sim.wire, []

        async def sells(code: str, sku: str) -> None:
            till.sim.scan(code, "]E0")
            sold.append(sku)
            await till.until_lines(*sold)

        async def by_hand() -> None:
            await till.lane.words["scan"]({"code": RICE, "aim": "]X0"})
            sold.append("RICE")
            assert await till.lines() == sold

        await sells(TEA, "TEA")
        wire.garbage(301)
        await by_hand()
        till.sim.emit("\r", "")  # whatever noise has begun ends here
        await sells(CASE_OF_TEA, "TEA")
        wire.half_next()
        till.sim.emit(RICE, "]E0")  # torn in the middle
        await by_hand()
        if kind == "scanner_ssi":  # sent again, and so it is not lost
            sold.append("RICE")
            await till.until_lines(*sold)
        for _ in range(5):
            till.sim.unplug()
            await until(lambda: till.bay.state.health is Health.ABSENT)
            await by_hand()
            till.sim.replug()
            await till.until_well()
        wire.freeze()
        till.sim.scan(CASE_OF_TEA, "]E0")
        await by_hand()
        wire.freeze(False)
        sold.append("TEA")
        await till.until_lines(*sold)
        paid = await till.lane.words["pay"]({"kind": "cash"})
        assert paid["state"] == "sold"
        assert till.bay.restarts == 0
