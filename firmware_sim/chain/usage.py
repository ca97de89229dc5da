"""What the processes of the chain use: memory and processor time out of /proc, so that "flat" can be judged."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1_000_000
SETTLED_S = 60.0


@dataclass
class _Life:
    """Samples of one process (one pid): seconds, resident bytes, processor seconds."""

    at_s: list[float] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Usage:
    """What one named process used, over all its lives (restarts).

    Attributes:
        peak_mb: the most resident memory seen.
        slope_mb_min: how memory grew in the second half of its longest life, megabytes per minute (least squares); None when that
            half is shorter than ``SETTLED_S`` and tells nothing.
        cpu_s: processor time, user and system.
    """

    name: str
    peak_mb: float
    slope_mb_min: float | None
    cpu_s: float


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process so far, 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, IndexError):
        return 0.0


def children_of(pid: int) -> list[tuple[int, str]]:
    """Return pid and command name of a process's direct children."""
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, tasks.read_text().split()):
            try:
                found.append((child, Path(f"/proc/{child}/comm").read_text().strip()))
            except OSError:
                continue
    return found


class UsageWatch:
    """Samples named processes while ``run`` runs."""

    def __init__(self, processes: Callable[[], Mapping[str, int | None]], every_s: float = 2.0) -> None:
        """Ask ``processes`` for name → pid at every sample."""
        self._processes, self._every_s = processes, every_s
        self._lives: dict[tuple[str, int], _Life] = {}

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.sample(loop.time())
            await asyncio.sleep(self._every_s)

    def sample(self, now_s: float) -> None:
        """Take one sample of every process that runs."""
        for name, pid in self._processes().items():
            if pid is None or not (resident := resident_bytes(pid)):
                continue
            life = self._lives.setdefault((name, pid), _Life())
            life.at_s.append(now_s)
            life.resident.append(resident)
            life.cpu_s = max(life.cpu_s, cpu_seconds(pid))

    def report(self) -> list[Usage]:
        """Return what each name used so far."""
        names = sorted({name for name, _ in self._lives})
        return [_usage(name, [life for (of, _), life in self._lives.items() if of == name]) for name in names]


def _usage(name: str, lives: list[_Life]) -> Usage:
    longest = max(lives, key=lambda life: len(life.at_s))
    half = len(longest.at_s) // 2
    at_s, resident = longest.at_s[half:], longest.resident[half:]
    settled = at_s[-1] - at_s[0] >= SETTLED_S
    return Usage(
        name,
        peak_mb=round(max(max(life.resident) for life in lives) / _MEGABYTE, 1),
        slope_mb_min=round(slope_per_s(at_s, resident) * 60 / _MEGABYTE, 2) if settled else None,
        cpu_s=round(sum(life.cpu_s for life in lives), 1),
    )


def slope_per_s(at_s: list[float], values: list[int]) -> float:
    """Return the least-squares slope of ``values`` over ``at_s``, 0 with fewer than two samples.

    >>> slope_per_s([0.0, 1.0, 2.0], [10, 30, 50])
    20.0
    """
    if len(at_s) < 2 or at_s[0] == at_s[-1]:
        return 0.0
    middle_s, middle = sum(at_s) / len(at_s), sum(values) / len(values)
    spread = sum((moment - middle_s) ** 2 for moment in at_s)
    return sum((moment - middle_s) * (value - middle) for moment, value in zip(at_s, values, strict=True)) / spread
