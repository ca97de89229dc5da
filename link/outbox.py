"""The edge's outbox: facts wait on disk until headquarters has committed them, and longer.

Runs on the standard library's ``sqlite3`` in autocommit mode (``isolation_level=None``). Nothing here begins or commits: an append belongs
to the transaction of the sale that it tells of, and the caller closes that transaction. The rows form a hash chain (``protocol.envelope``):
``hash`` of a row covers its bytes and every row before it back to the start of the epoch.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from link.chain import BrokenChain, follow
from protocol.envelope import chain, genesis

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL,
    committed_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stream (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    edge TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    top INTEGER NOT NULL DEFAULT 0,
    head BLOB NOT NULL,
    acked INTEGER NOT NULL DEFAULT 0,
    safe INTEGER NOT NULL DEFAULT 0,
    base INTEGER NOT NULL DEFAULT 0,
    base_hash BLOB NOT NULL,
    hq_gen INTEGER NOT NULL DEFAULT 0,
    dl_gen INTEGER NOT NULL DEFAULT 0,
    dl_cursor INTEGER NOT NULL DEFAULT 0,
    CHECK (base <= acked AND acked <= top AND safe <= acked)
) STRICT;
"""
"""``base`` is the last seq deleted after retention (0: nothing yet) and ``base_hash`` its hash, so that the chain still has a beginning."""

RETENTION_S = 30 * 86_400
_CHUNK = 1000


class OutboxPosition(NamedTuple):
    """The stream's one row."""

    edge: str
    epoch: int
    top: int
    head: bytes
    acked: int
    safe: int
    base: int
    base_hash: bytes
    hq_gen: int
    dl_gen: int
    dl_cursor: int


class End(NamedTuple):
    """Where the stream ends: its last seq and the hash there."""

    seq: int
    hash: bytes


class NoStream(Exception):
    """The database has no stream row: it was never initialised for an edge."""


_POSITION = "SELECT edge, epoch, top, head, acked, safe, base, base_hash, hq_gen, dl_gen, dl_cursor FROM stream"


