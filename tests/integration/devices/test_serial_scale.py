"""Serial scales on a pseudo-terminal: found by themselves, torn, spoilt, stuck, unplugged, and never a weight that nobody weighed."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.framing import Parity7
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, Stable, Weight
from devices.registry import DeviceSettings, open_device
from devices.scale_serial.detect import detect
from devices.scale_serial.driver import SerialScale
from devices.scale_serial.options import ScaleOptions
from devices.transport.address import open_transport, parse_address
from firmware_sim.scale import ScaleSim
from firmware_sim.wire import PtyWire, TcpWire
from tests.waiting import HANG_S, until

QUICK = ScaleOptions(poll_s=0.02, answer_s=0.2)
DETECTED = {
    "toledo8217": "generic-toledo8217",
    "nci_ecr": "generic-nci",
    "nci_7800": "generic-nci",
    "cas": "generic-cas",
    "os2": "pinnacle-os2",
    "os2_continuous": "pinnacle-os2-continuous",
    "cas22": "cas-continuous",
    "icl": "generic-icl",
    "text": "text-kg",
    "reversed": "yaohua-reversed",
}


def simulated(
    folder: Path, voice: str, *, settle_s: float = 0.0, profile: str = "normal", parity: str = "none"
) -> ScaleSim:
    wire = PtyWire(folder / "scale")
    return ScaleSim(wire, voice, settle_s=settle_s, speak_every_s=0.02, profile=profile, parity=parity)


@asynccontextmanager
async def running(
    sim: ScaleSim, model: str, options: ScaleOptions = QUICK, backoff: Backoff | None = None
) -> AsyncIterator[SerialScale]:
    scale = SerialScale("scale-1", sim.address, model, options, backoff=backoff or Backoff(0.01, 0.02))
    task = asyncio.create_task(scale.run())
    try:
        yield scale
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _ok(scale: SerialScale) -> None:
    await until(lambda: scale.state.health is Health.OK)


async def _shown(scale: SerialScale, reason: Reason) -> Weight:
    async with asyncio.timeout(HANG_S):
        async for reading in scale.readings():
            if isinstance(reading, NotReady) and reading.reason is reason:
                return reading
    raise AssertionError


async def _refused(scale: SerialScale, reason: Reason) -> None:
    """Weigh until it is refused for that; a weight is no refusal."""
    async with asyncio.timeout(HANG_S):
        while True:
            verdict = await scale.weigh(0.05)
            assert isinstance(verdict, NotReady), verdict
            if verdict.reason is reason:
                return


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.req(157)
@pytest.mark.parametrize("voice", DETECTED)
async def test_a_scale_is_found_by_what_it_says(voice: str, tmp_path: Path) -> None:
    async with simulated(tmp_path, voice) as sim:
        sim.handle({"put": 455})
        transport = await open_transport(parse_address(sim.address))
        found = await detect(transport)
        await transport.close()
        assert found is not None
        assert (found.model, found.parity) == (DETECTED[voice], Parity7.NONE)
        assert found.reading.weight_g == 455
        assert sim.look().shown_g == 455  # nothing was zeroed or tared on the way


@pytest.mark.parametrize("voice", ["toledo8217", "nci_ecr", "icl"])
async def test_seven_bits_with_parity_are_found_on_a_line_of_eight(voice: str, tmp_path: Path) -> None:
    async with simulated(tmp_path, voice, parity="even") as sim:
        sim.handle({"put": 455})
        async with running(sim, "auto") as scale:
            await _ok(scale)
            assert (await scale.weigh(5.0)).weight_g == 455
        given = ScaleOptions(poll_s=0.02, answer_s=0.2, parity=Parity7.EVEN)
        async with running(sim, DETECTED[voice], given) as scale:
            await _ok(scale)


async def test_what_speaks_no_known_protocol_is_told(tmp_path: Path) -> None:
    async with simulated(tmp_path, "cas", profile="mute") as sim, running(sim, "auto") as scale:
        await until(lambda: scale.state.health is Health.ABSENT)
        assert "no scale protocol" in scale.state.reason
        sim.handle({"profile": "normal"})
        await until(lambda: scale.state.health is Health.OK)
        assert scale.model.protocol == "cas"


async def test_over_tcp(tmp_path: Path) -> None:
    async with ScaleSim(TcpWire(), "cas", settle_s=0.01) as sim, running(sim, "cas-pd2") as scale:
        await _ok(scale)
        sim.handle({"put": 455})
        assert await scale.weigh(5.0) == Stable(455)


async def test_f46_spoilt_check_bytes_sell_nothing(tmp_path: Path) -> None:
    async with simulated(tmp_path, "cas") as sim, running(sim, "cas-pd2") as scale:
        await _ok(scale)
        sim.handle({"bad_bcc": 2})
        sim.handle({"put": 455})
        assert await scale.weigh(5.0) == Stable(455)
        assert scale.counts["garbled"] == 2
        sim.handle({"bad_bcc": 1_000_000})
        with pytest.raises(DeviceUnavailable, match="makes no sense"):
            await scale.weigh(30)


async def test_f46_a_garbling_scale_is_named_and_its_weight_not_taken(tmp_path: Path) -> None:
    async with (
        simulated(tmp_path, "toledo8217", profile="garbage") as sim,
        running(sim, "mettler-ariva") as scale,
    ):
        await until(lambda: scale.state.health is Health.ABSENT)
        assert "makes no sense" in scale.state.reason
        sim.handle({"profile": "normal"})
        await _ok(scale)


async def test_half_an_answer_and_noise_are_survived(tmp_path: Path) -> None:
    async with simulated(tmp_path, "cas") as sim, running(sim, "cas-pd2") as scale:
        await _ok(scale)
        sim.handle({"put": 455})
        for fault in ("half", "garbage", "half"):
            sim.handle({"fault": fault})
            weight = await scale.weigh(5.0)
            assert weight == Stable(455)
            sim.handle({"take": True})
            await _until_zero(scale)
            sim.handle({"put": 455})


async def _until_zero(scale: SerialScale) -> None:
    async with asyncio.timeout(HANG_S):
        async for reading in scale.readings():
            if reading == Stable(0):
                return


async def test_f46_a_stuck_display_is_told_and_not_sold(tmp_path: Path) -> None:
    options = ScaleOptions(poll_s=0.02, answer_s=0.2, stuck_s=0.3)
    async with simulated(tmp_path, "toledo8217") as sim, running(sim, "mettler-ariva", options) as scale:
        await _ok(scale)
        sim.handle({"put": 455})
        assert await scale.weigh(5.0) == Stable(455)
        sim.handle({"stuck": True})
        sim.handle({"take": True})
        await until(lambda: scale.state.health is Health.DEGRADED)
        assert "same weight" in scale.state.reason
        await _refused(scale, Reason.STUCK)
        sim.handle({"stuck": False})
        await _ok(scale)


@pytest.mark.parametrize("voice", ["toledo8217", "nci_ecr", "cas", "cas22", "os2"])
async def test_f46_another_unit_is_refused_and_told(voice: str, tmp_path: Path) -> None:
    async with (
        simulated(tmp_path, voice) as sim,
        running(sim, DETECTED[voice]) as scale,
    ):
        await _ok(scale)
        sim.handle({"unit": "lb"})
        sim.handle({"put": 455})
        await _refused(scale, Reason.WRONG_UNIT)
        assert scale.state.health is Health.DEGRADED
        sim.handle({"unit": "kg"})
        assert await scale.weigh(5.0) == Stable(455)
        await _ok(scale)


async def test_f46_a_load_on_it_when_it_is_switched_on_is_no_zero(tmp_path: Path) -> None:
    async with (
        simulated(tmp_path, "toledo8217") as sim,
        running(sim, "mettler-ariva") as scale,
    ):
        await _ok(scale)
        sim.handle({"put": 2000})
        sim.handle({"restart": True})
        await _refused(scale, Reason.ZERO_ERROR)
        sim.handle({"take": True})
        sim.handle({"restart": True})
        sim.handle({"put": 455})
        assert await scale.weigh(5.0) == Stable(455)


@pytest.mark.parametrize("voice", ["toledo8217", "cas22"])
async def test_a_frozen_scale_is_lost_by_its_deadline_and_comes_back(voice: str, tmp_path: Path) -> None:
    options = ScaleOptions(poll_s=0.02, answer_s=0.1)
    async with simulated(tmp_path, voice) as sim, running(sim, DETECTED[voice], options) as scale:
        await _ok(scale)
        sim.handle({"fault": "freeze"})
        await until(lambda: scale.state.health is Health.ABSENT)
        assert "does not answer" in scale.state.reason
        sim.handle({"fault": "thaw"})
        sim.handle({"put": 455})
        await _ok(scale)
        assert await scale.weigh(5.0) == Stable(455)


class LateTransport:
    """A scale that answers its first question after the driver has given it up, and the second one at once."""

    address = "late"

    def __init__(self) -> None:
        self.bytes: asyncio.Queue[bytes] = asyncio.Queue()
        self.asked = 0

    async def read(self, limit: int = 4096) -> bytes:
        return self.bytes.get_nowait() if not self.bytes.empty() else await self.bytes.get()

    async def write(self, data: bytes) -> None:
        self.asked += 1
        if self.asked == 1:
            asyncio.get_running_loop().call_later(0.1, self.bytes.put_nowait, b"\x0200.455\r")
        else:
            self.bytes.put_nowait(b"\x0201.235\r")

    async def close(self) -> None:
        return


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    scale, line = SerialScale("s", "/dev/x", "mettler-ariva", ScaleOptions(poll_s=0.2, answer_s=0.02)), LateTransport()
    task = asyncio.create_task(scale.serve(line))
    seen: list[Weight] = []
    async with asyncio.timeout(HANG_S):
        async for reading in scale.readings():
            seen.append(reading)
            if isinstance(reading, Stable):
                break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen == [Stable(1235)]


async def test_slowed_to_a_crawl_it_is_lost_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with simulated(tmp_path, "toledo8217") as sim, running(sim, "mettler-ariva") as scale:
        await _ok(scale)
        sim.handle({"fault": "slow", "bytes_per_s": 1})
        await until(lambda: scale.state.health is Health.ABSENT)
        sim.handle({"fault": "fast"})
        await _ok(scale)


async def test_f45_replugged_many_times_it_leaks_nothing_and_logs_each_outage_once(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with (
            simulated(tmp_path, "toledo8217") as sim,
            running(sim, "mettler-ariva", backoff=Backoff(0.001, 0.003)) as scale,
        ):
            await _ok(scale)
            open_before = _open_files()
            for number in range(100):
                sim.handle({"fault": "unplug"})
                await until(lambda: scale.state.health is Health.ABSENT)
                sim.handle({"fault": "replug"})
                await _ok(scale)
                if number % 20 == 0:
                    sim.handle({"put": 455})
                    assert await scale.weigh(5.0) == Stable(455)
                    sim.handle({"take": True})
                    await _until_zero(scale)
            await until(lambda: _open_files() <= open_before)
    assert [entry["event"] for entry in logs] == ["device_lost", "device_recovered"] * 100


async def test_the_settings_make_it_and_say_what_is_wrong(tmp_path: Path) -> None:
    made = open_device(DeviceSettings("s", "scale_serial", "/dev/ttyS9", "mettler-ariva", {"minimum_g": 40}))
    assert isinstance(made, SerialScale)
    assert made.around.resolve("/dev/ttyS9") == "serial:/dev/ttyS9?baud=9600&bits=7&parity=even"
    assert made.around.resolve("serial:/dev/ttyS9?baud=4800") == "serial:/dev/ttyS9?baud=4800"
    assert made.around.resolve("tcp:10.0.0.7:4001") == "tcp:10.0.0.7:4001"
    bad = tmp_path / "bad.toml"
    bad.write_text('[x]\ntitle = "x"\nprotocol = "pattern"\npattern = { regex = "(?P<weight>[0-9]+)" }\n')
    for profile, options, said in (
        ("merkur", {}, "mettler-ariva"),
        ("", {"poll_s": 99}, "poll_s 99"),
        ("", {"remove": "later"}, "later"),
        ("auto", {"models": "/nowhere/scales.toml"}, "cannot be read"),
        ("auto", {"models": str(bad)}, "settle_s"),
        ("mettler-ariva", {"minimum_g": 99_999}, "minimum"),
    ):
        with pytest.raises(DeviceMisconfigured, match=said):
            open_device(DeviceSettings("s", "scale_serial", "/dev/ttyS9", profile, options))  # type: ignore[arg-type]


async def test_the_child_process_weighs_what_it_is_told(tmp_path: Path) -> None:
    pipe, link = asyncio.subprocess.PIPE, tmp_path / "scale"
    words = ("-m", "firmware_sim.scale", "--voice", "cas", "--link", str(link), "--settle", "0.01")
    child = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=pipe, stdout=pipe)
    assert child.stdin is not None
    assert child.stdout is not None
    scale = SerialScale("scale-1", str(link), "cas-pd2", QUICK, backoff=Backoff(0.01, 0.02))
    task = asyncio.create_task(scale.run())
    try:
        async with asyncio.timeout(20):
            assert json.loads(await child.stdout.readline()) == {"address": str(link)}
            await _ok(scale)
            child.stdin.write(b'{"put": 455}\nnonsense\n')
            assert await scale.weigh(10.0) == Stable(455)
            assert json.loads(await child.stdout.readline())["on_platter_g"] == 455
            assert "error" in json.loads(await child.stdout.readline())
            child.send_signal(signal.SIGTERM)
            assert await child.wait() == 0
            await until(lambda: scale.state.health is Health.ABSENT)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if child.returncode is None:
            child.kill()
