"""Events that could not be applied, one by one."""

from sqlalchemy import Connection, select, update

from coordinator.db import tables
from coordinator.rows import ParkedRow

_parked = tables.quarantine.c
_ROW = select(*(_parked[name] for name in ParkedRow._fields))


class SqlQuarantine:
    """``coordinator.ports.Quarantine`` in either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, event_id: str) -> ParkedRow | None:
        """Return a parked event without locking it."""
        row = self._connection.execute(_ROW.where(_parked.event_id == event_id)).first()
        return ParkedRow(*row) if row else None

    def lock(self, event_id: str) -> ParkedRow:
        """Return a parked event that exists, locked until the transaction ends."""
        return ParkedRow(*self._connection.execute(_ROW.where(_parked.event_id == event_id).with_for_update()).one())

    def resolve(self, event_id: str, at: str, resolution: str, by: str) -> None:
        """Write down what became of a parked event."""
        one = update(tables.quarantine).where(_parked.event_id == event_id)
        self._connection.execute(one.values(resolved_at=at, resolution=resolution, resolved_by=by))

    def is_open_at(self, edge: str) -> bool:
        """Tell whether events of an edge still wait for a person."""
        query = select(_parked.event_id).where(_parked.edge == edge, _parked.resolved_at.is_(None)).limit(1)
        return self._connection.execute(query).first() is not None
