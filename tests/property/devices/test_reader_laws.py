"""Whatever array or text comes, the reader answers: no crash, no control characters, nothing believed without its votes."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cv2")

from devices.vision.codes import MAX_TEXT, Reading, chosen, normalise, retail
from devices.vision.locator import Grey, bar_regions, block_regions, field
from devices.vision.reader import FrameReader, read_picture
from devices.vision.voter import NEED, View, Voter
from tests.budget import INPUTS

FAMILIES = sorted(NEED)


@st.composite
def arrays(draw: st.DrawFn) -> Grey:
    """Noise, stripes, checkers and gradients of odd shapes: what a broken camera may send."""
    height = draw(st.integers(1, 90) | st.sampled_from([1, 2, 3, 4, 5, 700]))
    width = draw(st.integers(1, 90) | st.sampled_from([1, 2, 3, 4, 5, 1100]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y, x = np.mgrid[:height, :width]
    pitch = draw(st.integers(1, 9))
    plain = {
        "noise": rng.integers(0, 256, (height, width)),
        "stripes": (x // pitch % 2) * 255,
        "checkers": ((x // pitch + y // pitch) % 2) * 255,
        "bars": np.repeat(rng.integers(0, 2, -(-width // pitch)), pitch)[None, :width] * 255 + 0 * y,
        "slope": (x + y) % 256,
        "flat": np.full((height, width), draw(st.sampled_from([0, 1, 127, 255]))),
    }[draw(st.sampled_from(["noise", "stripes", "checkers", "bars", "slope", "flat"]))]
    step = draw(st.sampled_from([1, 1, 2, -1]))
    image: Grey = plain.astype(np.uint8)
    return image[:, ::step]


def no_controls(readings: list[Reading]) -> bool:
    return not any(unicodedata.category(c) == "Cc" and c != "\x1d" for reading in readings for c in reading.text)


@settings(max_examples=INPUTS // 25)
@given(st.lists(arrays(), min_size=1, max_size=4))
def test_frames_of_any_shape_are_read_one_after_the_other(frames: list[Grey]) -> None:
    eyes = FrameReader()
    for frame in frames:
        found = eyes.feed(frame)
        assert no_controls(found)
        assert len({reading.text for reading in found}) == len(found)


@settings(max_examples=INPUTS // 100)
@given(arrays(), st.booleans())
def test_pictures_of_any_shape_are_read(image: Grey, fast: bool) -> None:
    assert no_controls(read_picture(image, fast=fast))


@settings(max_examples=INPUTS // 50)
@given(arrays(), st.integers(1, 6))
def test_regions_lie_where_the_picture_is_and_are_few(image: Grey, limit: int) -> None:
    tensor = field(image)
    bars, blocks = bar_regions(tensor, limit), block_regions(tensor, limit)
    assert len(bars) <= limit
    assert len(blocks) <= limit
    height, width = image.shape
    reach = max(height, width) * 0.5 + 16
    assert all(-reach <= bar.x <= width + reach and -reach <= bar.y <= height + reach for bar in bars)
    assert all(block.x >= 0 and block.x + block.width <= width + 1 for block in blocks)


@settings(max_examples=INPUTS)
@given(st.sampled_from([*FAMILIES, "", "AZTEC"]), st.text(max_size=8) | st.text("0123456789\x1d()", max_size=16))
def test_normalising_any_text_twice_changes_nothing(family: str, text: str) -> None:
    reading = normalise(family, text)
    if reading is not None:
        assert no_controls([reading])
        assert 0 < len(reading.text) <= MAX_TEXT
        again = normalise(reading.family, reading.text)
        assert again is not None
        assert again.text == reading.text
        assert retail(reading) == retail(again)


readings = st.builds(
    Reading,
    family=st.sampled_from(FAMILIES),
    text=st.text("0179", min_size=8, max_size=8) | st.text("0179", min_size=13, max_size=13),
    symbology=st.just("]E0"),
    votes=st.integers(1, 2),
)
streams = st.lists(st.lists(readings, max_size=4), max_size=30)


@given(streams)
def test_nothing_is_believed_without_its_votes_in_the_window(stream: list[list[Reading]]) -> None:
    voter = Voter()
    for number, frame in enumerate(stream):
        window = [reading for seen in stream[max(0, number - 7) : number + 1] for reading in seen]
        for accepted in voter.add(frame):
            votes = sum(reading.votes for reading in window if reading.text == accepted.text)
            assert votes >= min(NEED[reading.family] for reading in window if reading.text == accepted.text)


@given(streams, st.lists(st.floats(0, 0.5), min_size=30, max_size=30))
def test_a_code_comes_once_while_it_is_in_view(stream: list[list[Reading]], gaps: list[float]) -> None:
    view, now, here = View(), 0.0, set[str]()
    for frame, gap in zip(stream, gaps, strict=False):
        now += gap
        fresh = view.add(frame, now)
        texts = [reading.text for reading in fresh]
        assert len(set(texts)) == len(texts)
        here &= view.here
        assert not here & set(texts)
        here |= set(texts)
        assert here <= view.here


@given(st.lists(readings, max_size=8))
def test_choosing_keeps_each_text_once_and_its_most_votes(found: list[Reading]) -> None:
    kept = chosen(found)
    assert len({reading.text for reading in kept}) == len(kept)
    for reading in kept:
        assert reading.votes == max(other.votes for other in found if other.text == reading.text)
