"""What every signal light owes: the newest signal, flashing that is seen, the same again after a loss."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from devices import flashing
from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured
from devices.flashing import Flashing, burning_of
from devices.light_gpio.driver import GpioLight, GpioOptions, open_gpiod
from devices.light_relay.codec import BOARDS, encode, explain
from devices.light_relay.driver import RelayLight, RelayOptions
from devices.memory_light import MemoryLight
from devices.ports import Health
from devices.ports.light import Colour, Signal, SignalLight
from firmware_sim.light import LightSim
from firmware_sim.wire import PtyWire
from tests.waiting import until

GREEN = Signal(frozenset({Colour.GREEN}))
RED_FLASHES = Signal(frozenset({Colour.RED}), frozenset({Colour.RED}))


class FakeLines:
    """Lines of a chip that is a dictionary."""

    def __init__(self) -> None:
        self.burning: dict[int, bool] = {}
        self.taken = self.released = 0
        self.gone = False

    def __call__(self, _: str, __: GpioOptions) -> "FakeLines":
        if self.gone:
            raise FileNotFoundError(2, "No such file or directory")
        self.taken += 1
        return self

    def set(self, burning: dict[int, bool]) -> None:
        if self.gone:
            raise OSError(19, "No such device")
        self.burning |= burning

    def release(self) -> None:
        self.released += 1


class Bench:
    """A light under test: what burns, and how to take it away."""

    def __init__(self, light: SignalLight, burning: Callable[[], set[str]], away: Any = None, back: Any = None) -> None:
        self.light, self.burning, self.away, self.back = light, burning, away, back


@pytest.fixture(params=["memory", "relay", "gpio"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    if request.param == "memory":
        memory = MemoryLight()
        yield Bench(
            memory, lambda: {c.value for c in burning_of(memory.signals[-1], dark=False)} if memory.signals else set()
        )
    elif request.param == "gpio":
        lines = FakeLines()
        gpio = GpioLight("light-1", "/dev/gpiochip0", GpioOptions(), open_lines=lines)
        names = {17: "green", 27: "yellow", 22: "red"}
        yield Bench(gpio, lambda: {names[line] for line, on in lines.burning.items() if on})
    else:
        async with LightSim(PtyWire(tmp_path / "light")) as sim:
            relay = RelayLight("light-1", sim.address, BOARDS.named("lcus"), RelayOptions())
            relay._backoff = Backoff(0.005, 0.02)
            yield Bench(relay, lambda: {lamp for lamp, on in sim.lamps.items() if on}, sim.wire.unplug, sim.wire.replug)


@pytest.fixture
async def running(bench: Bench) -> AsyncIterator[Bench]:
    task = asyncio.create_task(bench.light.run())
    await until(lambda: bench.light.state.health is Health.OK)
    yield bench
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_newest_signal_burns(running: Bench) -> None:
    running.light.signal(RED_FLASHES)
    running.light.signal(GREEN)
    await until(lambda: running.burning() == {"green"})
    running.light.signal(Signal())
    await until(lambda: running.burning() == set())


async def test_a_signal_given_before_the_light_is_there_is_not_lost(bench: Bench) -> None:
    bench.light.signal(GREEN)
    task = asyncio.create_task(bench.light.run())
    await until(lambda: bench.burning() == {"green"})
    task.cancel()


async def test_after_a_loss_the_newest_signal_burns_again(running: Bench) -> None:
    if running.away is None:
        pytest.skip("it cannot be taken away")
    with capture_logs() as logs:
        for signal, lamps in ((GREEN, {"green"}), (Signal(frozenset({Colour.YELLOW})), {"yellow"})):
            running.away()
            await until(lambda: running.light.state.health is Health.ABSENT)
            running.light.signal(signal)
            running.back()
            await until(lambda lamps=lamps: running.burning() == lamps)  # type: ignore[misc]
            await until(lambda: running.light.state.health is Health.OK)
    events = [line["event"] for line in logs]
    assert (events.count("device_lost"), events.count("device_recovered")) == (2, 2)


async def test_flashing_beats_and_a_new_signal_begins_with_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flashing, "HALF_PERIOD_S", 0.01)
    lamps, told = Flashing(), []

    async def switch(burning: frozenset[Colour]) -> None:
        told.append(set(burning))

    playing = asyncio.create_task(lamps.play(switch))
    lamps.signal(Signal(frozenset({Colour.GREEN}), frozenset({Colour.RED})))
    await until(lambda: len(told) >= 6)
    assert told[:1] == [set()] or told[0] == {Colour.GREEN, Colour.RED}
    both, steady = {Colour.GREEN, Colour.RED}, {Colour.GREEN}
    first = told.index(both)
    assert told[first : first + 4] == [both, steady, both, steady]
    lamps.signal(GREEN)
    await until(lambda: told[-1] == steady)
    playing.cancel()


async def test_a_chip_that_goes_away_is_told_and_its_lines_are_given_back() -> None:
    lines = FakeLines()
    light = GpioLight("light-1", "/dev/gpiochip0", GpioOptions(), open_lines=lines)
    task = asyncio.create_task(light.run())
    await until(lambda: light.state.health is Health.OK)
    lines.gone = True
    light.signal(GREEN)
    await until(lambda: light.state.health is Health.ABSENT)
    assert "No such device" in light.state.reason
    assert lines.released == lines.taken
    lines.gone = False
    await until(lambda: lines.burning.get(17) is True)
    task.cancel()


async def test_a_box_without_gpio_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        open_gpiod("/dev/gpiochip-none", GpioOptions())


def test_golden_bytes_of_the_boards() -> None:
    wiring = RelayOptions().wiring()
    assert (
        encode(frozenset({Colour.RED}), wiring, BOARDS.named("lcus")).hex(" ") == "a0 01 00 a1 a0 02 00 a2 a0 03 01 a4"
    )
    assert encode(frozenset({Colour.GREEN}), {Colour.GREEN: 1}, BOARDS.named("ascii")) == b"relay on 0\r"
    said = [meaning.text for meaning in explain(bytes.fromhex("a00101a2 a00200ff 00"))]
    assert said == ["relay 1 on", "relay 2 off, wrong sum", "no command: 00"]


@pytest.mark.parametrize("options", [RelayOptions(green=1, red=1), RelayOptions(red=9)])
def test_wiring_that_cannot_be_is_refused(options: RelayOptions) -> None:
    with pytest.raises(DeviceMisconfigured, match="relay of its own, 1 to 8"):
        RelayLight("light-1", "/dev/ttyUSB0", BOARDS.named("lcus"), options)
    with pytest.raises(DeviceMisconfigured, match="no GPIO chip"):
        GpioLight("light-1", "/dev/ttyUSB0", GpioOptions())
