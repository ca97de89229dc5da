"""Every protocol that a person can name is explained, and no bytes are too strange for it."""

import random

import pytest

from devices.decoding import PROTOCOLS
from devices.meaning import Meaning, visible
from domain.limits import has_control


def noise() -> list[bytes]:
    drawn = random.Random(3)
    return [b"", b"\x00", b"\r\n", *(drawn.randbytes(drawn.randrange(1, 300)) for _ in range(200))]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_whatever_comes_is_explained_in_plain_lines(protocol: str) -> None:
    for data in noise():
        found = PROTOCOLS[protocol](data)
        assert all(isinstance(each, Meaning) for each in found)
        assert [each.text for each in found if not each.text or has_control(each.text)] == []
        texts = [value for each in found for value in each.fields.values() if isinstance(value, str)]
        assert [text for text in texts if has_control(text)] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bytes_that_are_there_are_never_passed_over_in_silence(protocol: str) -> None:
    assert PROTOCOLS[protocol](b"\x00\xff" * 40)


def test_protocols_stand_in_order() -> None:
    assert list(PROTOCOLS) == sorted(PROTOCOLS)


def test_control_characters_are_shown_as_what_they_are() -> None:
    assert visible("10AB\x1d21\x1b茶") == r"10AB{GS}21\x1b茶"
