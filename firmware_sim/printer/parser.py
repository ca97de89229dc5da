"""ESC/POS bytes into commands, incrementally: every command the reference lists is known with its length.

A length is a number of parameter bytes, or a function of the bytes after the command's two-byte name that
returns it (None: cannot say yet, more bytes are needed).
"""

from collections.abc import Callable
from typing import NamedTuple

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
_CONTROLS = {
    0x0A: "LF",
    0x0D: "CR",
    0x0C: "FF",
    0x09: "HT",
    0x18: "CAN",
    0x00: "NUL",
    0x07: "BEL",
    0x11: "XON",
    0x13: "XOFF",
}
_GROUPS = {ESC: "ESC", FS: "FS", GS: "GS", DLE: "DLE"}
MAX_COMMAND_BYTES = 1 << 20
"""More than any printer stores; what says that it is longer is no command."""
UNKNOWN = "UNKNOWN"
TEXT = "TEXT"

Length = int | Callable[[bytes], int | None]


class Command(NamedTuple):
    """A command's name (``ESC a``, ``GS (k``, ``LF``, ``TEXT``), its parameter bytes and all of its bytes."""

    name: str
    args: bytes
    raw: bytes


def _until_nul(rest: bytes) -> int | None:
    end = rest.find(0)
    return None if end < 0 else end + 1


def _sized(header: int, at: int, width: int = 2) -> Callable[[bytes], int | None]:
    """A ``header`` of bytes that holds a little-endian size at ``at``, then that many bytes."""

    def length(rest: bytes) -> int | None:
        return None if len(rest) < header else header + int.from_bytes(rest[at : at + width], "little")

    return length


def _cut(rest: bytes) -> int | None:
    return None if not rest else 2 if rest[0] in (65, 66, 97, 98, 103, 104) else 1


def _barcode(rest: bytes) -> int | None:
    if not rest:
        return None
    if rest[0] >= 65:
        return None if len(rest) < 2 else 2 + rest[1]
    end = rest.find(0, 1)
    return None if end < 0 else end + 1


def _raster(rest: bytes) -> int | None:
    if len(rest) < 6:
        return None
    return 6 + int.from_bytes(rest[2:4], "little") * int.from_bytes(rest[4:6], "little")


def _column_image(rest: bytes) -> int | None:
    if len(rest) < 3:
        return None
    return 3 + int.from_bytes(rest[1:3], "little") * (3 if rest[0] in (32, 33) else 1)


def _download_image(rest: bytes) -> int | None:
    return None if len(rest) < 2 else 2 + rest[0] * rest[1] * 8


def _user_characters(rest: bytes) -> int | None:
    if len(rest) < 3:
        return None
    at = 3
    for _ in range(rest[1], rest[2] + 1):
        if len(rest) <= at:
            return None
        at += 1 + rest[0] * rest[at]
    return at


def _nv_images(rest: bytes) -> int | None:
    if not rest:
        return None
    at = 1
    for _ in range(rest[0]):
        if len(rest) < at + 4:
            return None
        size = int.from_bytes(rest[at : at + 2], "little") * int.from_bytes(rest[at + 2 : at + 4], "little") * 8
        at += 4 + size
    return at


def _custom_status(rest: bytes) -> int | None:
    return None if not rest else 2 if rest[0] in (7, 8, 18) else 1


def _real_time_dc4(rest: bytes) -> int | None:
    return None if not rest else {1: 3, 2: 3, 8: 8}.get(rest[0], 1)


_BRACKET = _sized(3, 1)  # GS ( X pL pH …, ESC ( A …, FS ( C …

LENGTHS: dict[str, Length] = {
    **{f"ESC {c}": 0 for c in "@2LSimqvw<"},
    **{f"ESC {c}": 1 for c in "! %-3=?EGJKMRTUVadertu{\x20"},
    **{f"ESC {c}": 2 for c in "$\\cBfZ"},
    "ESC p": 3,
    "ESC W": 8,
    "ESC \x0c": 0,
    "ESC D": _until_nul,
    "ESC *": _column_image,
    "ESC &": _user_characters,
    "ESC (": _BRACKET,
    **{f"GS {c}": 0 for c in ":c"},
    **{f"GS {c}": 1 for c in "!/BEHITabfhrjw|"},
    **{f"GS {c}": 2 for c in "$LPW\\"},
    "GS ^": 3,
    "GS V": _cut,
    "GS k": _barcode,
    "GS v": _raster,
    "GS *": _download_image,
    "GS (": _BRACKET,
    "GS 8": _sized(5, 1, 4),
    **{f"FS {c}": 0 for c in "&."},
    **{f"FS {c}": 1 for c in "!-CW"},
    **{f"FS {c}": 2 for c in "Sp?"},
    "FS 2": 74,
    "FS q": _nv_images,
    "FS (": _BRACKET,
    "DLE \x04": _custom_status,
    "DLE \x05": 1,
    "DLE \x14": _real_time_dc4,
}
_READABLE = {"DLE \x04": "DLE EOT", "DLE \x05": "DLE ENQ", "DLE \x14": "DLE DC4", "ESC \x0c": "ESC FF"}


class Parser:
    """Holds the receive buffer and cuts the next command from its front."""

    def __init__(self, *, double_byte: bool, unsupported: frozenset[str] = frozenset()) -> None:
        self.double_byte = double_byte
        self._unsupported = unsupported
        self._buffer = bytearray()

    def __len__(self) -> int:
        """Return how many bytes wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Append bytes to the buffer."""
        self._buffer += data

    def clear(self) -> None:
        """Forget what waits."""
        self._buffer.clear()

    def next(self) -> Command | None:
        """Return the next complete command, or None if more bytes are needed."""
        if not self._buffer:
            return None
        first = self._buffer[0]
        if first in _GROUPS:
            return self._grouped(first)
        if first >= 0x20:
            return self._text()
        return self._take(_CONTROLS.get(first, UNKNOWN), 1, 1)

    def _grouped(self, first: int) -> Command | None:
        if len(self._buffer) < 2:
            return None
        key = f"{_GROUPS[first]} {chr(self._buffer[1])}"
        name = self._full_name(key)
        if name is None:
            return None
        if key not in LENGTHS or name in self._unsupported:
            return self._take(UNKNOWN, 1, 1)  # a real printer drops the ESC and prints the rest as text
        rule = LENGTHS[key]
        length = rule if isinstance(rule, int) else rule(bytes(self._buffer[2:]))
        if (length or len(self._buffer)) > MAX_COMMAND_BYTES:
            return self._take(UNKNOWN, 1, 1)
        if length is None or len(self._buffer) < 2 + length:
            return None
        return self._take(name, 2, 2 + length)

    def _full_name(self, key: str) -> str | None:
        if not key.endswith("("):
            return _READABLE.get(key, key)
        return key + chr(self._buffer[2]) if len(self._buffer) > 2 else None

    def _text(self) -> Command | None:
        end = 0
        while end < len(self._buffer) and self._buffer[end] >= 0x20:
            size = self._character_size(end)
            if end + size > len(self._buffer):
                break
            end += size
        return self._take(TEXT, 0, end) if end else None

    def _character_size(self, at: int) -> int:
        if not self.double_byte or not 0x81 <= self._buffer[at] <= 0xFE:
            return 1
        second = self._buffer[at + 1] if at + 1 < len(self._buffer) else 0x40
        if 0x30 <= second <= 0x39:
            return 4
        return 2 if second >= 0x40 else 1  # a lead byte before a control byte stands alone and is garbage

    def _take(self, name: str, args_from: int, size: int) -> Command:
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return Command(name, raw[args_from:], raw)
