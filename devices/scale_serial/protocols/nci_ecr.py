r"""NCI ECR (Weigh-Tronix): ``W`` CR asks, 1200 to 19200 baud, 7 bits and any parity.

``W\r`` → ``0A "01.235KG" 0D 0A "S" hh 0D 03``; only the status when there is no weight. The 7800 leaves the ``S`` out; both are read.
Status: every byte is a printable character 30 to 3F; bit 6 of the second (and third) says that another follows.
"""

import re

from devices.framing import Delimited
from devices.meaning import Meaning
from devices.scale_serial.codec import Language, Told, explained, grams_of

# Searched at the end: after half an answer the whole one is still found.
_ANSWER = re.compile(rb"(?:([ +\-]?[0-9]{1,3}\.[0-9]{1,4}) ?([A-Z ]{2,4})\r\n)?S?([0-?][0-?p-\x7f][0-?]?)\r\Z")
_FIRST = ("in_motion", "at_zero", "ram_error", "eeprom_error")
_SECOND = ("under_zero", "over_capacity", "rom_error", "faulty_calibration")
_THIRD = ("range_1", "range_2", "net", "initial_zero_error")


def tell(frame: bytes, _: bytes) -> Told:
    """Return what stands between the first 0A and 03."""
    if frame == b"?\r":
        return Told(None, ("unknown_command",))
    match = _ANSWER.search(frame)
    if match is None:
        return Told(None, ("no_frame",))
    told = grams_of(match[1].decode(), match[2].decode()) if match[1] else Told(None)
    return told.also(*_words(match[3]))


def _words(status: bytes) -> tuple[str, ...]:
    named = zip(status, (_FIRST, _SECOND, _THIRD), strict=False)
    return tuple(word for byte, words in named for bit, word in enumerate(words) if byte & 1 << bit)


LANGUAGE = Language(
    # 0A stands inside an answer too, so that it cannot begin a frame anew.
    cutter=lambda: Delimited(0x0A, 0x03, restart=False),
    tell=tell,
    question=b"W\r",
    zero=b"Z\r",
    seven_bits=True,
)


def explain(data: bytes) -> list[Meaning]:
    """Return what a scale's answers mean."""
    return explained(LANGUAGE, data)