class Outbox:
    """The outbox in one connection; also the ``OutboxView`` that ``protocol.sender`` reads through."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def initialise(self, edge: str, epoch: int = 1) -> None:
        """Begin the stream of ``edge`` at ``epoch`` unless there is one; ``SCHEMA`` must exist."""
        start = genesis(edge, epoch)
        self._db.execute(
            "INSERT INTO stream (one, edge, epoch, head, base_hash) VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (edge, epoch, start, start),
        )

    def position(self) -> OutboxPosition:
        """Return the stream's row.

        Raises:
            NoStream: ``initialise`` was never called.
        """
        row = self._db.execute(_POSITION).fetchone()
        if row is None:
            raise NoStream("this file has no outbox stream: enrol the edge first")
        return OutboxPosition._make(row)

    def append(self, event: bytes, event_id: str) -> int:
        """Add one event inside the caller's transaction and return its seq.

        Args:
            event: bytes of ``protocol.codec.encode_event``.
            event_id: its UUIDv7, whose time counts for retention.
        """
        return self.append_after(self.end(), event, event_id).seq

    def end(self) -> End:
        """Return the last seq and its hash."""
        return End._make(self._db.execute("SELECT top, head FROM stream").fetchone())

    def append_after(self, end: End, event: bytes, event_id: str) -> End:
        """Add one event as ``append`` does, for a caller who remembers the ``end``; returns the new one."""
        seq, digest = end.seq + 1, chain(end.hash, event)
        self._db.execute(
            "INSERT INTO outbox (seq, event_id, bytes, hash, committed_ms) VALUES (?, ?, ?, ?, ?)",
            (seq, event_id, event, digest, _unix_ms(event_id)),
        )
        self._db.execute("UPDATE stream SET top = ?, head = ?", (seq, digest))
        return End(seq, digest)

    def top(self) -> int:
        """Return the last seq (0: none in this epoch)."""
        return int(self._db.execute("SELECT top FROM stream").fetchone()[0])

    def head(self) -> bytes:
        """Return the hash at ``top``."""
        return bytes(self._db.execute("SELECT head FROM stream").fetchone()[0])

    def hash_at(self, seq: int) -> bytes | None:
        """Return the hash at ``seq``, or None when that row is not here (deleted, or not yet written)."""
        row = self._db.execute("SELECT hash FROM outbox WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            row = self._db.execute("SELECT base_hash FROM stream WHERE base = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def read(self, first_seq: int, max_events: int, max_bytes: int) -> list[bytes]:
        """Return consecutive events from ``first_seq`` on: at most ``max_events`` and ``max_bytes``, but the first whatever its size."""
        rows = self._db.execute(
            "SELECT seq, bytes FROM outbox WHERE seq >= ? ORDER BY seq LIMIT ?", (first_seq, max_events)
        )
        events: list[bytes] = []
        size = 0
        for expected, (seq, event) in enumerate(rows, first_seq):
            size += len(event)
            if seq != expected or (events and size > max_bytes):
                break
            events.append(event)
        return events

    def acknowledge(self, up_to: int, safe: int, gen: int) -> None:
        """Keep what headquarters confirmed: everything up to ``up_to`` committed, up to ``safe`` backed up."""
        self._db.execute("UPDATE stream SET acked = ?, safe = min(?, ?), hq_gen = ?", (up_to, safe, up_to, gen))

    def rewind(self, to: int, gen: int) -> None:
        """Headquarters lost what came after ``to`` (restored from a backup): send it again."""
        self._db.execute("UPDATE stream SET acked = ?, safe = min(safe, ?), hq_gen = ?", (to, to, gen))

    def move_downlink(self, gen: int, cursor: int) -> None:
        """Keep how far headquarters' log is applied, in the transaction that applied it."""
        self._db.execute("UPDATE stream SET dl_gen = ?, dl_cursor = ?", (gen, cursor))

    def start_epoch(self, epoch: int) -> None:
        """Number and chain every retained row afresh under ``epoch``; nothing is acknowledged in it. The bytes stay as they are.

        Raises:
            ValueError: ``epoch`` does not grow.
        """
        position = self.position()
        if epoch <= position.epoch:
            raise ValueError(f"epoch {epoch} does not follow epoch {position.epoch}")
        head = genesis(position.edge, epoch)
        for rows in self._chunks(position.base):
            changes = []
            for seq, event, _ in rows:
                head = chain(head, event)
                changes.append((seq - position.base, head, seq))
            self._db.executemany("UPDATE outbox SET seq = ?, hash = ? WHERE seq = ?", changes)
        start = genesis(position.edge, epoch)
        self._db.execute(
            "UPDATE stream SET epoch = ?, top = top - base, head = ?, acked = 0, safe = 0, base = 0, base_hash = ?",
            (epoch, head, start),
        )

    def release(self, now_ms: int, retention_s: int = RETENTION_S, limit: int = 500) -> int:
        """Delete at most ``limit`` of the oldest rows that are acknowledged, backed up and older than ``retention_s``.

        Returns:
            How many rows went; call again while it is ``limit``, each time in its own transaction, so that no sale waits.
        """
        position = self.position()
        last = min(position.acked, position.safe, position.base + limit)
        too_young = self._db.execute(
            "SELECT min(seq) FROM outbox WHERE seq > ? AND seq <= ? AND committed_ms > ?",
            (position.base, last, now_ms - retention_s * 1000),
        ).fetchone()[0]
        if too_young is not None:
            last = too_young - 1
        if last <= position.base:
            return 0
        digest = self.hash_at(last)
        self._db.execute("DELETE FROM outbox WHERE seq <= ?", (last,))
        self._db.execute("UPDATE stream SET base = ?, base_hash = ?", (last, digest))
        return last - position.base

    def verify_chain(self) -> int:
        """Hash every retained row again and return how many there are.

        Raises:
            BrokenChain: a row is missing, was added from outside, or its bytes do not hash to what was committed.
        """
        position = self.position()
        if position.base == 0 and position.base_hash != genesis(position.edge, position.epoch):
            raise BrokenChain(f"the outbox of {position.edge}", 1, f"is not the beginning of epoch {position.epoch}")
        rows = (row for chunk in self._chunks(position.base) for row in chunk)
        seq, head = follow(f"the outbox of {position.edge}", position.base, position.base_hash, rows)
        if (seq, head) != (position.top, position.head):
            raise BrokenChain(
                f"the outbox of {position.edge}", seq + 1, f"is missing (the stream goes up to {position.top})"
            )
        return seq - position.base

    def _chunks(self, after: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
        """Yield (seq, bytes, hash) of the rows after ``after`` in bounded lists, ready for changing them in between."""
        while rows := self._db.execute(
            "SELECT seq, bytes, hash FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, _CHUNK)
        ).fetchall():
            after = rows[-1][0]
            yield rows


def _unix_ms(event_id: str) -> int:
    """Return the time in a UUIDv7."""
    return int(event_id[:8] + event_id[9:13], 16)
