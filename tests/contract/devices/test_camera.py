"""What every camera does: those that are given pictures, and those that look by themselves; each with its double."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.camera_file.driver import FileCamera
from devices.camera_stream.driver import CameraOptions, StreamCamera
from devices.errors import DeviceIncapable, PictureRefused
from devices.memory import MemoryCamera, MemoryLiveCamera
from devices.ports import Camera, LiveCamera, Scan
from firmware_sim.camera import CameraSim
from tests.waiting import HANG_S, until

PICTURES = Path(__file__).parents[2] / "data/barcode-images"
TEA, RICE = "6901234567892", "9780764544200"


@pytest.fixture(params=["memory", "files"])
def camera(request: pytest.FixtureRequest) -> Camera:
    if request.param == "files":
        pytest.importorskip("cv2")
        pytest.importorskip("zxingcpp")
        return FileCamera("camera-1")
    double = MemoryCamera("camera-1")
    double.seen["ean13-3-02.png"] = [Scan("9780764544200", "]E0", 1.0)]
    return double


async def test_a_code_is_read_with_its_symbology(camera: Camera) -> None:
    scans = await camera.read(PICTURES / "ean13-3-02.png")
    assert [(scan.data, scan.symbology) for scan in scans] == [("9780764544200", "]E0")]
    assert scans[0].received_at > 0
    assert camera.state.health.works


async def test_what_is_no_picture_is_refused_by_both(camera: Camera, tmp_path: Path) -> None:
    with pytest.raises(PictureRefused, match="missing"):
        await camera.read(tmp_path / "missing.png")


class Counter(Protocol):
    """A live camera above a counter, and the hands that lay goods on it."""

    camera: LiveCamera

    def show(self, *codes: str) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...
    async def until_empty(self) -> None: ...


class MemoryCounter:
    def __init__(self) -> None:
        self.double = MemoryLiveCamera("camera-1")
        self.camera: LiveCamera = self.double
        self.show, self.unplug, self.replug = self.double.show, self.double.unplug, self.double.replug

    async def until_empty(self) -> None:
        """It is at once."""


class SimulatedCounter:
    def __init__(self, sim: CameraSim) -> None:
        self.sim = sim
        self.driver = StreamCamera(
            "camera-1", sim.address, CameraOptions(fps=30, stall_s=1.0), backoff=Backoff(0.02, 0.05)
        )
        self.camera: LiveCamera = self.driver
        self.unplug, self.replug = sim.unplug, sim.replug

    def show(self, *codes: str) -> None:
        self.sim.handle({"show": list(codes)})

    async def until_empty(self) -> None:
        await until(lambda: not self.driver.in_view)


@pytest.fixture(params=["memory", "simulated"])
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    async with asyncio.TaskGroup() as tasks:
        if request.param == "memory":
            memory = MemoryCounter()
            running = tasks.create_task(memory.camera.run())
            yield memory
        else:
            pytest.importorskip("cv2")
            pytest.importorskip("zxingcpp")
            async with CameraSim(size=(960, 540), fps=30) as sim:
                simulated = SimulatedCounter(sim)
                running = tasks.create_task(simulated.camera.run())
                yield simulated
                running.cancel()
        running.cancel()


async def _works(counter: Counter) -> None:
    await until(lambda: counter.camera.state.health.works)


async def _read(camera: LiveCamera, count: int) -> set[tuple[str, str | None]]:
    found: list[Scan] = []
    async with asyncio.timeout(HANG_S):
        async for scan in camera:
            found.append(scan)
            if len(found) == count:
                break
    assert all(scan.received_at > 0 for scan in found)
    assert len({scan.data for scan in found}) == count
    return {(scan.data, scan.symbology) for scan in found}


async def test_several_codes_in_view_are_each_told_once(counter: Counter) -> None:
    await _works(counter)
    counter.show(TEA, RICE)
    assert await _read(counter.camera, 2) == {(TEA, "]E0"), (RICE, "]E0")}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await anext(aiter(counter.camera))


async def test_the_same_code_counts_again_after_it_left_the_view(counter: Counter) -> None:
    await _works(counter)
    for _ in range(2):
        counter.show(TEA)
        assert await _read(counter.camera, 1) == {(TEA, "]E0")}
        counter.show()
        await counter.until_empty()


async def test_unplugged_it_says_so_and_plugged_in_it_reads_again(counter: Counter) -> None:
    await _works(counter)
    counter.unplug()
    await until(lambda: not counter.camera.state.health.works)
    assert counter.camera.state.reason
    counter.replug()
    await _works(counter)
    counter.show(RICE)
    assert await _read(counter.camera, 1) == {(RICE, "]E0")}


async def test_what_it_cannot_do_it_says(counter: Counter) -> None:
    can = counter.camera.can
    assert not can.beep
    assert not can.trigger
    with pytest.raises(DeviceIncapable, match="camera-1"):
        await counter.camera.beep(good=True)


async def test_told_to_look_away_it_reads_nothing(counter: Counter) -> None:
    await _works(counter)
    await counter.camera.disable()
    counter.show(TEA)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await anext(aiter(counter.camera))
    counter.show()
    await counter.camera.enable()
    counter.show(RICE)
    assert await _read(counter.camera, 1) == {(RICE, "]E0")}
