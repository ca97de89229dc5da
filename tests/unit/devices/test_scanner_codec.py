"""The scanner codec: golden frames, blindness to chunks, and nothing dangerous gets through."""

import itertools
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import GarbledFrame
from devices.reading import MAX_CODE_BYTES, Code, Refusal
from devices.scanner_serial.codec import LineDecoder, Suffix, decode_frame

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/golden-frames/scanner_lines.json").read_text("utf-8")
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["raw"][:24])
def test_golden_frames(golden: dict[str, Any]) -> None:
    meaning = golden["meaning"]
    results = LineDecoder().feed(bytes.fromhex(golden["raw"]))
    if "note" in meaning:  # a binary QR code: an LF inside it ends the frame, and its ESC is refused
        assert results == [Refusal("control_character", 4), Code("中", None)]
        return
    assert len(results) == 1
    assert isinstance(results[0], Code)
    assert results[0].symbology == meaning["aim"] if "aim" in meaning else results[0].symbology is None
    if "data" in meaning:
        assert results[0].data == meaning["data"]
    for key in ("batch", "serial"):
        assert meaning.get(key, "") in results[0].data


@pytest.mark.parametrize(
    ("suffix", "end"), [(Suffix.CR, b"\r"), (Suffix.LF, b"\n"), (Suffix.CRLF, b"\r\n"), (Suffix.ETX, b"\x03")]
)
def test_each_suffix_ends_a_code(suffix: Suffix, end: bytes) -> None:
    assert LineDecoder(suffix, b"\x02").feed(b"\x02]C1A\x1dB" + end) == [Code("A\x1dB", "]C1")]


def test_silence_ends_a_code_without_suffix() -> None:
    decoder = LineDecoder(Suffix.NONE)
    assert decoder.feed(b"690123") == []
    assert decoder.pending
    assert decoder.feed(b"4567892") == []
    assert decoder.silence() == [Code("6901234567892", None)]
    assert decoder.silence() == []


def test_half_a_code_is_never_glued_to_the_next() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"690123") == []
    assert decoder.silence() == [Refusal("half_frame", 6)]
    assert decoder.feed(b"6901234567892\r") == [Code("6901234567892", None)]


def test_an_endless_code_is_refused_once_and_the_next_one_read() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"x" * (MAX_CODE_BYTES + 1)) == [Refusal("too_long", MAX_CODE_BYTES + 1)]
    assert decoder.feed(b"y" * 100_000) == []
    assert decoder.feed(b"z\r6901234567892\r") == [Code("6901234567892", None)]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"69\x1b012", "control_character"),
        (b"69\x00", "control_character"),
        (b"69\x7f", "control_character"),
        ("69\x85".encode(), "control_character"),  # NEL, a control character of two bytes in UTF-8
        (b"\xff\xff", "not_text"),
        (b"", "empty"),
        (b"x" * (MAX_CODE_BYTES + 1), "too_long"),
    ],
)
def test_what_is_no_code_is_refused(frame: bytes, reason: str) -> None:
    with pytest.raises(GarbledFrame) as refused:
        decode_frame(frame)
    assert refused.value.reason == reason


def test_a_missing_prefix_is_refused() -> None:
    assert LineDecoder(prefix=b"~").feed(b"6901\r") == [Refusal("prefix_missing", 4)]


def test_utf_8_is_tried_before_gb18030() -> None:
    assert decode_frame("]Q1茶叶".encode()).data == "茶叶"
    assert decode_frame("]Q1茶叶".encode("gb18030")).data == "茶叶"


def test_aim_identifiers_can_be_switched_off() -> None:
    assert decode_frame(b"]E06901", aim=False) == Code("]E06901", None)


def _chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


_streams = st.lists(
    st.sampled_from(
        [b"6901234567892", b"]E0", b"\r", b"\n", b"\r\n", b"\x03", b"\x02", "中文".encode(), b"\xff", b"\x1b", b"\x1d"]
    )
    | st.binary(max_size=8)
    | st.integers(MAX_CODE_BYTES - 2, MAX_CODE_BYTES + 3).map(lambda size: b"9" * size),
    max_size=12,
).map(b"".join)


def _without_size(results: list[Code | Refusal]) -> list[Code | str]:
    # How much of an endless frame had been seen when it was refused depends on the chunks, and only that does.
    return [result if isinstance(result, Code) else result.reason for result in results]


@given(
    _streams, st.lists(st.integers(0, 20_000), max_size=30), st.sampled_from(Suffix), st.sampled_from([b"", b"\x02"])
)
def test_chunks_do_not_matter(stream: bytes, cuts: list[int], suffix: Suffix, prefix: bytes) -> None:
    whole, pieces = LineDecoder(suffix, prefix), LineDecoder(suffix, prefix)
    expected = whole.feed(stream) + whole.silence()
    found = [result for chunk in _chunked(stream, cuts) for result in pieces.feed(chunk)] + pieces.silence()
    assert _without_size(found) == _without_size(expected)


@given(st.binary(max_size=300))
def test_no_control_character_but_gs_gets_through(stream: bytes) -> None:
    for result in LineDecoder().feed(stream + b"\r"):
        if isinstance(result, Code):
            assert not any(unicodedata.category(c) == "Cc" for c in result.data if c != "\x1d")
            assert result.data
