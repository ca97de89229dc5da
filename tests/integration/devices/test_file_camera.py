"""The file camera on photographs: what it must read, what it must never invent."""

import asyncio
import csv
from collections import defaultdict
from pathlib import Path

import pytest

from devices.camera_file.driver import FileCamera
from devices.errors import DeviceUnavailable, PictureRefused
from devices.ports import Health
from devices.vision import picture
from tests.corpora import corpus
from tests.waiting import until

pytest.importorskip("cv2")
pytest.importorskip("zxingcpp")

PICTURES = sorted((Path(__file__).parents[2] / "data/barcode-images").glob("*.png"))
READ = {  # where our form is not the set's own
    "rss14-1-2": "0100821935106427",
    "upce-1-1": "0012345000065",
    "upca-3-02": "0049000042566",
}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
async def test_photographs(path: Path) -> None:
    camera = FileCamera("camera")
    scans = await camera.read(path)
    assert [scan.data for scan in scans] == [READ.get(path.stem, path.with_suffix(".txt").read_text("utf-8").strip())]
    assert camera.counts == {"read": 1}


async def test_bytes_are_as_good_as_files_and_refusals_are_counted() -> None:
    camera = FileCamera("camera")
    assert [scan.data for scan in await camera.read(PICTURES[0].read_bytes())] == ["10064908"]
    with pytest.raises(PictureRefused):
        await camera.read(b"no picture")
    assert camera.counts == {"read": 1, "refused": 1}
    assert camera.state.health is Health.OK


async def test_many_pictures_at_once_are_read_one_by_one() -> None:
    camera = FileCamera("camera")
    results = await asyncio.gather(*(camera.read(path) for path in PICTURES * 3))
    assert all(results)


async def test_without_the_extra_the_camera_is_absent_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise DeviceUnavailable("camera", f"{name} cannot be loaded: install shopwire[vision]")

    monkeypatch.setattr("devices.camera_file.driver.vision_module", missing)
    monkeypatch.setattr(picture, "vision_module", missing)
    camera = FileCamera("camera")
    running = asyncio.create_task(camera.run())
    await until(lambda: camera.state.health is Health.ABSENT)
    assert "shopwire[vision]" in camera.state.reason
    with pytest.raises(DeviceUnavailable):
        await camera.read(PICTURES[0])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_quarter_of_the_public_set_is_read_with_at_most_two_wrong_texts() -> None:
    # Every other picture is read by test_reader.py, all of them by benchmarks/reader_pictures.py.
    folder = corpus("barcodes")
    wanted: dict[str, set[str]] = defaultdict(set)
    allowed: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader((folder / "truth.csv").read_text("utf-8").splitlines()):
        (allowed if row["group"].endswith("#extra") else wanted)[row["file"]].add(_bare(row["text"]))
    camera, read, wrong = FileCamera("camera"), 0, []
    sample = dict(sorted(wanted.items())[1::4])
    for name, texts in sample.items():
        found = {_bare(scan.data) for scan in await camera.read(folder / name)}
        read += bool(found & texts)
        wrong += [name] if found - texts - allowed[name] else []
    with_code = sum(texts != {""} for texts in sample.values())
    assert read / with_code >= 0.80, f"{read} of {with_code}"
    assert len(wrong) <= 2, wrong


def _bare(text: str) -> str:
    """The set's truth knows neither brackets nor separators."""
    return text.translate(str.maketrans("", "", "\x1d()"))
