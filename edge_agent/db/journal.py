"""One edge's file as the rest of the agent sees it: opened and checked, written in the writer thread, healthy or not."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from edge_agent.clock import fresh_id
from edge_agent.db.connection import ALONE, Size, open_for_writing, translated
from edge_agent.db.meta import Meta, SqliteRequests
from edge_agent.db.printing import SqlitePrintJobs
from edge_agent.db.unit_of_work import SqliteUnitOfWork
from edge_agent.db.writer import Writer
from edge_agent.errors import DatabaseCorrupt, DiskFull, StorageError
from edge_agent.ports import Clock, Place, Room
from link.chain import BrokenChain
from link.outbox import Outbox

Result = TypeVar("Result")


class Boot(NamedTuple):
    """What was found at this start."""

    boot_id: str
    boots: int
    was_clean: bool


class Journal:
    """Owns the connection. Everything that touches it runs in the writer thread: use ``run`` (async) or ``call``."""

    def __init__(self, connection: sqlite3.Connection, path: Path | str, writer: Writer) -> None:
        self.connection, self.path, self.writer = connection, str(path), writer
        self.meta = Meta(connection)
        self.outbox = Outbox(connection)
        self._uow: SqliteUnitOfWork | None = None

    @property
    def uow(self) -> SqliteUnitOfWork:
        """The one unit of work of this file (after ``boot``)."""
        assert self._uow is not None, "boot() comes first"  # noqa: S101 - a slip of ours, not of the world
        return self._uow

    async def run(self, function: Callable[[], Result]) -> Result:
        """Await ``function`` in the writer thread.

        Raises:
            StorageError: SQLite failed in it; nothing more is written from this process.
        """
        return await self.writer.run(lambda: self._translating(function))

    def call(self, function: Callable[[], Result]) -> Result:
        """Wait for ``function`` in the writer thread; never from an event loop."""
        return self.writer.call(lambda: self._translating(function))

    def _translating(self, function: Callable[[], Result]) -> Result:
        try:
            return function()
        except sqlite3.Error as error:  # read outside a transaction; inside one it was translated already
            failure = translated(error, "reading", self.path)
            self._failed(failure)
            raise failure from error

    def boot(self, place: Place, room: Room, clock: Clock, *, prints: bool, epoch: int = 1) -> Boot:
        """Count the start, begin the stream when the file is new, settle what the last run left open.

        Raises:
            DatabaseCorrupt: a fact is missing or does not hash to what was committed.
            StorageFailed: it cannot be read or written.
        """
        with self.transaction("booting"):
            self.outbox.initialise(place.edge, epoch)
            self._check_facts()
            boot = self._count_boot(clock)
            SqlitePrintJobs(self.connection).interrupted()
        self._uow = SqliteUnitOfWork(self.connection, self.path, place, room, boot.boot_id, prints=prints)
        return boot

    def close(self) -> None:
        """Say that this end was a clean one, and close the file."""
        try:
            if self._uow is None or self._uow.failure is None:
                with self.transaction("closing"):
                    self.meta.set("clean", "1")
        finally:
            self.connection.close()

    def has_catalogue(self) -> bool:
        """Whether the replica knows any item."""
        return self.connection.execute("SELECT 1 FROM item LIMIT 1").fetchone() is not None

    def attributes(self) -> dict[str, str]:
        """Return what headquarters' feed says of the store itself, texts only."""
        rows = self.connection.execute("SELECT key, value FROM store_attribute")
        return {key: text for key, value in rows if isinstance(text := json.loads(value), str)}

    def release(self, now_ms: int, retention_s: int) -> int:
        """Delete some facts that are acknowledged, backed up and older than ``retention_s``, and old answers; returns how many."""
        with self.transaction("releasing old facts"):
            return self.outbox.release(now_ms, retention_s) + SqliteRequests(self.connection).release()

    def verify(self) -> int:
        """Hash every retained fact again and return how many there are.

        Raises:
            BrokenChain: one is missing or was changed.
        """
        return self.outbox.verify_chain()

    def _check_facts(self) -> None:
        """``quick_check`` sees the structure of the file; only the chain sees the bytes (60 000 facts: half a second)."""
        try:
            self.outbox.verify_chain()
        except BrokenChain as error:
            raise DatabaseCorrupt(self.path, str(error)) from error

    def _count_boot(self, clock: Clock) -> Boot:
        meta = self.meta
        boots = int(meta.get("boots", "0")) + 1
        was_clean = meta.get("clean", "1") == "1"
        born = meta.get("born") or clock.now().isoformat()
        for key, value in (("boots", str(boots)), ("clean", "0"), ("born", born)):
            meta.set(key, value)
        return Boot(fresh_id(clock.now()), boots, was_clean)

    def transaction(self, what: str) -> "_Transaction":
        """Return a transaction for what no handler does; undone when its block raises."""
        return _Transaction(self.connection, self.path, what, self._failed)

    def _failed(self, error: StorageError) -> None:
        """After a failed read, write or flush nothing more is written from this process, whoever met it."""
        if self._uow is not None and self._uow.failure is None and not isinstance(error, DiskFull):
            self._uow.failure = error


def floor_of(connection: sqlite3.Connection) -> datetime | None:
    """Return when the newest fact of the outbox was committed: time does not run back behind it."""
    row = connection.execute("SELECT committed_ms FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
    return datetime.fromtimestamp(row[0] / 1000, UTC) if row else None


class _Transaction:
    """A transaction outside the handlers: boot, acknowledgements, feeds."""

    def __init__(
        self, connection: sqlite3.Connection, path: str, what: str, failed: Callable[[StorageError], None]
    ) -> None:
        self._db, self._path, self._what, self._failed = connection, path, what, failed

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._told(error) from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._db.execute("COMMIT")
        except sqlite3.Error as failed:
            error = failed
        if error is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> StorageError:
        failure = translated(error, self._what, self._path)
        self._failed(failure)
        return failure


def open_journal(path: Path, writer: Writer, size: Size = ALONE) -> Journal:
    """Open, check and upgrade ``edge.db`` in the writer thread.

    Raises:
        StorageError: it must not be sold from; the message says what to do.
    """
    connection = writer.call(lambda: open_for_writing(path, size))
    return Journal(connection, path, writer)
