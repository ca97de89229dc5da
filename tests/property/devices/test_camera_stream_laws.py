"""A camera may send what it likes: chunks do not matter, noise crashes nothing, and memory stays bounded."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.camera_stream.codec import Jpeg, JpegStream, Refused
from devices.camera_stream.source import parse_source, shown
from devices.errors import DeviceMisconfigured
from tests.budget import INPUTS, LONG

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

MAX_BYTES = 512
PICTURE = bytes.fromhex("ffd8ffc0000b0800080008010111 00ffda0008010100003f0055ff00ffd0aaffd9".replace(" ", ""))

FAMILIAR = (
    PICTURE,
    PICTURE[:-2],
    PICTURE[:9],
    b"\xff\xd8\xff",
    b"\xff\xd9",
    b"\xff\xda\x00\x02",
    b"\xff\xff",
    b"--f\r\n",
)

# Markers in all orders and states of repair, rather than bytes that never begin a picture.
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                PICTURE,
                PICTURE[:-2],
                PICTURE[:9],
                b"\xff\xd8\xff",
                b"\xff\xd9",
                b"\xff\xda\x00\x02",
                b"\xff\xff",
                b"--f\r\n",
            ]
        ),
        st.binary(max_size=24),
        st.integers(0, 70_000).map(lambda n: b"\xff\xe0" + (n & 0xFFFF).to_bytes(2, "big")),
    ),
    max_size=12,
).map(b"".join)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


def pictures(chunks: list[bytes]) -> list[Jpeg | Refused]:
    stream = JpegStream(max_bytes=1 << 20)
    return [found for chunk in chunks for found in stream.feed(chunk)]


@settings(max_examples=min(5000, INPUTS // 20))
@given(PIECES, st.lists(st.integers(0, 10_000), max_size=6))
def test_chunks_do_not_matter(data: bytes, places: list[int]) -> None:
    assert pictures(cut(data, places)) == pictures([data])


MANY = 100
"""Inputs an example: Hypothesis chooses seeds, since drawing each piece by itself takes a hundred times longer."""


def noise(chance: random.Random) -> bytes:
    made = (
        lambda: chance.choice(FAMILIAR),
        lambda: chance.randbytes(chance.randrange(24)),
        lambda: b"\xff\xe0" + chance.randrange(1 << 16).to_bytes(2, "big"),
        lambda: b"\xff\xe0" + chance.randrange(40).to_bytes(2, "big"),
    )
    return b"".join(chance.choice(made)() for _ in range(chance.randrange(14)))


def test_the_noise_holds_whole_pictures_too() -> None:
    chance = random.Random(1)
    found = [each for _ in range(500) for each in JpegStream(max_bytes=MAX_BYTES).feed(noise(chance))]
    assert {type(each).__name__ for each in found} == {"Jpeg", "Refused"}


@settings(max_examples=INPUTS // MANY)
@given(st.integers(0, 2**48).map(random.Random))
def test_nothing_crashes_it_and_it_holds_no_more_than_its_limit(chance: random.Random) -> None:
    for _ in range(MANY):
        stream, data = JpegStream(max_bytes=MAX_BYTES), noise(chance)
        for chunk in (data[:100], data[100:]):
            for found in stream.feed(chunk):
                assert isinstance(found, Refused) or (found.width > 0 and found.data[:2] == b"\xff\xd8")
            assert len(stream._buffer) <= MAX_BYTES + len(chunk)


@settings(max_examples=min(5000, INPUTS // 20))
@given(
    st.text(max_size=60), st.sampled_from(["rtsp://", "http://u:", "file:/", "/dev/", "", "https://[", "rtsp://a:b@"])
)
def test_any_text_is_an_address_or_refused(text: str, scheme: str) -> None:
    try:
        source = parse_source(scheme + text)
    except DeviceMisconfigured:
        return
    assert source.target
    assert shown(source.url) == shown(source.url)


@given(st.from_regex(r"[a-z0-9]{12,20}", fullmatch=True))
def test_a_password_is_never_shown(secret: str) -> None:
    address = f"rtsp://clerk:{secret}@10.0.0.9/live"
    assert secret not in shown(address)
    assert secret not in repr(parse_source(address))
