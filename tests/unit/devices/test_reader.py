"""Our reader on drawn frames: it finds, reads and invents nothing, and says clearly what it does not take."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("zint")

from benchmarks.rig.camera import Pose, Shot, place, shoot
from benchmarks.rig.frames import samples
from benchmarks.rig.labels import label
from benchmarks.rig.peers import bare
from benchmarks.rig.symbols import KINDS, MATRIX, symbol
from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision import decoders, ladder, locator, picture, reader
from devices.vision.codes import Reading
from devices.vision.ladder import LADDER, Effort
from devices.vision.locator import Block, Grey, bar_regions, block_regions, field
from devices.vision.reader import WHOLE_AFTER_EMPTY, FrameReader, read_picture
from devices.vision.upright import grain, upright_bars


def drawn(
    kind: str, *, angle: float = 0.0, ppm: float = 2.0, seed: int = 5, at: tuple[float, float] = (320, 240)
) -> Any:
    """A code alone on grey paper, 640×480; returns (frame, text)."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    code = symbol(rng, kind)
    sticker = label(rng, code, 9)
    ppm = min(ppm * (1.3 if kind in MATRIX else 1), 540 / sticker.shape[1] * 9)
    scene = np.full((480, 640), 0.5, np.float32)
    assert place(scene, sticker, 9, Pose(at[0], at[1], ppm, angle, 0, 0))
    return shoot(rng, scene, Shot()), code.truth


def texts(readings: Any) -> set[str]:
    return {bare(reading.text) for reading in readings}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("angle", [0.0, 35.0])
def test_every_symbology_upright_and_turned(kind: str, angle: float) -> None:
    frame, truth = drawn(kind, angle=angle)
    assert texts(read_picture(frame)) == {truth}


@pytest.mark.parametrize("angle", [0.0, 20.0, 90.0, 130.0])
def test_bars_are_found_where_they_are_and_how_they_are_turned(angle: float) -> None:
    frame, _ = drawn("EAN13", angle=angle, at=(300, 220))
    found = bar_regions(field(frame), 5)[0]
    assert math.hypot(found.x - 300, found.y - 220) < 40
    assert abs((math.degrees(found.angle) - angle + 90) % 180 - 90) < 4
    assert 150 < found.length < 260


def test_a_block_is_found_where_it_is() -> None:
    frame, _ = drawn("QR", at=(400, 200))
    found = block_regions(field(frame), 3)[0]
    assert abs(found.x + found.width / 2 - 400) < 20
    assert abs(found.y + found.height / 2 - 200) < 20


def test_the_strips_of_a_field_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, _ = drawn("EAN13", angle=35.0)
    in_strips = field(frame)
    monkeypatch.setattr(locator, "_STRIP_CELLS", 10_000)
    for strips, at_once in zip(in_strips[:3], field(frame)[:3], strict=True):
        assert np.array_equal(strips, at_once)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 3), (5, 900), (721, 1283)])
def test_a_field_covers_pictures_of_any_shape(shape: tuple[int, int]) -> None:
    tensor = field(np.full(shape, 7, np.uint8))
    rows, columns = tensor.xx.shape
    assert 0.7 * shape[0] <= rows / tensor.down <= shape[0]
    assert 0.7 * shape[1] <= columns / tensor.across <= shape[1]


def test_bars_are_turned_upright_at_the_width_asked_for() -> None:
    frame, _ = drawn("EAN13", angle=35.0)
    bars = bar_regions(field(frame), 5)[0]
    for smooth in (False, True):
        crop = upright_bars(frame, bars, 640, smooth=smooth)
        assert abs(crop.shape[1] - 640) <= 1
        assert crop.shape[0] == round(bars.height * 0.8 * 1.5)  # along the bars enlarged one and a half times only
        columns = crop[:, 128:-128].astype(float)
        assert columns.std(axis=0).mean() < 0.3 * columns.std(axis=1).mean()


