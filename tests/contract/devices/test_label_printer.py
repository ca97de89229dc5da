"""What every label printer does: the double, both drivers on the simulated device through real transports, and real ones (-m hardware)."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.label import LabelDocument, Linear, Symbology, Text
from devices.label_tspl.driver import Tspl
from devices.label_tspl.model import TsplModel
from devices.label_zpl.driver import Zpl
from devices.label_zpl.model import ZplModel
from devices.labelling.language import Language
from devices.labelling.press import LabelPress, PressOptions
from devices.memory_label import MemoryLabelPrinter
from devices.ports.label import BatchProgress, LabelBatch, LabelPrinter, LabelRun
from devices.ports.printer import JobState
from devices.registry import DeviceSettings, open_device
from firmware_sim.label import LabelSim
from firmware_sim.wire import PtyWire, TcpWire
from tests.waiting import until


class Bench(Protocol):
    """A printer and the hands at it."""

    printer: LabelPrinter

    def printed(self) -> int: ...
    def load(self, labels: int | None) -> None: ...
    def head(self, *, is_open: bool) -> None: ...
    def plug(self, *, plugged: bool) -> None: ...
    def mute(self) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryLabelPrinter("labels-1")
        self.printer: LabelPrinter = self.double

    def printed(self) -> int:
        return len(self.double.printed)

    def load(self, labels: int | None) -> None:
        self.double.load(labels)

    def head(self, *, is_open: bool) -> None:
        self.double.set(head_open=is_open)

    def plug(self, *, plugged: bool) -> None:
        self.double.set(unplugged=not plugged)

    def mute(self) -> None:
        self.double.set(mute=True)


class SimulatedBench:
    def __init__(self, sim: LabelSim, printer: LabelPress) -> None:
        self.sim = sim
        self.printer: LabelPrinter = printer

    def printed(self) -> int:
        return self.sim.mechanism.printed

    def load(self, labels: int | None) -> None:
        self.sim.mechanism.load(labels)

    def head(self, *, is_open: bool) -> None:
        self.sim.mechanism.set("head_open", is_open)

    def plug(self, *, plugged: bool) -> None:
        if plugged:
            self.sim.wire.replug()
        else:
            self.sim.wire.unplug()

    def mute(self) -> None:
        self.sim.mute = True


FAST = PressOptions(reply_s=0.15, poll_s=0.05, look_s=0.01)
LANGUAGES: dict[str, Language] = {
    "zpl": Zpl(ZplModel(counts_current=True, settle_s=0.1)),
    "zpl-clone": Zpl(ZplModel(settle_s=0.1)),
    "zpl-silent": Zpl(ZplModel(settle_s=0.1)),
    "tspl": Tspl(TsplModel(settle_s=0.2)),
    "tspl-line": Tspl(TsplModel(settle_s=0.2, status="line")),
}
PROFILES = {"zpl-clone": "clone", "zpl-silent": "silent"}


@asynccontextmanager
async def simulated(kind: str, folder: Path) -> AsyncIterator[SimulatedBench]:
    wire = PtyWire(folder / "printer") if "clone" in kind or "line" in kind else TcpWire()
    async with (
        LabelSim(wire, "tspl" if "tspl" in kind else "zpl", PROFILES.get(kind, "normal")) as sim,
        asyncio.TaskGroup() as tasks,
    ):
        press = LabelPress("labels-1", sim.address, LANGUAGES[kind], FAST, backoff=Backoff(0.01, 0.02))
        running = tasks.create_task(press.run())
        await until(lambda: press.state.health.works)
        yield SimulatedBench(sim, press)
        running.cancel()


@pytest.fixture(params=["memory", *LANGUAGES])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield MemoryBench()
        return
    async with simulated(request.param, tmp_path) as made:
        yield made


def label(number: int) -> LabelDocument:
    code = Linear(Symbology.CODE128, f"N-{number}", 2, 10, 50, 12)
    return LabelDocument(60, 40, (Text(f"标签 {number}", 2, 2, 50, 4), code))


def batch(*copies: int, patience_s: float = 5) -> LabelBatch:
    return LabelBatch("batch-1", tuple(LabelRun(label(n), count) for n, count in enumerate(copies)), patience_s)


async def test_a_batch_is_printed_once_with_progress(bench: Bench) -> None:
    told: list[BatchProgress] = []
    outcome = await bench.printer.print_batch(batch(1, 3, 1), told.append)
    assert (outcome.state, outcome.printed, outcome.unknown, outcome.reason) == (JobState.PRINTED, 5, 0, "")
    assert [run.printed for run in outcome.runs] == [1, 3, 1]
    assert bench.printed() == 5
    assert [one.printed for one in told] == sorted(one.printed for one in told)
    assert (told[-1].printed, told[-1].total) == (5, 5)


async def test_a_ready_printer_says_so(bench: Bench) -> None:
    status = await bench.printer.label_status()
    assert (status.ready, status.paper_out, status.head_open, status.stopped_by) == (True, False, False, "")


async def test_a_roll_that_ends_is_waited_for_and_nothing_is_printed_twice(bench: Bench) -> None:
    bench.load(2)
    told: list[BatchProgress] = []
    printing = asyncio.create_task(bench.printer.print_batch(batch(1, 1, 1, 1, 1), told.append))
    await until(lambda: any(one.waiting_for for one in told))
    assert bench.printed() == 2
    assert not printing.done()
    bench.load(None)
    outcome = await printing
    assert (outcome.state, outcome.printed) == (JobState.PRINTED, 5)
    assert bench.printed() == 5


async def test_an_open_head_before_the_first_label_fails_for_certain(bench: Bench) -> None:
    bench.head(is_open=True)
    outcome = await bench.printer.print_batch(batch(2, patience_s=0.3))
    assert (outcome.state, outcome.printed, outcome.unknown) == (JobState.FAILED, 0, 0)
    assert outcome.reason
    await until(lambda: not bench.printer.state.health.works)
    bench.head(is_open=False)
    assert bench.printed() == 0
    rest = outcome.rest(batch(2), "batch-2")
    assert rest is not None
    assert (await bench.printer.print_batch(rest)).state is JobState.PRINTED
    assert bench.printed() == 2


async def test_past_its_patience_it_says_what_is_known_and_the_rest_can_be_printed(bench: Bench) -> None:
    bench.load(3)
    whole = batch(1, 1, 1, 1, 1, 1, patience_s=0.5)
    outcome = await bench.printer.print_batch(whole)
    assert outcome.state in (JobState.FAILED, JobState.UNKNOWN)
    assert outcome.printed <= 3 <= outcome.printed + outcome.unknown
    assert outcome.reason
    assert outcome.printed + outcome.unknown < 6
    bench.load(None)
    held = outcome.printed + outcome.unknown
    await until(lambda: bench.printed() in (held, 3))
    rest = outcome.rest(whole, "batch-2")
    assert rest is not None
    assert rest.total == 6 - held
    assert (await bench.printer.print_batch(rest)).state is JobState.PRINTED
    assert bench.printed() in (
        6,
        6 - held + 3,
    )  # what it held came out by itself; where it held nothing, a person knows


async def test_an_unplugged_printer_fails_at_once_and_has_no_status(bench: Bench) -> None:
    bench.plug(plugged=False)
    await until(lambda: not bench.printer.state.health.works)
    outcome = await bench.printer.print_batch(batch(1))
    assert (outcome.state, outcome.printed, outcome.unknown) == (JobState.FAILED, 0, 0)
    with pytest.raises(DeviceUnavailable):
        await bench.printer.label_status()
    bench.plug(plugged=True)
    await until(lambda: bench.printer.state.health.works)
    assert (await bench.printer.print_batch(batch(1))).state is JobState.PRINTED


async def test_two_batches_at_once_come_out_one_after_the_other(bench: Bench) -> None:
    both = await asyncio.gather(bench.printer.print_batch(batch(2)), bench.printer.print_batch(batch(3)))
    assert [outcome.state for outcome in both] == [JobState.PRINTED] * 2
    assert bench.printed() == 5


async def test_silence_is_no_state(bench: Bench) -> None:
    bench.mute()
    status = await bench.printer.label_status()
    assert (status.ready, status.paper_out, status.busy) == (None, None, None)


@pytest.mark.parametrize("language", ["zpl", "tspl"])
async def test_a_model_that_never_answers_prints_and_everything_is_unknown(language: str) -> None:
    silent = Zpl(ZplModel(answers=False)) if language == "zpl" else Tspl(TsplModel(status="none"))
    async with (
        LabelSim(TcpWire(), "zpl" if language == "zpl" else "tspl", "mute") as sim,
        asyncio.TaskGroup() as tasks,
    ):
        press = LabelPress("labels-1", sim.address, silent, FAST)
        running = tasks.create_task(press.run())
        await until(lambda: press.state.health.works)
        outcome = await press.print_batch(batch(2, 1))
        assert (outcome.state, outcome.printed, outcome.unknown) == (JobState.UNKNOWN, 0, 3)
        await until(lambda: sim.mechanism.printed == 3)
        running.cancel()


@pytest.mark.hardware
async def test_a_real_label_printer_prints_and_knows_it() -> None:
    """SHOPWIRE_DEVICE=label_zpl:ADDRESS or label_tspl:ADDRESS, SHOPWIRE_PROFILE=MODEL; labels of at least 60 × 40 mm."""
    kind, _, address = os.environ.get("SHOPWIRE_DEVICE", "").partition(":")
    if not kind.startswith("label"):
        pytest.skip("SHOPWIRE_DEVICE names no label printer, such as label_zpl:tcp:192.168.1.60:9100")
    press = open_device(DeviceSettings("labels-1", kind, address, os.environ.get("SHOPWIRE_PROFILE", "")))
    assert isinstance(press, LabelPress)
    running = asyncio.create_task(press.run())
    try:
        await until(lambda: press.state.health.works)
        outcome = await press.print_batch(batch(2, 1, patience_s=20))
        assert (outcome.state, outcome.printed) == (JobState.PRINTED, 3)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
