"""Whole replicas, ready to be fetched; kept in the database so that every process of headquarters can serve them."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select

from coordinator.db import tables
from coordinator.db.statements import put, upsert
from coordinator.rows import SnapshotRow

_snapshot, _part, _chunk = tables.snapshot.c, tables.snapshot_part.c, tables.snapshot_chunk.c
COLUMNS = SnapshotRow._fields
_ALL = select(*(_snapshot[name] for name in COLUMNS))


class SqlSnapshots:
    """``coordinator.ports.Snapshots`` in either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, edge: str) -> SnapshotRow | None:
        """Return the newest snapshot of an edge."""
        query = _ALL.where(_snapshot.edge == edge).order_by(_snapshot.gen.desc(), _snapshot.cursor.desc()).limit(1)
        row = self._connection.execute(query).first()
        return SnapshotRow(*row) if row else None

    def add(self, row: SnapshotRow, chunks: Mapping[str, bytes]) -> None:
        """Keep a snapshot and its chunks by sha256."""
        upsert(self._connection, tables.snapshot_chunk, ("sha256", "body"), list(chunks.items()))
        put(self._connection, tables.snapshot, COLUMNS, [tuple(row)])
        put(self._connection, tables.snapshot_part, ("snapshot", "sha256"), [(row.id, sha256) for sha256 in chunks])

    def get(self, snapshot_id: str) -> SnapshotRow | None:
        """Return a snapshot."""
        row = self._connection.execute(_ALL.where(_snapshot.id == snapshot_id)).first()
        return SnapshotRow(*row) if row else None

    def chunk(self, snapshot_id: str, sha256: str) -> bytes | None:
        """Return a chunk that belongs to a snapshot."""
        query = (
            select(_chunk.body)
            .join_from(tables.snapshot_part, tables.snapshot_chunk, _chunk.sha256 == _part.sha256)
            .where(_part.snapshot == snapshot_id, _part.sha256 == sha256)
        )
        body: bytes | None = self._connection.execute(query).scalar()
        return body

    def drop_before(self, at: str) -> int:
        """Let go of snapshots made before ``at`` that are not their edge's newest, and of chunks nobody names."""
        other = tables.snapshot.alias()
        newest = select(func.max(other.c.made_at)).where(other.c.edge == _snapshot.edge).scalar_subquery()
        old = list(
            self._connection.execute(
                select(_snapshot.id).where(_snapshot.made_at < at, _snapshot.made_at < newest)
            ).scalars()
        )
        if old:
            self._connection.execute(delete(tables.snapshot_part).where(_part.snapshot.in_(old)))
            self._connection.execute(delete(tables.snapshot).where(_snapshot.id.in_(old)))
            named = select(_part.sha256)
            self._connection.execute(delete(tables.snapshot_chunk).where(_chunk.sha256.not_in(named)))
        return len(old)
