"""JPEG pictures out of a stream of bytes: multipart boundaries, headers and noise between them are passed over.

Cameras disagree about boundaries and lengths, so the pictures' own markers are followed (ITU-T T.81, B.1): segments by
their length, scan data up to the next marker. A size is known, and judged, before anything is decoded.
"""

import re
from typing import NamedTuple

MAX_FRAME_BYTES = 4 * 1024 * 1024
MAX_FRAME_PIXELS = 4096 * 2304
"""The largest frame that is decoded; as grey it takes 9 MB."""

_START = b"\xff\xd8\xff"
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SIZES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_END, _SCAN = 0xD9, 0xDA


class Jpeg(NamedTuple):
    """One whole picture and the size that it says it has."""

    data: bytes
    width: int
    height: int


class Refused(NamedTuple):
    """A picture that is passed over: ``too_many_bytes``, ``too_many_pixels`` or ``garbled``; ``detail`` names value and limit."""

    reason: str
    detail: str


class JpegStream:
    """Cuts a stream into pictures; feed it any chunks. Holds at most ``max_bytes`` and one chunk."""

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES, max_pixels: int = MAX_FRAME_PIXELS) -> None:
        self._max_bytes, self._max_pixels = max_bytes, max_pixels
        self._buffer = bytearray()
        self._restart()

    def feed(self, data: bytes) -> list[Jpeg | Refused]:
        """Take a chunk and return the pictures that it completes, and those that were refused."""
        self._buffer += data
        found: list[Jpeg | Refused] = []
        while (result := self._next()) is not None:
            found.append(result)
        return found

    def _restart(self) -> None:
        self._at = 0  # next byte to look at; 0: no picture has begun
        self._in_scan = False
        self._width = self._height = 0

    def _next(self) -> Jpeg | Refused | None:
        if self._at == 0 and not self._begin():
            return None
        result = self._walk()
        if result is None and len(self._buffer) > self._max_bytes:
            return self._refuse(
                "too_many_bytes", f"a frame of more than {len(self._buffer)} bytes; the limit is {self._max_bytes}"
            )
        return result

    def _begin(self) -> bool:
        start = self._buffer.find(_START)
        # What may be the head of a start stays; the rest is boundary, header or noise.
        del self._buffer[: start if start >= 0 else max(0, len(self._buffer) - 2)]
        if start < 0:
            return False
        self._at = 2
        return True

    def _walk(self) -> Jpeg | Refused | None:
        """Follow the markers; None when more bytes are needed."""
        buffer = self._buffer
        while True:
            if self._in_scan:
                marker = _AFTER_SCAN.search(buffer, self._at)
                if marker is None:
                    self._at = max(self._at, len(buffer) - 1)
                    return None
                self._at, self._in_scan = marker.start(), False
            if len(buffer) < self._at + 2:
                return None
            kind = buffer[self._at + 1]
            if buffer[self._at] != 0xFF or kind == 0x00 or kind == 0xD8:
                return self._refuse("garbled", f"no marker at byte {self._at} of a frame")
            if kind == _END:
                return self._complete()
            if kind == 0xFF or kind in _ALONE:
                self._at += 1 if kind == 0xFF else 2
                continue
            if len(buffer) < self._at + 4:
                return None
            length = int.from_bytes(buffer[self._at + 2 : self._at + 4], "big")
            if len(buffer) < self._at + 2 + length:
                return None
            if length < 2 or (kind in _SIZES and not self._take_size(length)):
                return self._refuse("garbled", f"a segment of {length} bytes at byte {self._at} of a frame")
            if self._width * self._height > self._max_pixels:
                size = f"{self._width}×{self._height}"
                return self._refuse("too_many_pixels", f"a frame of {size} pixels; the limit is {self._max_pixels}")
            self._in_scan = kind == _SCAN
            self._at += 2 + length

    def _take_size(self, length: int) -> bool:
        if length < 8:
            return False
        head = self._buffer[self._at + 5 : self._at + 9]
        self._height, self._width = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
        return self._height > 0 and self._width > 0

    def _complete(self) -> Jpeg | Refused:
        end = self._at + 2
        whole = Jpeg(bytes(self._buffer[:end]), self._width, self._height)
        del self._buffer[:end]
        self._restart()
        return whole if whole.width else Refused("garbled", "a frame that does not say its size")

    def _refuse(self, reason: str, detail: str) -> Refused:
        # What was looked at is not looked at again: a stream made to mislead costs time in proportion to its length.
        del self._buffer[: len(self._buffer) if reason == "too_many_bytes" else max(2, self._at)]
        self._restart()
        return Refused(reason, detail)
