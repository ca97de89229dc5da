"""The disk by class: what is dropped first when it fills, so that a sale always finds room.

80 % used: warn · 90 %: traces are dropped · 95 %: extras (snapshot downloads) stop · 98 % or only the reserve left: no new sale.
A sale that is open may always be finished: that is what the reserve is for.
"""

import enum
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from edge_agent.errors import ReserveReached
from edge_agent.settings import StorageSettings


class Level(enum.IntEnum):
    """How full the disk is, by what we do about it."""

    NORMAL = 0
    WARN = 1
    DROP_TRACES = 2
    STOP_EXTRAS = 3
    REFUSE_SALES = 4


class Space(NamedTuple):
    """Room of a file system in bytes; ``free`` is what we may use."""

    total: int
    free: int


def space_of(path: Path) -> Space:
    """Ask the file system that holds ``path``."""
    room = os.statvfs(path)
    return Space(room.f_frsize * room.f_blocks, room.f_frsize * room.f_bavail)


class DiskBudget:
    """Judges the room left; ``read`` is the free-space reader."""

    def __init__(self, settings: StorageSettings, read: Callable[[], Space]) -> None:
        self._read = read
        self._reserve = settings.reserve_mb << 20
        self._percents = (settings.warn_percent, settings.drop_percent, settings.stop_percent, settings.refuse_percent)

    def level(self, space: Space | None = None) -> Level:
        """Return what the room left means."""
        total, free = space or self._read()
        if free <= self._reserve:
            return Level.REFUSE_SALES
        used = total - free
        return Level(sum(used * 100 >= percent * total for percent in self._percents))

    def space(self) -> Space:
        """Return the room as it is now."""
        return self._read()

    def free_bytes(self) -> int:
        """Return the bytes left."""
        return self._read().free

    def require_room_for_a_sale(self) -> None:
        """Let a new sale begin.

        Raises:
            ReserveReached: only the reserve is left.
        """
        space = self._read()
        if self.level(space) is Level.REFUSE_SALES:
            raise ReserveReached(space.free, max(self._reserve, space.total * (100 - self._percents[3]) // 100))

    def allows_extras(self) -> bool:
        """Whether downloads and other extras may use the disk."""
        return self.level() < Level.STOP_EXTRAS

    def sweep(self, data_dir: Path) -> Level:
        """Drop what the level asks for and return the level: traces first, half-fetched snapshots next."""
        level = self.level()
        if level >= Level.DROP_TRACES:
            shutil.rmtree(data_dir / "traces", ignore_errors=True)
        if level >= Level.STOP_EXTRAS:
            shutil.rmtree(data_dir / "snapshots", ignore_errors=True)
        return level
