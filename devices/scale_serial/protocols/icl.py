"""ICL: 9600 7E1. ``05`` ENQ → ``06`` (``15``: not ready) · ``11`` DC1 → ``02 ID weight[5] BCC 03``; the host sends the block back.

Only when the scale answers the echo with ``0D`` did both read the same, and only then is it a weight. The five digits are grams
(three decimals of a kilogram); BCC is the exclusive or of ID and digits. The reference leaves both open: see the runbook.
"""

from devices.framing import Sized, xor
from devices.meaning import Meaning
from devices.scale_serial.codec import ACK, NAK, Language, Send, Told, explained, grams_of
from devices.scale_serial.protocols.cas import single

BLOCK = 9
_CR = 0x0D


def tell(frame: bytes, before: bytes) -> Told | Send | None:
    """Return what a block, its confirmation or a single byte tells."""
    if frame[0] == _CR:
        return _weight(before) if len(before) == BLOCK else None
    if len(frame) == BLOCK:
        bad = _weight(frame).gravest == "bad_bcc"
        return Told(None, ("bad_bcc",)) if bad else Send(frame)
    return single(frame)


def _weight(frame: bytes) -> Told:
    if xor(frame[1:7]) & 0x7F != frame[7]:
        return Told(None, ("bad_bcc",))
    return grams_of(frame[2:7].decode("latin-1"), "kg", decimals=3)


LANGUAGE = Language(
    cutter=lambda: Sized((b"\x02",), BLOCK, b"\x03", bytes([ACK, NAK, _CR])),
    tell=tell,
    question=b"\x05",
    seven_bits=True,
)


def explain(data: bytes) -> list[Meaning]:
    """Return what a scale's answers mean."""
    return explained(LANGUAGE, data)
