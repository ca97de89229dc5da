"""Bytes of a line-framed scanner into codes; no I/O, and blind to how the bytes are cut into chunks.

Wire form: ``[prefix][AIM id][data][suffix]``. What is no code becomes a ``Refusal`` with a constant reason:
a scanner is a keyboard in a shopper's hand, and whatever he shows to it arrives here.
"""

import enum
import unicodedata
from typing import NamedTuple

from devices.errors import GarbledFrame

MAX_FRAME_BYTES = 4096  # the largest QR code holds 7089 digits in theory, 2953 bytes in practice
GROUP_SEPARATOR = 0x1D  # FNC1 of GS1 codes, the one control character that belongs in data
_AIM_CODES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_AIM_MODIFIERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Suffix(enum.Enum):
    """What ends a code. ``ANY`` takes CR, LF and CR LF; ``NONE`` ends it by silence."""

    ANY = "any"
    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    ETX = "etx"
    NONE = "none"


_ENDS = {Suffix.CR: b"\r", Suffix.LF: b"\n", Suffix.CRLF: b"\r\n", Suffix.ETX: b"\x03", Suffix.ANY: b"\n"}


class Code(NamedTuple):
    """A code as read: its text and its AIM identifier (``]E0``) if the scanner sent one."""

    data: str
    symbology: str | None


class Refusal(NamedTuple):
    """A frame that is no code: ``reason`` is a constant for counting, ``size`` in bytes."""

    reason: str
    size: int


class LineDecoder:
    """Cuts a stream into frames and decodes each; feed it any chunks."""

    def __init__(self, suffix: Suffix = Suffix.ANY, prefix: bytes = b"", *, aim: bool = True) -> None:
        self._suffix = suffix
        self._prefix = prefix
        self._aim = aim
        self._buffer = b""
        self._skipping = False

    @property
    def pending(self) -> bool:
        """Whether part of a frame is waiting for its end."""
        return bool(self._buffer) or self._skipping

    def feed(self, data: bytes) -> list[Code | Refusal]:
        """Take a chunk and return what it completes."""
        if self._suffix is Suffix.ANY:
            data = data.replace(b"\r", b"\n")
        found: list[Code | Refusal] = []
        *frames, self._buffer = self._split(self._buffer + data)
        for frame in frames:
            if self._skipping:
                self._skipping = False  # the end of a frame that was refused when it grew too long
            elif frame:
                found.append(self._decode(frame))
        return found + self._limit()

    def silence(self) -> list[Code | Refusal]:
        """Tell that nothing came for a while: ends a frame without suffix, drops half a frame with one.

        Without this the half code of a torn cable would be glued to the next one and sell the wrong item.
        """
        frame, self._buffer = self._buffer, b""
        skipped, self._skipping = self._skipping, False
        if not frame or skipped:
            return []
        return [self._decode(frame)] if self._suffix is Suffix.NONE else [Refusal("half_frame", len(frame))]

    def _split(self, data: bytes) -> list[bytes]:
        return [data] if self._suffix is Suffix.NONE else data.split(_ENDS[self._suffix])

    def _limit(self) -> list[Code | Refusal]:
        # A suffix of two bytes may stand half-read at the end: it is not counted as data and survives the cut.
        tail = 0 if self._suffix is Suffix.NONE else len(_ENDS[self._suffix]) - 1
        size = len(self._buffer)
        if self._skipping or size > MAX_FRAME_BYTES + tail:
            already, self._skipping = self._skipping, True
            self._buffer = self._buffer[size - tail :]
            return [] if already else [Refusal("too_long", size)]
        return []

    def _decode(self, frame: bytes) -> Code | Refusal:
        try:
            return decode_frame(frame, self._prefix, aim=self._aim)
        except GarbledFrame as garbled:
            return Refusal(garbled.reason, len(frame))


def decode_frame(frame: bytes, prefix: bytes = b"", *, aim: bool = True) -> Code:
    """Decode one frame without its suffix.

    Raises:
        GarbledFrame: too long, prefix missing, control characters, neither UTF-8 nor GB18030, or empty.

    >>> decode_frame(b"]E06901234567892")
    Code(data='6901234567892', symbology=']E0')
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise GarbledFrame("too_long")
    if not frame.startswith(prefix):
        raise GarbledFrame("prefix_missing", frame)
    body = frame[len(prefix) :]
    symbology = None
    if aim and len(body) > 3 and body[:1] == b"]" and body[1] in _AIM_CODES and body[2] in _AIM_MODIFIERS:
        symbology, body = body[:3].decode("ascii"), body[3:]
    if not body:
        raise GarbledFrame("empty")
    return Code(_text(body), symbology)


def _text(body: bytes) -> str:
    if any((byte < 0x20 and byte != GROUP_SEPARATOR) or byte == 0x7F for byte in body):
        raise GarbledFrame("control_character", body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = body.decode("gb18030")  # what Chinese generators put into QR codes without saying so
        except UnicodeDecodeError as error:
            raise GarbledFrame("not_text", body) from error
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character != "\x1d"):
        raise GarbledFrame("control_character", body)
    return text
