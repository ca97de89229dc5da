"""What the file knows of itself: whose it is, when it was born, how often it booted and how it last ended."""

import sqlite3

KEPT_DAYS = 30
"""Nobody repeats a request after so long."""


class Meta:
    """Small texts by name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, key: str, default: str = "") -> str:
        """Return the text kept as ``key``."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def set(self, key: str, value: str) -> None:
        """Keep a text."""
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


class SqliteRequests:
    """First answers by request id, so that a repeat gets the same one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def answer(self, request_id: str) -> tuple[str, bytes] | None:
        """Return ``(verb, answer)`` of a request that was carried out."""
        row = self._db.execute("SELECT verb, answer FROM request WHERE request_id = ?", (request_id,)).fetchone()
        return (row[0], row[1]) if row else None

    def remember(self, request_id: str, verb: str, answer: bytes) -> None:
        """Keep an answer."""
        self._db.execute("INSERT INTO request (request_id, verb, answer) VALUES (?, ?, ?)", (request_id, verb, answer))

    def release(self, limit: int = 500) -> int:
        """Forget at most ``limit`` old answers: those of scans after a day, all others after ``KEPT_DAYS``; returns how many."""
        return self._db.execute(
            "DELETE FROM request WHERE request_id IN (SELECT request_id FROM request "
            "WHERE at_s < unixepoch() - iif(verb = 'ring_up', 1, ?) * 86400 LIMIT ?)",
            (KEPT_DAYS, limit),
        ).rowcount
