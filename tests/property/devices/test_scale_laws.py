"""Scale codecs: blind to chunks, at peace with every byte, and never a weight out of noise that no scale has checked."""

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.framing import MAX_FRAME_BYTES, Parity7, with_parity
from devices.ports.scale import NotReady, Reason, Stable, Weight
from devices.scale_dialog06.codec import Dialog, Keys
from devices.scale_dialog06.codec import explain as explain_dialog
from devices.scale_serial.codec import Conversation, Event, Language, explained
from devices.scale_serial.models import models
from devices.weighing import Platter, Remove, Rules
from tests.budget import INPUTS, LONG

_FRAMES = json.loads((Path(__file__).parents[2] / "data/golden-frames/scale_frames.json").read_text("utf-8"))
GOLDEN = [
    bytes.fromhex(part)
    for each in _FRAMES
    for part in ([each["reply"]] if isinstance(each["reply"], str) else each["reply"])
]
PIECES = [
    *GOLDEN,
    b"ST,GS,\x01\x80,   0.455 kg\r\n",
    b"US,NT,\x01\x80,-  0.455 kg\r\n",
    b"\x02000455\x04\x03",
    b"\r",
    b"  0.455kg\r\n",
    b"ww000.455kg\r\n",
    b"554.000=",
    b"\x0202\x1b3\x1b00455\x1b002598\x1b001182\x03",
    b"\x0209\x1b21\x03",
    b"\x0211\x1b247\x03",
]
LANGUAGES: dict[str, Language] = {name: model.language for name, model in models().all.items()}
streams = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=8).map(b"".join)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = [0, *sorted(where % (len(data) + 1) for where in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@pytest.mark.parametrize("name", LANGUAGES)
@given(streams, st.lists(st.integers(min_value=0, max_value=1000), max_size=8))
def test_a_stream_means_the_same_in_any_chunks(name: str, data: bytes, at: list[int]) -> None:
    whole, pieces = Conversation(LANGUAGES[name]), Conversation(LANGUAGES[name])
    events: list[Event] = [event for chunk in cut(data, at) for event in pieces.feed(chunk)]
    assert events == whole.feed(data)
    assert pieces.skipped == whole.skipped


@given(streams, st.lists(st.integers(min_value=0, max_value=1000), max_size=8))
def test_a_dialog_means_the_same_in_any_chunks(data: bytes, at: list[int]) -> None:
    whole, pieces = Dialog(Keys(0x1234, 0xABCD)), Dialog(Keys(0x1234, 0xABCD))
    assert whole.weigh(2598) == pieces.weigh(2598)
    assert [event for chunk in cut(data, at) for event in pieces.feed(chunk)] == whole.feed(data)


def _noise(chance: random.Random) -> bytes:
    """Bytes that are nearly frames: a piece with a byte changed, lost or doubled, or mere noise."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(1, 40))
    piece = bytearray(chance.choice(PIECES))
    where = chance.randrange(len(piece))
    match chance.randrange(4):
        case 0:
            piece[where] = chance.randrange(256)
        case 1:
            del piece[where]
        case 2:
            piece.insert(where, piece[where])
        case _:
            piece[where] ^= 1 << chance.randrange(8)
    return bytes(piece)


@pytest.mark.timeout(3600 if LONG else 180)
def test_every_parser_survives_every_input() -> None:
    chance = random.Random(46)
    talks = [Conversation(language) for language in LANGUAGES.values()]
    dialog = Dialog(Keys())
    for number in range(INPUTS):
        data = _noise(chance)
        if number % 7 == 0:
            dialog.weigh(2598)
        talk = talks[number % len(talks)]
        for event in (*talk.feed(data), *dialog.feed(data)):
            assert not isinstance(event, Stable) or 0 <= event.weight_g <= 10**12
        if number % 50 == 0:
            meanings = [*explained(talk.language, data), *explain_dialog(data)]
            assert all(meaning.text.isprintable() for meaning in meanings)
    held = sum(len(vars(talk._cutter).get("_buffer") or vars(talk._cutter).get("_frame") or b"") for talk in talks)
    assert held <= MAX_FRAME_BYTES * len(talks)


@given(st.sampled_from(["generic-cas", "pinnacle-os2"]), st.integers(0, 14), st.integers(1, 255))
def test_one_wrong_byte_never_changes_a_checked_weight(name: str, where: int, flip: int) -> None:
    block = bytearray.fromhex("01 02 53 20 30 30 2e 34 35 35 6b 67 65 03 04")
    if name == "pinnacle-os2":
        block[12] ^= 0x03
    assert Conversation(LANGUAGES[name]).feed(bytes(block)) == [Stable(455)]
    block[where] ^= flip
    assert not any(isinstance(event, Stable) for event in Conversation(LANGUAGES[name]).feed(bytes(block)))


@given(st.binary(max_size=40), st.sampled_from([Parity7.EVEN, Parity7.ODD]))
def test_parity_is_right_in_every_character(data: bytes, parity: Parity7) -> None:
    for before, after in zip(data, with_parity(data, parity), strict=True):
        assert after & 0x7F == before & 0x7F
        assert after.bit_count() % 2 == (parity is Parity7.ODD)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_a_proof_can_be_turned_back(checksum: int, keyword: int, number: int) -> None:
    proof = Keys(checksum, keyword).proof(number)
    left, right = int(proof[:4], 16), int(proof[4:], 16)
    high, low = number >> 4, number & 15
    assert (left >> high | left << (16 - high)) & 0xFFFF == checksum
    assert (right << low | right >> (16 - low)) & 0xFFFF == keyword


readings: st.SearchStrategy[Weight] = st.one_of(
    st.integers(-50, 16_000).map(Stable),
    st.builds(NotReady, st.sampled_from(Reason), st.none() | st.integers(-50, 16_000)),
)


@given(st.lists(readings, max_size=40), st.sampled_from([Remove.ZERO, Remove.CHANGE]))
def test_between_two_sales_the_platter_was_empty_or_another_weight_lay_there(
    seen: list[Weight], remove: Remove
) -> None:
    rules = Rules(remove=remove, stuck_s=0)
    platter = Platter(rules)
    sold_g: int | None = None
    cleared = True
    for now_s, reading in enumerate(seen):
        shown = platter.see(reading, float(now_s))
        empty = isinstance(shown, Stable) and shown.weight_g <= rules.division_g
        lifted = isinstance(shown, NotReady) and shown.reason is Reason.UNDER_ZERO
        other = sold_g is not None and isinstance(shown, Stable) and abs(shown.weight_g - sold_g) > rules.division_g
        cleared = cleared or empty or lifted or (remove is Remove.CHANGE and other)
        taken = platter.take()
        if isinstance(taken, Stable):
            assert cleared
            assert rules.minimum_g <= taken.weight_g <= rules.capacity_g
            sold_g, cleared = taken.weight_g, False
