"""What the level of a drawer's sensor pin means, and how that is learnt; no I/O.

The switch closes the circuit in one position of the drawer, and which one depends on the drawer (reference §6). Learning
is: close the drawer, read the pin, open the drawer, read the pin.
"""

from typing import NamedTuple

from devices.meaning import Meaning
from devices.ports.drawer import OpenLevel


class Learnt(NamedTuple):
    """What two readings say: the level that means open, or why nothing can be said."""

    level: OpenLevel
    reason: str = ""


STEPS = ("close", "open")
"""What a person does before each reading, in order."""


def learn(closed_high: bool | None, open_high: bool | None) -> Learnt:
    """Return which level means open, from one reading of the closed drawer and one of the open drawer.

    >>> learn(False, True).level.value
    'high'
    """
    if closed_high is None or open_high is None:
        return Learnt(
            OpenLevel.UNKNOWN, "the printer does not tell the drawer's level: choose a profile that answers status"
        )
    if closed_high is open_high:
        level = "high" if closed_high else "low"
        return Learnt(
            OpenLevel.UNKNOWN, f"the level stayed {level}: no drawer, no switch in it, or a cable without that wire"
        )
    return Learnt(OpenLevel.HIGH if open_high else OpenLevel.LOW)


def stands_open(pin_high: bool | None, level: OpenLevel) -> bool | None:
    """Return whether the drawer is open, None when nobody can tell."""
    if pin_high is None or level is OpenLevel.UNKNOWN:
        return None
    return pin_high is (level is OpenLevel.HIGH)


def explain(data: bytes) -> list[Meaning]:
    """Say what the bytes of GS r 2 mean: one byte, bit 0 is the pin."""
    return [
        Meaning(f"drawer pin {'high' if byte & 1 else 'low'}", {"pin_high": bool(byte & 1)})
        if byte & 0x90 == 0
        else Meaning(f"no answer of a drawer: {byte:02x}", {"byte": byte})
        for byte in data
    ]
