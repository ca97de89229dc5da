r"""Toledo 8217 (Mettler-Toledo Diva, Ariva, Viva and many compatible): ``W`` asks, 9600 7E1.

``W`` → ``02 "01.235" 0D`` gross, ``02 "01.235N" 0D`` net, ``02 "?" status 0D`` when there is no weight to sell by.
Kilograms have three decimals; a scale set to pounds shows two, which is how it is told from them.
"""

import re

from devices.framing import Delimited
from devices.meaning import Meaning
from devices.scale_serial.codec import Language, Told, explained, grams_of

_WEIGHT = re.compile(rb"([0-9]{2}\.[0-9]{3})(N?)")
_POUNDS = re.compile(rb"[0-9]{2,3}\.[0-9]{2}N?")
_BITS = ("in_motion", "over_capacity", "under_zero", "outside_zero_capture", "centre_of_zero", "net")


def tell(frame: bytes, _: bytes) -> Told:
    """Return what stands between 02 and 0D."""
    if match := _WEIGHT.fullmatch(frame):
        told = grams_of(match[1].decode(), "kg")
        return told.also("net") if match[2] else told
    if len(frame) == 2 and frame[0] == ord("?") and frame[1] & 0x40:
        return Told(None, tuple(word for bit, word in enumerate(_BITS) if frame[1] & 1 << bit))
    return Told(None, ("unit_lb",) if _POUNDS.fullmatch(frame) else ("no_frame",))


LANGUAGE = Language(
    cutter=lambda: Delimited(0x02, 0x0D),
    tell=tell,
    question=b"W",
    zero=b"Z",
    tare=b"T\r",
    clear_tare=b"C",
    preset=lambda grams: b"T%05d\r" % grams,
    seven_bits=True,
)


def explain(data: bytes) -> list[Meaning]:
    """Return what a scale's answers mean."""
    return explained(LANGUAGE, data)
