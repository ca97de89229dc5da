"""The inbox with headquarters' own way of writing many rows."""

from typing import Any

from coordinator.db.statements import put
from coordinator.db.tables import metadata
from link.inbox import Inbox


class SqlInbox(Inbox):
    """``coordinator.ports.Inbox`` in either database; into PostgreSQL events go by COPY."""

    def _insert(self, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        put(self._db, metadata.tables[table], columns, rows)
