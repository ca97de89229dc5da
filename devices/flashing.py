"""Lamps that burn and flash: what every signal light does with the newest signal, whatever switches its lamps."""

import asyncio
from collections.abc import Awaitable, Callable

from devices.ports.light import Colour, Signal

HALF_PERIOD_S = 0.5
"""A lamp flashes once a second: seen from afar, and slow enough for a relay's contacts and for people (below 3 Hz)."""

Switch = Callable[[frozenset[Colour]], Awaitable[None]]


class Flashing:
    """The newest signal, and the beat of its flashing."""

    def __init__(self) -> None:
        self._newest = Signal()
        self._news = asyncio.Event()

    def signal(self, signal: Signal) -> None:
        """Take the newest signal."""
        if signal != self._newest:
            self._newest = signal
            self._news.set()

    async def play(self, switch: Switch) -> None:
        """Switch lamps until cancelled; ``switch`` is told all lamps that shall burn, at once and whenever that changes."""
        dark = False
        told: frozenset[Colour] | None = None
        while True:
            burning = burning_of(self._newest, dark=dark)
            if burning != told:
                await switch(burning)
                told = burning
            beat = await self._beat(flashes=bool(self._newest.flashing))
            dark = beat and not dark  # a new signal begins with its light phase

    async def _beat(self, *, flashes: bool) -> bool:
        """Wait for the next signal or half period; True when it was the half period."""
        try:
            async with asyncio.timeout(HALF_PERIOD_S if flashes else None):
                await self._news.wait()
        except TimeoutError:
            return True
        self._news.clear()
        return False


def burning_of(signal: Signal, *, dark: bool) -> frozenset[Colour]:
    """Return the lamps that burn in the light or the dark half of the beat; who flashes is on, said or not."""
    return signal.on - signal.flashing if dark else signal.on | signal.flashing
