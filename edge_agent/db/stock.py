"""Movements of goods, one row a fact, and the level they fold into."""

import sqlite3
from collections.abc import Mapping

import msgspec

_MOVE = "INSERT INTO stock_movement (source, changes) VALUES (?, ?)"
_FOLD = (
    "INSERT INTO stock_level (sku, on_hand_milli) VALUES (?, ?) "
    "ON CONFLICT (sku) DO UPDATE SET on_hand_milli = on_hand_milli + excluded.on_hand_milli"
)
_encode = msgspec.json.Encoder().encode


class SqliteStock:
    """``ports.Stock`` in two tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def move(self, source: str, changes: Mapping[str, int]) -> None:
        """Append a movement and fold it into the levels."""
        if changes:
            self._db.execute(_MOVE, (source, _encode(changes).decode()))
            self._db.executemany(_FOLD, sorted(changes.items()))


def differences(connection: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """Return ``(sku, level, sum of movements)`` wherever the two differ: none, unless the file was damaged."""
    return connection.execute(
        "WITH moved AS (SELECT c.key AS sku, sum(c.value) AS milli FROM stock_movement m, json_each(m.changes) c GROUP BY 1) "
        "SELECT sku, coalesce(l.on_hand_milli, 0), coalesce(m.milli, 0) FROM "
        "(SELECT sku FROM moved UNION SELECT sku FROM stock_level) LEFT JOIN stock_level l USING (sku) "
        "LEFT JOIN moved m USING (sku) WHERE coalesce(l.on_hand_milli, 0) <> coalesce(m.milli, 0)"
    ).fetchall()
