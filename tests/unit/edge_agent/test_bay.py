"""A driver may do what it likes: the store goes on, and the device comes back (R17, F45)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable, PaperOut
from devices.health import Report
from devices.ports import DeviceState, Health
from devices.registry import DeviceSettings
from edge_agent.bay import Bay
from edge_agent.patience import Patience
from tests.waiting import HANG_S, until

SETTINGS = DeviceSettings("scale", "scanner_serial", "/dev/null")
HURRIED = Patience(opening_s=0.05, cut_s=0.02, restarts=3, within_s=60.0, slow_s=30.0)


class Driver:
    """A driver whose life is ``lives[n]``, for the n-th driver of the bay."""

    def __init__(self, report: Report, life: Callable[["Driver"], Awaitable[None]]) -> None:
        self.device_id, self.state = "scale", DeviceState(Health.OPENING)
        self._report, self._life = report, life
        self.ended = False

    def now(self, health: Health, reason: str = "") -> None:
        self.state = DeviceState(health, reason, 1.0)
        self._report(self.device_id, self.state)

    async def run(self) -> None:
        try:
            await self._life(self)
        finally:
            self.ended = True

    async def hear(self) -> str:
        return "here"

    async def never(self) -> None:
        await asyncio.Event().wait()

    async def out(self) -> None:
        raise PaperOut("scale")

    async def broken(self) -> None:
        raise ZeroDivisionError("by 0 g")

    def odd(self) -> Coroutine[Any, Any, str]:
        raise TypeError("no coroutine")

    async def few(self) -> AsyncIterator[int]:
        yield 7

    async def __aiter__(self) -> AsyncIterator[int]:
        yield 1
        yield 2
        raise ValueError("no third")


async def well(driver: Driver) -> None:
    driver.now(Health.OK)
    await asyncio.Event().wait()


async def crash(driver: Driver) -> None:
    raise RuntimeError("nobody expected this")


async def end(driver: Driver) -> None:
    return


async def open_for_ever(driver: Driver) -> None:
    await asyncio.Event().wait()


async def deaf(driver: Driver) -> None:
    driver.now(Health.OK)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:  # what a hung driver does
            continue


class Arrivals:
    """News by hand."""

    def __init__(self) -> None:
        self.news, self.waits = asyncio.Event(), 0

    async def wait(self, timeout_s: float) -> None:
        self.waits += 1
        await self.news.wait()
        self.news.clear()


class Rig:
    """A bay, what it built and what it reported."""

    def __init__(self, *lives: Callable[[Driver], Awaitable[None]], patience: Patience = HURRIED) -> None:
        self.built: list[Driver] = []
        self.reported: list[DeviceState] = []
        self.arrivals = Arrivals()

        def build(report: Report) -> Driver:
            self.built.append(Driver(report, lives[min(len(self.built), len(lives) - 1)]))
            return self.built[-1]

        self.bay: Bay[Driver] = Bay(
            SETTINGS,
            build,
            report=lambda _, state: self.reported.append(state),
            arrivals=self.arrivals,
            patience=patience,
            backoff=Backoff(0.001, 0.002),
        )

    @property
    def health(self) -> Health:
        return self.bay.state.health


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Bay[Driver]]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rig.bay.run())
        yield rig.bay
        task.cancel()


@pytest.mark.parametrize(
    ("life", "said"),
    [(crash, "RuntimeError: nobody expected this"), (end, "its driver ended"), (open_for_ever, "opening")],
)
async def test_a_driver_that_fails_is_replaced_and_told_once(life: Any, said: str) -> None:
    rig = Rig(life, life, well)
    with capture_logs() as logs:
        async with running(rig) as bay:
            await until(lambda: rig.health is Health.OK)
            assert bay.restarts == 2
            assert [each.ended for each in rig.built] == [True, True, False]
    assert said in rig.reported[0].reason
    assert rig.reported[0].health is Health.FAILED
    assert [line["event"] for line in logs] == ["driver_failed", "driver_recovered"]
    assert rig.built[-1].ended


async def test_once_the_budget_is_gone_it_waits_for_a_person() -> None:
    rig = Rig(crash, crash, crash, crash, well)
    with capture_logs() as logs:
        async with running(rig):
            await until(lambda: rig.arrivals.waits == 1)
            assert len(rig.built) == 4
            assert "3 times in 1 min" in rig.bay.state.reason
            assert rig.health is Health.FAILED
            rig.arrivals.news.set()  # unplugged and plugged in
            await until(lambda: rig.health is Health.OK)
    assert [line["event"] for line in logs] == ["driver_failed", "driver_recovered"]


async def test_a_driver_that_swallows_its_end_is_abandoned_and_replaced() -> None:
    rig = Rig(deaf, well)
    with capture_logs() as logs:
        async with running(rig) as bay:
            await until(lambda: rig.health is Health.OK)
            with pytest.raises(DeviceUnavailable, match="did not answer"):
                await bay.ask(lambda each: each.never(), 0.01)
            await until(lambda: len(rig.built) == 2 and rig.health is Health.OK)
            assert await bay.ask(lambda each: each.hear(), 1) == "here"
            assert bay.leash.abandoned == 1
    assert {line["event"] for line in logs} == {"driver_abandoned", "driver_failed", "driver_recovered"}
    assert rig.built[0].ended  # its coroutine was closed: what it held is free
    leftover = [task for task in asyncio.all_tasks() if task.get_name().startswith("driver:")]
    await asyncio.wait(leftover, timeout=HANG_S) if leftover else None
    assert all(task.done() for task in leftover)


async def test_nothing_else_notices_a_hung_driver() -> None:
    hung, sound = Rig(deaf), Rig(well)
    async with running(hung) as bad, running(sound) as good:
        await until(lambda: hung.health.works and sound.health.works)
        asked = asyncio.ensure_future(bad.ask(lambda each: each.never(), 0.05))
        for _ in range(100):
            assert await good.ask(lambda each: each.hear(), 1) == "here"
        with pytest.raises(DeviceUnavailable):
            await asked
    assert len(sound.built) == 1


async def test_what_a_device_says_reaches_the_asker_and_costs_no_driver() -> None:
    rig = Rig(well)
    async with running(rig) as bay:
        await until(lambda: rig.health is Health.OK)
        with pytest.raises(PaperOut):
            await bay.ask(lambda each: each.out(), 1)
        assert len(rig.built) == 1


async def test_an_answer_that_crashes_is_no_answer_and_costs_the_driver() -> None:
    rig = Rig(well)
    async with running(rig) as bay:
        await until(lambda: rig.health is Health.OK)
        with pytest.raises(DeviceUnavailable, match="ZeroDivisionError: by 0 g"):
            await bay.ask(lambda each: each.broken(), 1)
        await until(lambda: len(rig.built) == 2 and rig.health is Health.OK)

        def explode(_: Driver) -> None:
            raise OverflowError

        bay.tell(explode)
        await until(lambda: len(rig.built) == 3)


async def test_readings_go_on_with_the_next_driver() -> None:
    rig = Rig(well)
    async with running(rig) as bay:
        await until(lambda: rig.health is Health.OK)
        seen = []
        async for reading in bay.stream(aiter):
            seen.append(reading)
            if len(seen) == 5:
                break
    assert seen == [1, 2, 1, 2, 1]
    assert len(rig.built) >= 3


async def test_a_driver_that_was_replaced_is_not_heard_any_more() -> None:
    rig = Rig(crash, well)
    async with running(rig):
        await until(lambda: rig.health is Health.OK)
        rig.built[0].now(Health.ABSENT, "a ghost")
        assert rig.health is Health.OK
        assert all(state.reason != "a ghost" for state in rig.reported)


async def test_a_driver_that_cannot_be_made_stops_nothing() -> None:
    def build(_: Report) -> Driver:
        raise ImportError("no library here")

    bay: Bay[Driver] = Bay(SETTINGS, build, patience=HURRIED, backoff=Backoff(0.001, 0.002))
    assert bay.state.health is Health.FAILED
    with pytest.raises(DeviceUnavailable, match="no library here"):
        await bay.ask(lambda each: each.hear(), 1)
    bay.tell(lambda each: each.now(Health.OK))


async def test_who_waits_for_a_device_is_told_when_it_works() -> None:
    rig = Rig(crash, well)
    async with running(rig) as bay, asyncio.timeout(HANG_S):
        await bay.until_works()
        assert rig.health is Health.OK


async def test_a_device_whose_entry_no_driver_can_serve_any_more_stops_no_running_store() -> None:
    """At the start a wrong entry is refused; a file that its options name may be spoilt while the store sells."""
    rig = Rig(crash, well)
    first, rig.bay._build = rig.bay._build, _refused_times(2, rig.bay._build)
    assert first is not None
    async with running(rig) as bay:
        await until(lambda: rig.health is Health.OK)
        assert bay.restarts == 3
    assert any("models.toml is no TOML" in state.reason for state in rig.reported)


def _refused_times(times: int, build: Callable[[Report], Driver]) -> Callable[[Report], Driver]:
    left = iter(range(times))

    def built(report: Report) -> Driver:
        if next(left, None) is not None:
            raise DeviceMisconfigured("models.toml is no TOML")
        return build(report)

    return built


async def test_who_asks_while_a_driver_is_built_anew_is_told_at_once() -> None:
    rig = Rig(crash)
    async with running(rig) as bay:
        await until(lambda: rig.arrivals.waits == 1)
        with pytest.raises(DeviceUnavailable, match="nobody expected this"):
            async with asyncio.timeout(1):
                await bay.ask(lambda each: each.never(), 60)


async def test_a_driver_that_was_given_up_is_not_heard_while_the_next_one_waits() -> None:
    rig = Rig(crash)
    with capture_logs() as logs:
        async with running(rig):
            await until(lambda: rig.arrivals.waits == 1)
            rig.built[0].now(Health.OK)
            assert rig.health is Health.FAILED
    assert [line["event"] for line in logs] == ["driver_failed"]


async def test_a_question_that_is_none_is_no_answer() -> None:
    rig = Rig(well)
    async with running(rig) as bay:
        await until(lambda: rig.health is Health.OK)
        with pytest.raises(DeviceUnavailable, match="TypeError: no coroutine"):
            await bay.ask(lambda each: each.odd(), 1)


async def test_a_driver_whose_readings_end_is_replaced_instead_of_staying_deaf() -> None:
    rig = Rig(well)
    seen = []
    async with running(rig) as bay, asyncio.timeout(5):
        await until(lambda: rig.health is Health.OK)
        async for reading in bay.stream(lambda each: each.few()):
            seen.append(reading)
            if len(seen) == 2:
                break
    assert seen == [7, 7]


async def test_a_driver_that_worked_for_long_is_started_again_soon() -> None:
    waits = Backoff(0.001, 1000.0)
    now = [0.0]
    rig = Rig(well, patience=Patience(opening_s=1, cut_s=0.02, restarts=9, within_s=60.0, slow_s=30.0))
    rig.bay._backoff, rig.bay._now = waits, lambda: now[0]
    async with running(rig) as bay:
        for number in range(1, 8):
            await until(lambda built=number: len(rig.built) == built and rig.health is Health.OK)  # type: ignore[misc]
            now[0] += 61
            with pytest.raises(DeviceUnavailable):
                await bay.ask(lambda each: each.broken(), 1)
        await until(lambda: len(rig.built) == 8)
    assert waits.wait_s() <= 0.002
