"""What every receipt printer does: the double, and the real driver on the simulated device."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

import pytest

from devices.errors import DeviceUnavailable
from devices.memory import MemoryPrinter
from devices.ports import JobState, Paper, PrintJob, ReceiptPrinter
from devices.printer_escpos.driver import EscPosPrinter, PrinterOptions
from devices.printer_escpos.profile import profile_named
from devices.receipt import Cut, ReceiptDocument, Text
from firmware_sim.printer import PrinterSim


class Bench(Protocol):
    """A printer and the hands at it."""

    printer: ReceiptPrinter

    def printed(self) -> int: ...
    def fault(self, name: str, *, on: bool) -> None: ...


class MemoryBench:
    def __init__(self) -> None:
        self.double = MemoryPrinter("printer-1")
        self.printer: ReceiptPrinter = self.double

    def printed(self) -> int:
        return len(self.double.printed)

    def fault(self, name: str, *, on: bool) -> None:
        setattr(self.double, {"unplug": "unplugged"}.get(name, name), on)


class SimulatedBench:
    def __init__(self, sim: PrinterSim, profile: str) -> None:
        self.sim = sim
        options = PrinterOptions(connect_s=1, reply_s=0.1, mute_s=0.2, poll_s=0.1)
        address = f"tcp:127.0.0.1:{sim.port}"
        self.printer: ReceiptPrinter = EscPosPrinter("printer-1", address, profile_named(profile), options)

    def printed(self) -> int:
        return len(self.sim.receipts)

    def fault(self, name: str, *, on: bool) -> None:
        sim = self.sim
        actions: dict[tuple[str, bool], Callable[[], None]] = {
            ("paper_out", True): sim.run_out_of_paper,
            ("paper_out", False): sim.load_paper,
            ("cover_open", True): sim.open_cover,
            ("cover_open", False): sim.close_cover,
            ("unplug", True): sim.power_off,
            ("unplug", False): sim.power_on,
        }
        if name == "mute":
            sim.mute = on
        else:
            actions[name, on]()


@pytest.fixture(params=["memory", "simulated with process id", "simulated with status"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with PrinterSim(model="clone-80" if "status" in request.param else "epson-80") as sim:
        if request.param == "memory":
            yield MemoryBench()
        else:
            yield SimulatedBench(sim, "generic-80" if "status" in request.param else "epson-80")


def job(number: int, deadline_s: float = 5) -> PrintJob:
    return PrintJob(f"job-{number}", ReceiptDocument((Text(f"单号 {number}"), Cut())), deadline_s)


async def test_a_job_is_printed_once_and_tells_its_states(bench: Bench) -> None:
    states: list[JobState] = []
    outcome = await bench.printer.print(job(1), states.append)
    assert (outcome.job_id, outcome.state, outcome.reason) == ("job-1", JobState.PRINTED, "")
    assert states == [JobState.QUEUED, JobState.SENDING, JobState.SENT, JobState.PRINTED]
    assert bench.printed() == 1
    assert bench.printer.state.health.works


async def test_status_of_a_healthy_printer(bench: Bench) -> None:
    status = await bench.printer.status()
    assert (status.online, status.paper, status.cover_open, status.fault) == (True, Paper.OK, False, "")


@pytest.mark.parametrize(
    ("fault", "word"), [("paper_out", "paper"), ("cover_open", "cover"), ("unplug", "not available")]
)
async def test_a_printer_that_cannot_print_fails_the_job_for_certain_and_recovers(
    bench: Bench, fault: str, word: str
) -> None:
    states: list[JobState] = []
    bench.fault(fault, on=True)
    outcome = await bench.printer.print(job(1), states.append)
    assert outcome.state is JobState.FAILED
    assert word in outcome.reason
    assert states == [JobState.QUEUED, JobState.FAILED]
    assert not bench.printer.state.health.works
    assert bench.printer.state.reason
    bench.fault(fault, on=False)
    assert bench.printed() == 0
    assert (await bench.printer.print(job(2))).state is JobState.PRINTED
    assert bench.printed() == 1


async def test_a_mute_printer_ends_as_unknown_and_is_asked_nothing_twice(bench: Bench) -> None:
    bench.fault("mute", on=True)
    outcome = await bench.printer.print(job(1))
    assert outcome.state is JobState.UNKNOWN
    assert outcome.reason
    status = await bench.printer.status()
    assert (status.online, status.paper) == (None, Paper.UNKNOWN)
    assert bench.printed() == 1


async def test_an_unplugged_printer_has_no_status(bench: Bench) -> None:
    bench.fault("unplug", on=True)
    with pytest.raises(DeviceUnavailable):
        await bench.printer.status()
