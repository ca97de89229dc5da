"""What JSON we refuse although a JSON parser would take it: deep nests, long numbers, NUL, doubled names.

Every check costs a few passes of C code over the bytes, so that a bomb is refused before it is parsed.
"""

import json
import re
from typing import Any, NoReturn

from protocol.errors import MalformedMessage

MAX_DEPTH = 32
MAX_DIGITS = 18
"""Digits of a number: whatever passes fits a signed 64-bit column of every database."""

_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_CURLY_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_SHAPE = bytes(48 if chr(byte) in "0123456789" else 101 if chr(byte) in "eE" else 32 for byte in range(256))
_LONG_RUN = b"0" * (MAX_DIGITS + 1)
_LONG_NUMBER = re.compile(rb"[0-9]{%d,}|[0-9][eE][+-]?[0-9]{2,}" % (MAX_DIGITS + 1))


def _without_strings(raw: bytes) -> bytes:
    """Return ``raw`` with the inside of its strings cut out."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(raw.split(b'"')[::2])


def depth(raw: bytes, limit: int = MAX_DEPTH) -> int:
    """Return how deep objects and arrays nest in ``raw``, at most ``limit + 1``; brackets that do not match count as too deep."""
    brackets = _without_strings(raw).translate(_CURLY_TO_SQUARE, _NOT_BRACKETS)
    levels = 0
    while brackets and levels <= limit:
        brackets = brackets.replace(b"[]", b"")
        levels += 1
    return levels


def check_text(raw: bytes, thing: str) -> None:
    """Raise unless ``raw`` is UTF-8 and nests no deeper than ``MAX_DEPTH``.

    Raises:
        MalformedMessage: it is not.
    """
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedMessage(thing, f"byte {raw[error.start]:#04x} at {error.start}", "UTF-8") from error
    if (found := depth(raw)) > MAX_DEPTH:
        raise MalformedMessage(
            f"nesting of {thing}", f"{found} or more levels, or unmatched brackets", f"at most {MAX_DEPTH}"
        )


def check_values(raw: bytes, thing: str) -> None:
    """Raise when ``raw`` holds a number or a character that one of our databases cannot keep.

    Raises:
        MalformedMessage: a number of more than ``MAX_DIGITS`` digits or with a large exponent, or a NUL character.
    """
    bare = _without_strings(raw)
    shape = bare.translate(
        _SHAPE
    )  # digits look alike: two searches for a fixed text spare nearly every event the pattern
    suspicious = _LONG_RUN in shape or b"0e" in shape
    if suspicious and (long := _LONG_NUMBER.search(bare)):
        raise MalformedMessage(f"number in {thing}", long[0].decode(), f"at most {MAX_DIGITS} digits")
    if b"\\u0000" in raw and b"\\u0000" in raw.replace(b"\\\\", b""):
        raise MalformedMessage(f"text in {thing}", "character NUL", "text without NUL")


def check_written(raw: bytes, thing: str) -> None:
    """Raise as ``check_values`` does, for bytes that our own encoder made of integers and text: it writes no exponents.

    Paid on every sale, so nothing is cut out of ``raw`` unless there is a suspicion.

    Raises:
        MalformedMessage: as ``check_values``.
    """
    if _LONG_RUN in raw.translate(_SHAPE) or b"\\u0000" in raw:
        check_values(raw, thing)


def check_names(raw: bytes, thing: str) -> None:
    """Raise when an object in ``raw`` names a member twice (two readers could each see another value).

    Raises:
        MalformedMessage: a doubled name.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            doubled = next(name for name in names if names.count(name) > 1)
            raise MalformedMessage(f"object in {thing}", f"name {doubled!r} twice", "each name once")
        return members

    def refuse(constant: str) -> NoReturn:
        raise MalformedMessage(f"number in {thing}", constant, "a finite number")

    try:
        json.loads(raw, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(thing, error, "JSON") from error