@pytest.mark.parametrize("side", [60, 240, 900])
def test_what_keeps_to_two_directions_has_grain_at_any_size(side: int) -> None:
    y, x = np.mgrid[:side, :side] * 48 / side
    across, down = x * math.cos(0.3) + y * math.sin(0.3), y * math.cos(0.3) - x * math.sin(0.3)
    modules = np.asarray(127 + 100 * np.sign(np.sin(across)) * np.sign(np.sin(down)), np.uint8)
    straight, angle = grain(modules)
    assert straight > 0.3
    assert abs((angle - 0.3 + math.pi / 4) % (math.pi / 2) - math.pi / 4) < 0.1
    noise = np.random.default_rng(1).integers(0, 256, (side, side)).astype(np.uint8)
    assert grain(noise)[0] < 0.13


@pytest.mark.parametrize(
    ("rows", "effort", "attempts"),
    [(24, Effort.FRAME, [False, True]), (8, Effort.FRAME, [False]), (8, Effort.STILL, [False, True])],
)
def test_in_a_live_frame_only_what_is_about_square_gets_a_second_attempt(
    rows: int, effort: Effort, attempts: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def matrix(crop: Grey, *, turned: bool = False) -> list[Reading]:
        asked.append(turned)
        return []

    monkeypatch.setattr(ladder, "matrix", matrix)
    modules = np.random.default_rng(3).integers(0, 2, (rows, 24)).astype(np.uint8) * 200
    image = np.full((400, 400), 200, np.uint8)
    image[40 : 40 + 10 * rows, 40:280] = np.kron(modules, np.ones((10, 10), np.uint8))
    assert ladder.read_block(image, Block(40, 40, 240, 10 * rows), effort) == []
    assert asked == attempts


def test_the_ladder_has_at_most_eight_steps() -> None:
    assert len(LADDER) == 8


def test_agreement_makes_a_reading_sure() -> None:
    frame, truth = drawn("EAN13")
    assert [(reading.text, reading.votes, reading.symbology) for reading in FrameReader().feed(frame)] == [
        (truth, 2, "]E0")
    ]


def test_several_codes_of_one_frame() -> None:
    frames = list(samples(41, 5, ("multi",)))
    found = [len(texts(FrameReader(several=True).feed(frame.frame)) & frame.truth) for frame in frames]
    wanted = [len(frame.truth) for frame in frames]
    assert sum(found) >= sum(wanted) - 1, (found, wanted)


def test_a_reader_that_looks_around_finds_all_within_three_frames() -> None:
    frame = next(samples(41, 1, ("multi",)))
    eyes = FrameReader()
    eyes.feed(drawn("EAN13")[0])
    seen = set[str]().union(*(texts(eyes.feed(frame.frame)) for _ in range(3)))
    assert seen == frame.truth


def test_frames_without_a_code_give_nothing() -> None:
    eyes = FrameReader()
    assert [eyes.feed(frame.frame) for frame in samples(43, 12, ("neg",))] == [[]] * 12


@pytest.fixture
def whole_frames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was looked for in whole frames, in order."""
    seen: list[str] = []

    def looking_for(kind: str) -> Any:
        def look(image: Grey) -> list[Any]:
            seen.append(kind)
            return []

        return look

    monkeypatch.setattr(reader, "squares", looking_for("squares"))
    monkeypatch.setattr(reader, "across", looking_for("bars"))
    return seen


def test_of_three_empty_frames_one_is_read_whole_for_squares_and_one_for_bars(whole_frames: list[str]) -> None:
    empty = next(samples(43, 1, ("neg",))).frame
    eyes = FrameReader()
    told = []
    for _ in range(2 * WHOLE_AFTER_EMPTY):
        eyes.feed(empty)
        told.append(list(whole_frames))
        whole_frames.clear()
    assert told == [[], ["squares"], ["bars"]] * 2


def test_half_of_the_rows_of_a_frame_show_a_code_that_fills_it() -> None:
    frame, truth = drawn("EAN13", ppm=5.0)
    assert texts(decoders.across(frame)) == {truth}


def test_a_code_in_between_starts_the_count_again(whole_frames: list[str]) -> None:
    empty, (code, _) = next(samples(43, 1, ("neg",))).frame, drawn("EAN13")
    eyes = FrameReader()
    for frame in (empty, empty, code, empty, empty):
        eyes.feed(frame)
    assert whole_frames == ["squares", "squares"]


def test_blank_paper_is_not_worth_a_whole_pass(whole_frames: list[str]) -> None:
    eyes = FrameReader()
    for _ in range(6):
        eyes.feed(np.full((480, 640), 200, np.uint8))
    assert whole_frames == []


def test_a_whole_frame_shows_the_squares_in_it() -> None:
    frame, truth = drawn("QR")
    assert texts(decoders.squares(frame)) == {truth}
    assert decoders.squares(drawn("EAN13")[0]) == []


EAN, RIVAL = (Reading("EAN13", text, "]E0") for text in ("4006381333931", "4006387333931"))


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("rows_agree", [False, True])
def test_an_ean_of_the_whole_picture_is_believed_if_half_of_its_rows_give_it(
    fast: bool, rows_agree: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "whole", lambda image, *, thorough=False: [EAN])
    monkeypatch.setattr(reader, "zbar", lambda image: [EAN])
    monkeypatch.setattr(reader, "across", lambda image: [EAN] if rows_agree else [])
    assert texts(read_picture(np.zeros((100, 100), np.uint8), fast=fast)) == ({EAN.text} if rows_agree else set())


@pytest.mark.parametrize(("in_regions", "believed"), [(EAN, {EAN.text}), (RIVAL, set())])
def test_a_single_reading_is_believed_if_a_region_gives_it_and_none_a_look_alike(
    in_regions: Reading, believed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "whole", lambda image, *, thorough=False: [EAN])
    monkeypatch.setattr(reader, "across", lambda image: [])
    monkeypatch.setattr(reader, "zbar", lambda image: [EAN])
    monkeypatch.setattr(reader, "_regions", lambda image, look: (1, [in_regions]))
    assert texts(read_picture(np.zeros((100, 100), np.uint8))) == believed


def test_what_a_view_of_an_array_shows_is_what_its_copy_shows() -> None:
    frame, truth = drawn("EAN13")
    wide = np.zeros((480, 1280), np.uint8)
    wide[:, ::2] = frame
    assert texts(read_picture(wide[:, ::2])) == {truth}
    assert texts(read_picture(frame[::-1, ::-1])) == {truth}
    assert texts(read_picture(np.asfortranarray(frame))) == {truth}
    frozen = frame.copy()
    frozen.flags.writeable = False
    assert texts(read_picture(frozen)) == {truth}


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((0, 5), np.uint8),
    ],
    ids=lambda image: f"{image.dtype}-{image.shape}",
)
def test_what_is_no_grey_picture_is_refused_with_its_shape(image: Any) -> None:
    with pytest.raises(PictureRefused, match=r"\(height, width\) of uint8, not .* make it grey first"):
        FrameReader().feed(image)
    with pytest.raises(PictureRefused):
        read_picture(image)


def test_a_frame_over_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_PIXELS", 100)
    with pytest.raises(PictureRefused, match="frame of 110 pixels is over the limit of 100"):
        FrameReader().feed(np.zeros((10, 11), np.uint8))


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The modules of the extra that are missing."""
    missing: set[str] = set()
    original = picture.vision_module

    def present(name: str) -> Any:
        if name.split(".")[0] in missing:
            raise DeviceUnavailable("camera", f"{name} cannot be loaded: install shopwire[vision]")
        return original(name)

    monkeypatch.setattr(decoders, "vision_module", present)
    decoders._zxing.cache_clear()
    yield missing
    decoders._zxing.cache_clear()


def test_without_zxing_pyzbar_reads_what_it_can(modules: set[str]) -> None:
    modules.add("zxingcpp")
    assert decoders.decoder_in_use() == "pyzbar"
    for kind in ("EAN13", "UPCA", "C128", "QR"):
        frame, truth = drawn(kind)
        found = read_picture(frame)
        assert texts(found) == {truth}
        assert {one.decoder for one in found} == {"pyzbar"}
        assert texts(FrameReader().feed(frame)) == {truth}
    frame, _ = drawn("DATABAR")
    assert read_picture(frame) == []


def test_without_any_decoder_it_says_what_to_install(modules: set[str]) -> None:
    modules.update(("zxingcpp", "pyzbar"))
    with pytest.raises(DeviceUnavailable, match=r"install shopwire\[vision\]"):
        read_picture(drawn("EAN13")[0])


def test_without_pyzbar_the_second_opinion_is_left_out(modules: set[str]) -> None:
    modules.add("pyzbar")
    assert read_picture(np.zeros((100, 100), np.uint8)) == []
    frame, truth = drawn("EAN13")
    assert texts(read_picture(frame)) == {truth}
