"""Doubles of the ports, beside them: a clock that is set by hand, a disk with as much room as asked."""

from datetime import UTC, datetime, timedelta

from edge_agent.errors import ReserveReached
from protocol.envelope import ClockQuality


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at or datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
        self._passed_ms = 0

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._at

    def monotonic_ms(self) -> int:
        """Return the milliseconds it was moved on, jumps left out."""
        return self._passed_ms

    def quality(self) -> ClockQuality:
        """Return ``guess``: nobody synchronises it."""
        return "guess"

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self._at += timedelta(seconds=seconds)
        self._passed_ms += round(seconds * 1000)

    def jump(self, at: datetime) -> None:
        """Set the wall clock, as a person or a broken battery does."""
        self._at = at


class SettableRoom:
    """A disk that has room until told otherwise."""

    def __init__(self) -> None:
        self.full = False

    def require_room_for_a_sale(self) -> None:
        """Raise ``ReserveReached`` when told to be full."""
        if self.full:
            raise ReserveReached(100 << 20, 200 << 20)
