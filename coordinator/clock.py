"""Time as an argument: what now is, and how it is written."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where now comes from."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """Return ``at`` as RFC 3339 text in UTC with milliseconds; text of this form sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parsed(text: str) -> datetime:
    """Return the aware time that ``text`` (RFC 3339) names.

    Raises:
        ValueError: no time, or one without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone; write 2026-11-21T20:00:00Z")
    return at.astimezone(UTC)
