"""One transaction over the edge's file, and what becomes of the file when one fails."""

import sqlite3
from types import TracebackType
from typing import Self

from edge_agent import ports
from edge_agent.db.catalogue import SqliteCatalogue
from edge_agent.db.connection import translated
from edge_agent.db.facts import OutboxFacts
from edge_agent.db.meta import SqliteRequests
from edge_agent.db.printing import SqlitePrintJobs
from edge_agent.db.sales import SqliteBaskets, SqliteDays, SqliteSales
from edge_agent.db.stock import SqliteStock
from edge_agent.errors import DiskFull, StorageError


class SqliteUnitOfWork:
    """``ports.UnitOfWork``: begun and ended by hand, used by one thread only.

    After a failed read, write or flush nobody knows what the disk holds, and a flush that is tried again may lie. So the first
    such failure is kept and every later transaction is refused with it: the agent ends and starts again from disk. Only a full
    disk is undone and may be tried again.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: str,
        place: ports.Place,
        room: ports.Room,
        boot_id: str,
        *,
        prints: bool,
    ) -> None:
        self.place, self.room, self.prints = place, room, prints
        catalogue, baskets = SqliteCatalogue(connection), SqliteBaskets(connection)
        sales = SqliteSales(connection)
        facts = OutboxFacts(connection, place.edge, boot_id)
        self.catalogue: ports.Catalogue = catalogue
        self.baskets: ports.Baskets = baskets
        self.facts: ports.Facts = facts
        self.sales: ports.Sales = sales
        self.stock: ports.Stock = SqliteStock(connection)
        self.days: ports.Days = SqliteDays(connection)
        self.print_jobs: ports.PrintJobs = SqlitePrintJobs(connection)
        self.requests: ports.Requests = SqliteRequests(connection)
        self._memories = (catalogue, baskets, sales, facts)
        self._db, self._path = connection, path
        self._open = False
        self.failure: StorageError | None = None

    def __enter__(self) -> Self:
        """Begin; the write lock is taken at once.

        Raises:
            StorageError: this file failed before, or cannot be written now.
        """
        if self.failure:
            raise self.failure
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._failed(error, "beginning a transaction") from error
        self._open = True
        return self

    def commit(self) -> None:
        """Make all of it durable; when this returns, a power cut cannot take it back."""
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failed(error, "committing") from error
        self._open = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed, and translate what SQLite said."""
        if not self._open:
            return
        self._open = False
        self._undo()
        if isinstance(error, sqlite3.Error):
            raise self._failed(error, "writing") from error

    def forget(self) -> None:
        """Forget what was remembered of the file: it was changed from outside a handler, or a change was undone."""
        for memory in self._memories:
            memory.forget()

    def _undo(self) -> None:
        self.forget()
        if self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                self._failed(error, "undoing a transaction")

    def _failed(self, error: sqlite3.Error, what: str) -> StorageError:
        failure = translated(error, what, self._path)
        if self.failure is None and not isinstance(failure, DiskFull):
            self.failure = failure
        if self._open and what == "committing":
            self._open = False
            self._undo()
        return failure
