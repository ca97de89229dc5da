"""Bytes of a line-framed scanner into codes; no I/O, and blind to how the bytes are cut into chunks.

Wire form: ``[prefix][AIM or maker's id][data][suffix]``. What is no code becomes a ``Refusal`` with a constant reason.
"""

import enum
from collections.abc import Mapping

from devices.errors import GarbledFrame
from devices.meaning import Meaning
from devices.reading import MAX_CODE_BYTES, Code, Refusal, code_of, meaning_of, split_aim

# Where a maker's letter does not tell a GS1 symbol from a plain one of the same kind, the separator inside does.
_WITH_FNC1 = {"]d1": "]d2", "]Q1": "]Q3", "]C0": "]C1"}


class Suffix(enum.Enum):
    """What ends a code. ``ANY`` takes CR, LF and CR LF; ``NONE`` ends it by silence."""

    ANY = "any"
    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    ETX = "etx"
    NONE = "none"


_ENDS = {Suffix.CR: b"\r", Suffix.LF: b"\n", Suffix.CRLF: b"\r\n", Suffix.ETX: b"\x03", Suffix.ANY: b"\n"}


class LineDecoder:
    """Cuts a stream into frames and decodes each; feed it any chunks.

    ``aim``: codes may begin with an AIM identifier. ``vendor``: they begin with a letter of the maker instead, and this is what it means.
    """

    def __init__(
        self,
        suffix: Suffix = Suffix.ANY,
        prefix: bytes = b"",
        *,
        aim: bool = True,
        vendor: Mapping[str, str] | None = None,
    ) -> None:
        self._suffix = suffix
        self._prefix = prefix
        self._aim = aim
        self._vendor = vendor
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
        if self._skipping or size > MAX_CODE_BYTES + tail:
            already, self._skipping = self._skipping, True
            self._buffer = self._buffer[size - tail :]
            return [] if already else [Refusal("too_long", size)]
        return []

    def _decode(self, frame: bytes) -> Code | Refusal:
        try:
            return decode_frame(frame, self._prefix, aim=self._aim, vendor=self._vendor)
        except GarbledFrame as garbled:
            return Refusal(garbled.reason, len(frame))


def decode_frame(
    frame: bytes, prefix: bytes = b"", *, aim: bool = True, vendor: Mapping[str, str] | None = None
) -> Code:
    """Decode one frame without its suffix.

    Raises:
        GarbledFrame: too long, prefix missing, a symbology that the maker's table does not know, control characters, neither UTF-8 nor
            GB18030, or empty.

    >>> decode_frame(b"]E06901234567892")
    Code(data='6901234567892', symbology=']E0')
    >>> decode_frame(b"d6901234567892", vendor={"d": "]E0"})
    Code(data='6901234567892', symbology=']E0')
    """
    if len(frame) > MAX_CODE_BYTES:
        raise GarbledFrame("too_long")
    if not frame.startswith(prefix):
        raise GarbledFrame("prefix_missing", frame)
    body = frame[len(prefix) :]
    if vendor is not None:
        return code_of(body[1:], _vendor_symbology(body, vendor))
    symbology, body = split_aim(body) if aim else (None, body)
    return code_of(body, symbology)


def _vendor_symbology(body: bytes, vendor: Mapping[str, str]) -> str:
    letter = body[:1].decode("ascii", "replace")
    if letter not in vendor:
        raise GarbledFrame("symbology_unknown", body)
    found = vendor[letter]
    return _WITH_FNC1.get(found, found) if b"\x1d" in body else found


def explain(data: bytes) -> list[Meaning]:
    """Return what lines of a scanner say; the end of ``data`` ends the last one.

    >>> explain(bytes.fromhex("5d4530363930313233343536373839320d"))[0].text
    'code 6901234567892, EAN-13, UPC-A or UPC-E'
    """
    decoder = LineDecoder()
    return [meaning_of(result) for result in decoder.feed(data) + decoder.feed(b"\n")]
