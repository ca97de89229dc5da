"""How fast the year passes: as fast as it goes, or a multiple of real time."""

import asyncio
import time
from datetime import datetime


class Pace:
    """Holds each basket back until its moment has come."""

    def __init__(self, speed: float) -> None:
        """Let ``speed`` seconds of the source pass per second; 0 never waits.

        Raises:
            ValueError: time would run backwards.
        """
        if speed < 0:
            raise ValueError(
                f"speed {speed} is below 0; 0 is as fast as possible, 1 is real time, 3600 an hour a second"
            )
        self._speed = speed
        self._first: datetime | None = None
        self._began = 0.0

    def due_s(self, at: str, now_s: float) -> float:
        """Return how many seconds from ``now_s`` the moment ``at`` (ISO 8601) comes; the first moment asked for is now."""
        if not self._speed:
            return 0.0
        moment = datetime.fromisoformat(at)
        if self._first is None:
            self._first, self._began = moment, now_s
        return self._began + (moment - self._first).total_seconds() / self._speed - now_s

    async def wait_for(self, at: str) -> None:
        """Return when the moment ``at`` has come."""
        if (pause := self.due_s(at, time.monotonic())) > 0:
            await asyncio.sleep(pause)
