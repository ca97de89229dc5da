"""Replicas made for edges."""

from collections.abc import Mapping
from typing import Protocol

from coordinator.rows import SnapshotRow


class Snapshots(Protocol):
    """Whole replicas, ready to be fetched."""

    def latest(self, edge: str) -> SnapshotRow | None:
        """Return the newest snapshot of an edge."""
        ...

    def add(self, row: SnapshotRow, chunks: Mapping[str, bytes]) -> None:
        """Keep a snapshot and its chunks by sha256."""
        ...

    def get(self, snapshot_id: str) -> SnapshotRow | None:
        """Return a snapshot."""
        ...

    def chunk(self, snapshot_id: str, sha256: str) -> bytes | None:
        """Return a chunk that belongs to a snapshot."""
        ...

    def drop_before(self, at: str) -> int:
        """Let go of snapshots made before ``at`` that are not their edge's newest, and of chunks nobody names."""
        ...
