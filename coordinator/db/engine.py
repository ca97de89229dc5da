"""The two databases, opened so that they keep what they promise, and asked whether they do."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from coordinator.errors import UnsafeDatabase

T = TypeVar("T")

BUSY_TIMEOUT_MS = 30_000
CONFLICTS = {"40001", "40P01"}
"""Serialization failure and deadlock: nothing is wrong, do it again (F28)."""
ATTEMPTS = 8
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
POSTGRES_SETTINGS = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}


class Database:
    """An engine plus the house rules: SQLite has one writer, conflicts on PostgreSQL are tried again.

    Args:
        url: SQLAlchemy URL.
        threads: that use it at once.
        checked: ask whether commits survive a power cut; False only for a copy that is being looked at.

    Raises:
        UnsafeDatabase: a commit would not survive a power cut with these settings.
    """

    def __init__(self, url: str, *, threads: int = 8, checked: bool = True) -> None:
        self.sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite(url, threads) if self.sqlite else _postgres(url, threads)
        # SQLite's own busy handler sleeps and polls: writers of this process queue up here instead.
        self._writer = threading.Lock()
        if checked:
            with self.reading() as connection:
                assert_safe(connection)

    def writer(self) -> AbstractContextManager[object]:
        """Return the guard that a writing transaction holds."""
        return self._writer if self.sqlite else nullcontext()

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection in a transaction that only reads (it does not wait for SQLite's writer)."""
        return self.engine.execution_options(reads=True).begin()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _sqlite(url: str, threads: int) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise UnsafeDatabase(f"{url} is kept in memory; name a file: sqlite:////var/lib/shopwire/coordinator.db")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        hide_parameters=True,  # an error goes into logs, a sale does not
        pool_size=threads + 2,
        max_overflow=4,
        connect_args={
            "check_same_thread": False,
            "timeout": BUSY_TIMEOUT_MS / 1000,
            "isolation_level": None,
            "cached_statements": 256,
        },
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
        "PRAGMA wal_autocheckpoint=4000",  # 16 MB: pages of stock and index are written back once, not for every few commits
        "PRAGMA cache_size=-32768",
        "PRAGMA temp_store=MEMORY",
    ):
        connection.execute(statement)


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgres(url: str, threads: int) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=threads + 2,
        max_overflow=4,
        pool_pre_ping=True,
        paramstyle="format",  # rows are plain tuples on both databases
        isolation_level="READ COMMITTED",  # rows are locked where it matters: one stream row per edge
        connect_args={"options": "-c synchronous_commit=on -c timezone=UTC"},
    )


def assert_safe(connection: Connection) -> None:
    """Raise ``UnsafeDatabase`` unless what is committed survives a power cut."""
    sqlite = connection.dialect.name == "sqlite"
    wanted: dict[str, Any] = SQLITE_PRAGMAS if sqlite else POSTGRES_SETTINGS
    for name, value in wanted.items():
        found = connection.execute(text(f"PRAGMA {name}" if sqlite else f"SHOW {name}")).scalar_one()
        if found != value:
            raise UnsafeDatabase(
                f"database setting {name} is {found!r}, headquarters needs {value!r}: a power cut could lose sales"
            )


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether ``error`` only says that two transactions met."""
    return getattr(error.orig, "sqlstate", None) in CONFLICTS


def again(work: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
    """Return ``work()``, tried again while transactions meet, a little later each time."""
    for attempt in range(1, attempts):
        try:
            return work()
        except DBAPIError as error:
            if not is_conflict(error):
                raise
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreads the two, guards nothing
    return work()
