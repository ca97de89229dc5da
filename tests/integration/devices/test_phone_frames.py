"""Frames of phones through the same reader as a till's camera: votes over a session, limits that hold under a flood."""

import asyncio
from pathlib import Path

import pytest

from devices.camera_file.driver import FileCamera
from devices.camera_file.intake import IntakeLimits
from devices.errors import PictureRefused, TooManyFrames
from firmware_sim.camera import CameraSim
from tests.waiting import until

pytest.importorskip("cv2")
pytest.importorskip("zxingcpp")

TEA = "6901234567892"


@pytest.fixture
async def frame() -> bytes:
    async with CameraSim(size=(960, 540)) as sim:
        sim.handle({"show": [TEA]})
        return sim.picture()


@pytest.mark.req(176)
async def test_r176_frames_of_one_phone_make_a_code_certain_once(frame: bytes) -> None:
    camera = FileCamera("camera-1")
    told = [scan for _ in range(6) for scan in await camera.look("phone-1", frame)]
    assert [(scan.data, scan.symbology) for scan in told] == [(TEA, "]E0")]
    assert [scan.data for _ in range(4) for scan in await camera.look("phone-2", frame)] == [TEA]


@pytest.mark.req(176)
async def test_r176_a_frame_over_the_limit_of_pixels_is_refused_by_its_head(frame: bytes) -> None:
    camera = FileCamera("camera-1", limits=IntakeLimits(frame_pixels=100_000))
    with pytest.raises(PictureRefused, match="960×540 pixels is over the limit of 100000"):
        await camera.look("phone-1", frame)
    with pytest.raises(PictureRefused, match="no BMP, JPEG, PNG, WEBP picture"):
        await camera.look("phone-1", b"GIF89a")
    assert camera.counts["refused"] == 2
    assert await camera.read(frame)  # what the till itself is given has its own limit


@pytest.mark.req(176)
async def test_f47_phones_that_flood_are_refused_and_the_tills_pictures_are_read_meanwhile(frame: bytes) -> None:
    camera = FileCamera("camera-1")

    async def flood(name: str) -> int:
        refused = 0
        for _ in range(40):
            try:
                await camera.look(name, frame)
            except TooManyFrames:
                refused += 1
        return refused

    floods = [asyncio.create_task(flood(f"phone-{number}")) for number in range(8)]
    await until(lambda: camera.counts["too_fast"] > 0)
    scans = await camera.read(Path(__file__).parents[2] / "data/barcode-images/ean13-3-02.png")
    assert [scan.data for scan in scans] == ["9780764544200"]
    assert all(refused >= 25 for refused in await asyncio.gather(*floods))
