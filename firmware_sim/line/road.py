"""What a line does to bytes on their way: delay, a limited rate, a black hole; and what it has counted."""

import asyncio
import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Weather:
    """How good the line is while it is up.

    Attributes:
        delay_s: added to every chunk in each direction; order is kept.
        jitter_s: up to this much more, drawn per chunk.
        rate_bytes_s: bytes per second and direction, shared by all connections; None is unlimited.
        cut_after_bytes: reset a connection once exactly this many bytes (both directions) have passed.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    rate_bytes_s: float | None = None
    cut_after_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that no line can have."""
        if self.delay_s < 0 or self.jitter_s < 0:
            raise ValueError(f"delay_s {self.delay_s} and jitter_s {self.jitter_s} must not be negative")
        for name in ("rate_bytes_s", "cut_after_bytes"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} {value} must be above 0, or null for no limit")


CLEAR = Weather()


@dataclasses.dataclass
class Counters:
    """What has happened since the line was opened; bytes are those delivered to the other end."""

    connections: int = 0
    open_now: int = 0
    resets: int = 0
    unreachable: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class Road:
    """What all connections through a line share, in both directions."""

    def __init__(self, seed: int) -> None:
        self.weather = CLEAR
        self.counters = Counters()
        self._random = random.Random(seed)
        self._delivering = asyncio.Event()
        self._delivering.set()
        self._free_at: dict[str, float] = {"up": 0.0, "down": 0.0}

    def block(self) -> None:
        """Deliver nothing until ``unblock``."""
        self._delivering.clear()

    def unblock(self) -> None:
        """Deliver, what was held back too."""
        self._delivering.set()

    async def when_delivering(self) -> None:
        """Return when bytes are delivered."""
        await self._delivering.wait()

    def arrival_s(self) -> float:
        """Return the loop time at which a chunk that enters now comes out, before the rate is charged."""
        now = asyncio.get_running_loop().time()
        return now + self.weather.delay_s + self._random.uniform(0, self.weather.jitter_s)

    async def charge(self, direction: str, size: int) -> None:
        """Wait for ``size`` bytes' turn on a line of limited rate."""
        if (rate := self.weather.rate_bytes_s) is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at[direction] = max(now, self._free_at[direction]) + size / rate
        await asyncio.sleep(self._free_at[direction] - now)

    def delivered(self, direction: str, size: int) -> None:
        """Count ``size`` delivered bytes."""
        if direction == "up":
            self.counters.bytes_up += size
        else:
            self.counters.bytes_down += size
