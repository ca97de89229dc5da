"""Enrolment codes survive copying, and damage is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.enrolment import EnrolmentCode, decode_code, encode_code
from link.errors import IdentityRefused

SHA = "ab" * 32
CODE = encode_code("https://hq.example:8443/", "S2-1", "s3cret", SHA)


def test_a_code_is_one_line_and_says_all() -> None:
    assert CODE.isascii()
    assert len(CODE.split()) == 1
    assert decode_code(CODE) == EnrolmentCode("https://hq.example:8443", "S2-1", "s3cret", SHA)


def test_blanks_and_breaks_from_copying_do_not_matter() -> None:
    assert decode_code(f"  {CODE[:40]}\n {CODE[40:]}\r\n") == decode_code(CODE)


@given(st.integers(0, len(CODE) - 1), st.characters(codec="ascii"))
def test_a_changed_character_is_seen(position: int, character: str) -> None:
    changed = CODE[:position] + character + CODE[position + 1 :]
    try:
        said = decode_code(changed)
    except IdentityRefused:
        return
    assert said == decode_code(CODE)  # a blank, or a bit that base64 does not use


@given(st.integers(0, len(CODE) - 1))
def test_a_part_is_no_code(length: int) -> None:
    with pytest.raises(IdentityRefused):
        decode_code(CODE[:length])


@given(st.text(min_size=20, max_size=200))
def test_any_text_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(IdentityRefused) as refused:
        decode_code(text)
    assert (
        text.strip()[:20] not in str(refused.value) or not text.strip()
    )  # it may hold a secret, and errors are logged


@pytest.mark.parametrize(
    ("url", "edge", "sha"),
    [("http://hq.example", "S2", SHA), ("https://", "S2", SHA), ("https://hq", "a/b", SHA), ("https://hq", "S2", "ab")],
)
def test_codes_that_would_do_harm_are_not_made(url: str, edge: str, sha: str) -> None:
    with pytest.raises(IdentityRefused):
        encode_code(url, edge, "secret", sha)
