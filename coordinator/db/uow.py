"""One transaction over all parts of headquarters' database."""

import os
import socket
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from coordinator.db.catalogue import SqlCatalogue
from coordinator.db.effects import write_effects
from coordinator.db.engine import Database
from coordinator.db.fleet import SqlFleet
from coordinator.db.inbox import SqlInbox
from coordinator.db.quarantine import SqlQuarantine
from coordinator.db.records import SqlRecords
from coordinator.db.sales import SqlSales
from coordinator.db.snapshots import SqlSnapshots
from coordinator.errors import Clash
from coordinator.handlers.effects import Effects

WORKER = f"{socket.gethostname()[:20]}:{os.getpid()}"
"""Who counts: rows that every group adds to are kept per worker."""


class SqlUnitOfWork:
    """``coordinator.ports.UnitOfWork`` in either database; may be entered again after it was left."""

    inbox: SqlInbox
    sales: SqlSales
    catalogue: SqlCatalogue
    fleet: SqlFleet
    snapshots: SqlSnapshots
    quarantine: SqlQuarantine
    records: SqlRecords

    def __init__(self, database: Database, known_skus: set[str]) -> None:
        self._database, self._known_skus = database, known_skus

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._database.writer())
            self._connection = connection = stack.enter_context(self._database.engine.connect())
            connection.begin()
            self._parts(connection)
            self._stack = stack.pop_all()
        return self

    def _parts(self, connection: Connection) -> None:
        self.inbox = SqlInbox(connection)
        self.sales = SqlSales(connection)
        self.catalogue = SqlCatalogue(connection, self._known_skus)
        self.fleet = SqlFleet(connection)
        self.snapshots = SqlSnapshots(connection)
        self.quarantine = SqlQuarantine(connection)
        self.records = SqlRecords(connection)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed."""
        self._stack.close()

    def write(self, effects: Effects) -> None:
        """Write what a group of facts does.

        Raises:
            Clash: a sale, a receipt number or an event is there already.
        """
        try:
            write_effects(self._connection, effects, WORKER)
        except IntegrityError as error:
            raise Clash(f"a row of this group is there already: {error.orig}") from error

    def commit(self) -> None:
        """Keep everything, on disk, before returning."""
        self._connection.commit()
