"""What a protocol is to the scale, and what all voices have."""

import operator
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Protocol

from firmware_sim.scale.physics import Platter, Sight

Look = Callable[[], Sight]
"""Read the cell at this moment."""


class Voice(Protocol):
    """One protocol's side of the scale.

    Attributes:
        spoil: how many of the next check bytes are wrong.
        unit: what the scale is set to show (``kg`` or ``lb``).
    """

    spoil: int
    unit: str

    def hear(self, data: bytes) -> Iterable[bytes]:
        """Take bytes from the host and return the answers."""

    def speak(self) -> bytes:
        """Return what the scale says by itself, about ten times a second; nothing when it waits to be asked."""


class Speaker:
    """What all voices have: a platter, a clock, and a way to spoil a check byte."""

    def __init__(self, platter: Platter, look: Look, now: Callable[[], float]) -> None:
        self.platter, self.look, self.now = platter, look, now
        self.spoil = 0
        self.unit = "kg"

    def speak(self) -> bytes:
        """Say nothing by itself: the scale waits to be asked."""
        return b""

    def checked(self, data: bytes) -> int:
        """Return the XOR of ``data``, wrong as often as was wished."""
        check = reduce(operator.xor, data, 0)
        if self.spoil:
            self.spoil -= 1
            check ^= 0x55
        return check

    def figure(self, grams: int, width: int) -> bytes:
        """Return a weight with its point, zeros in front: six characters of ``00.455`` in kilograms, ``001.00`` in pounds."""
        if self.unit == "lb":
            return b"%0*.*f" % (width, 2, abs(grams) / 453.59237)
        return b"%0*.*f" % (width, 3, abs(grams) / 1000)
