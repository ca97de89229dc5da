"""The edge's directory: one process at a time, where things lie, and the epoch kept beside the journal."""

import fcntl
import os
from pathlib import Path

from edge_agent.errors import AlreadyRunning, StorageFailed
from link.files import PUBLIC, write_durably

_EPOCH = "epoch"


class DataDir:
    """Paths below one directory, and its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "edge.db"
        self.identity = path / "identity"
        self.control = path / "control.sock"
        self.snapshots = path / "snapshots"
        self.traces = path / "traces"
        self.devices = path / "devices.json"
        self._lock: int | None = None

    def lock(self) -> None:
        """Take the directory for this process; the system lets go of it when the process ends, however it ends.

        Raises:
            AlreadyRunning: another process has it.
            StorageFailed: the directory cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path / "edge.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(f"opening {self.path}", str(error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise AlreadyRunning(self.path) from error
        self._lock = handle

    def unlock(self) -> None:
        """Let another process have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def last_epoch(self) -> int:
        """Return the last epoch that began here, 0 when none is known: it outlives a lost database."""
        try:
            return int((self.path / _EPOCH).read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def keep_epoch(self, epoch: int) -> None:
        """Remember an epoch before the first receipt is numbered in it."""
        write_durably(self.path / _EPOCH, f"{epoch}\n", mode=PUBLIC)
