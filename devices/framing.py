"""Frames cut from a stream of bytes, whatever chunks it comes in, and the parity of seven-bit characters. No I/O, no clock."""

import enum
from typing import Protocol

MAX_FRAME_BYTES = 64
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
"""``data.translate(SEVEN_BITS)`` leaves the parity bit out."""


class Cutter(Protocol):
    """Cuts a stream into frames, whatever chunks it comes in; counts in ``skipped`` the bytes that belong to none."""

    skipped: int

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that ``data`` completes."""

    def reset(self) -> None:
        """Forget half a frame."""


class Delimited:
    """Frames from ``start`` (-1: everything) to ``end``, both left out; bytes of ``alone`` are frames of their own outside one."""

    def __init__(self, start: int, end: int, alone: bytes = b"", *, restart: bool = True) -> None:
        """Keep the marks; with ``restart`` a second start begins anew, without it belongs to the frame."""
        self._start, self._end, self._alone, self._restart = start, end, alone, restart
        self._frame: bytearray | None = None
        self.skipped = 0
        self.reset()

    def reset(self) -> None:
        """Forget half a frame."""
        self._frame = bytearray() if self._start < 0 else None

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that ``data`` completes."""
        return [frame for byte in data if (frame := self._take(byte)) is not None]

    def _take(self, byte: int) -> bytes | None:
        frame = self._frame
        if byte == self._start and (frame is None or self._restart):
            self.skipped += len(frame or b"")
            self._frame = bytearray()
        elif frame is None:
            if byte in self._alone:
                return bytes([byte])
            self.skipped += 1
        elif byte == self._end:
            self.reset()
            return bytes(frame)
        else:
            frame.append(byte)
            if len(frame) > MAX_FRAME_BYTES:
                self.skipped += len(frame)
                self.reset()
        return None


class Sized:
    """Frames of ``size`` bytes that begin with one of ``heads`` and end with ``tail``; a check byte inside may then be any byte."""

    def __init__(self, heads: tuple[bytes, ...], size: int, tail: bytes, alone: bytes = b"") -> None:
        self._heads, self._size, self._tail, self._alone = heads, size, tail, alone
        self._buffer = b""
        self.skipped = 0

    def reset(self) -> None:
        """Forget half a frame."""
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that ``data`` completes."""
        self._buffer += data
        frames = []
        while (taken := self._length()) is not None:
            if taken:
                frames.append(self._buffer[:taken])
            else:
                self.skipped += 1
            self._buffer = self._buffer[taken or 1 :]
        return frames

    def _length(self) -> int | None:
        """Return how long the frame at the head of the buffer is, 0 when there is none, None when that is not known yet."""
        buffer = self._buffer
        if not buffer:
            return None
        if buffer.startswith(self._heads):
            if len(buffer) < self._size:
                return None
            return self._size if buffer[: self._size].endswith(self._tail) else 0
        if any(head.startswith(buffer) for head in self._heads):
            return None
        return 1 if buffer[0] in self._alone else 0


class Parity7(enum.Enum):
    """The parity bit of seven-bit characters on a line that was opened with eight bits; NONE leaves bytes as they are."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


def with_parity(data: bytes, parity: Parity7) -> bytes:
    r"""Return ``data`` as a seven-bit line with parity would carry it.

    >>> with_parity(b"W", Parity7.EVEN), with_parity(b"W", Parity7.ODD)
    (b'\xd7', b'W')
    """
    if parity is Parity7.NONE:
        return data
    odd = parity is Parity7.ODD
    return bytes(byte & 0x7F | ((byte & 0x7F).bit_count() % 2 != odd) << 7 for byte in data)


def xor(data: bytes) -> int:
    """Return the exclusive or of all bytes."""
    check = 0
    for byte in data:
        check ^= byte
    return check
