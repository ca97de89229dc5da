"""Whose turn it is: a device that always has more to say gives the event loop back, so that a babbling line never stops a store."""

import asyncio

READ_S = 0.005
"""A reader may keep the loop for so long; whole codes, answers and receipts come and go in less."""

REST_S = 0.01
"""Then everyone else has his turn: a line that babbles without end gets a third of the time at most."""

PIECE_BYTES = 512
"""What one reading takes at most: making sense of it takes some tens of milliseconds in the worst of our parsers."""


class Turns:
    """Knows how long one reader has kept the loop. Bytes that come meanwhile wait in the port: none are dropped here."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    async def give(self) -> None:
        """Rest when it is time to. Before reading and never after it: what was read is not lost when the reader is cancelled here."""
        loop = asyncio.get_running_loop()
        if self._since_s is None:
            self._since_s = loop.time()
            loop.call_soon(self._had)
        elif loop.time() - self._since_s > READ_S:
            await asyncio.sleep(REST_S)

    def _had(self) -> None:
        self._since_s = None  # this runs when the loop does: somebody else had a turn
