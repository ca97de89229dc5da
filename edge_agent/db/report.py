"""What an operator asks of the file, read only, while the agent runs or not: state, sales, outbox.

Rows come through sqlite-utils: the operator's own tool on the same file (``sqlite-utils rows edge.db sale``) shows the same.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.db.connection import open_for_reading, translated

Row = dict[str, Any]

_STATE = (
    "SELECT edge, epoch, top, acked, safe, dl_gen, dl_cursor, top - acked AS waiting, "
    "(SELECT count(*) FROM sale) AS sales, (SELECT max(number) & 4294967295 FROM sale) AS last_receipt, "
    "(SELECT count(*) FROM item) AS items, (SELECT count(*) FROM price) AS prices, "
    "(SELECT version FROM feed WHERE name = 'prices') AS price_version FROM stream"
)
_SALES = (
    "SELECT epoch, receipt_no, kind, lane, business_date, total_minor, "
    "json_extract(CAST(body AS TEXT), '$.currency') AS currency, json_extract(CAST(body AS TEXT), '$.completed_at') AS completed_at, "
    "json_array_length(CAST(body AS TEXT), '$.lines') AS lines, "
    "(SELECT state FROM print_job p WHERE p.sale_number = s.number ORDER BY copy DESC LIMIT 1) AS receipt, "
    "EXISTS (SELECT 1 FROM sale_void v WHERE v.sale_id = s.sale_id) AS voided, sale_id, source_ref FROM sale s "
    "WHERE (:day = '' OR business_date = :day) ORDER BY number DESC LIMIT :limit"
)
_OUTBOX = (
    "SELECT seq, json_extract(CAST(bytes AS TEXT), '$.type') AS type, json_extract(CAST(bytes AS TEXT), '$.time') AS time, "
    "length(bytes) AS bytes, seq <= acked AS acknowledged, seq <= safe AS safe, event_id "
    "FROM outbox, stream WHERE (:all OR seq > acked) ORDER BY seq LIMIT :limit"
)
_OPEN = "SELECT lane, count(*) - 1 AS lines FROM basket_line GROUP BY lane"


class Report:
    """Read-only questions to ``edge.db``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        from sqlite_utils import Database

        self._database = Database(connection, execute_plugins=False)

    def state(self) -> Row:
        """Return where the stream, the sales and the replica stand; empty before the first start."""
        return next(iter(self._database.query(_STATE)), {}) | {"open": list(self._database.query(_OPEN))}

    def sales(self, day: str = "", limit: int = 50) -> list[Row]:
        """Return the newest sales first; ``day`` is a business date or empty."""
        return list(self._database.query(_SALES, {"day": day, "limit": limit}))

    def outbox(self, limit: int = 50, *, everything: bool = False) -> list[Row]:
        """Return the oldest facts that wait, or all that are kept."""
        return list(self._database.query(_OUTBOX, {"all": everything, "limit": limit}))

    def oldest_waiting_s(self, now: datetime) -> float:
        """Return how old the oldest waiting fact is; 0 when none waits."""
        rows = self._database.query("SELECT min(committed_ms) AS ms FROM outbox, stream WHERE seq > acked")
        oldest = next(iter(rows))["ms"]
        return max(0.0, (now - datetime.fromtimestamp(oldest / 1000, UTC)).total_seconds()) if oldest else 0.0


@contextmanager
def report_on(file: Path) -> Iterator[Report]:
    """Open ``file`` for reading until the block ends.

    Raises:
        StorageFailed: it is not there, or cannot be read.
        DatabaseCorrupt: it is no database.
    """
    connection = open_for_reading(file)
    try:
        yield Report(connection)
    except sqlite3.Error as error:
        raise translated(error, "reading the database", str(file)) from error
    finally:
        connection.close()
