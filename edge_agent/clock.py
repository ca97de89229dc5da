"""The box's clock, with what it is worth: a box without a battery boots in the past, and no decision rests on that.

Order comes from sequence numbers. The clock only dates things, so it has a floor: time does not run back behind the
build of this software or behind the last event on disk, unless a time server says so.
"""

import ctypes
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.ids import uuid7
from protocol.envelope import ClockQuality

BUILT_AT = datetime(2026, 11, 21, tzinfo=UTC)
"""No honest clock of a box that runs this release is earlier."""

LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""No honest clock is later; a clock beyond it would make dates that nothing else can read."""

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def fresh_id(at: datetime) -> str:
    """Return a new UUIDv7 that carries ``at``."""
    return uuid7(int(at.timestamp() * 1000), os.urandom(10))


def kernel_quality(rtc: Path = Path("/dev/rtc0")) -> ClockQuality:
    """Return ``ntp`` when the kernel says that its clock is synchronised, else ``rtc`` with a battery clock, else ``guess``."""
    libc = ctypes.CDLL(None, use_errno=True)
    state = libc.adjtimex(ctypes.create_string_buffer(512))  # struct timex, zeroed: modes = 0 only asks
    if 0 <= state < _TIME_ERROR:
        return "ntp"
    return "rtc" if rtc.exists() else "guess"


class SystemClock:
    """Wall time with a floor, monotonic time, and how good the wall time is."""

    def __init__(
        self,
        floor: datetime = BUILT_AT,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        quality: Callable[[], ClockQuality] = kernel_quality,
    ) -> None:
        self._wall, self._monotonic, self._ask = wall, monotonic, quality
        self._quality: ClockQuality = quality()
        self._asked_s = monotonic()
        self._floor, self._floor_s = max(floor, BUILT_AT), monotonic()

    def now(self) -> datetime:
        """Return aware UTC; below the floor it is the floor plus the monotonic time since."""
        wall_s = self._wall()
        if self.quality() == "ntp" and 0 < wall_s < LATEST.timestamp():
            return datetime.fromtimestamp(wall_s, UTC)
        passed = self._floor + timedelta(seconds=self._monotonic() - self._floor_s)
        if passed.timestamp() >= wall_s or wall_s >= LATEST.timestamp():
            return passed
        # Believed, and from now on the floor: a jump back while running must not run time back.
        self._floor, self._floor_s = datetime.fromtimestamp(wall_s, UTC), self._monotonic()
        return self._floor

    def monotonic_ms(self) -> int:
        """Return milliseconds since boot, never backwards."""
        return int(self._monotonic() * 1000)

    def quality(self) -> ClockQuality:
        """Return what the wall time is worth; the kernel is asked once a minute."""
        if self._monotonic() - self._asked_s > 60:
            self._quality, self._asked_s = self._ask(), self._monotonic()
        return self._quality

    def lagging_s(self) -> float:
        """Return by how many seconds the wall clock is behind (positive) what we go by."""
        return self.now().timestamp() - self._wall()


class HeadquartersTime:
    """Headquarters' time as last heard, carried on by the monotonic clock: requests are signed with it."""

    def __init__(self, clock: SystemClock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._heard: datetime | None = None
        self._heard_s = 0.0

    def hear(self, hq_time: str) -> None:
        """Take what an acknowledgement says; nonsense is ignored."""
        try:
            heard = datetime.fromisoformat(hq_time)
        except ValueError:
            return
        if heard.tzinfo is not None:
            self._heard, self._heard_s = heard, self._monotonic()

    def now(self) -> datetime:
        """Return headquarters' time, our own until it was heard."""
        if self._heard is None:
            return self._clock.now()
        return self._heard + timedelta(seconds=self._monotonic() - self._heard_s)

    def skew_s(self) -> float | None:
        """Return by how many seconds our clock is ahead of headquarters', None until it was heard."""
        return None if self._heard is None else (self._clock.now() - self.now()).total_seconds()
