"""Opening ``edge.db``: pragmas asserted, file checked, SQLite's errors translated at this one seam."""

import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from edge_agent.db.schema import migrate
from edge_agent.errors import DatabaseCorrupt, DiskFull, StorageError, StorageFailed, UnsafePragmas

FULL: Final = 2
PRAGMAS: Final = {"journal_mode": "wal", "synchronous": FULL, "foreign_keys": 1}
"""What durability rests on (link-and-faults.md §3.3); asserted on the running connection, not hoped for."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def translated(error: sqlite3.Error, what: str, path: str) -> StorageError:
    """Return what SQLite's ``error`` means for a shop; any error that is not named is a failed storage."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(what)
    if code in _CORRUPT:
        return DatabaseCorrupt(path, str(error))
    return StorageFailed(what, f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}")


class Size(NamedTuple):
    """What a journal may use: SQLite's page cache, and the pages of WAL after which it is checkpointed."""

    cache_kib: int = 2048
    wal_pages: int = 256


ALONE = Size()
HOSTED = Size(cache_kib=256, wal_pages=100)
"""One of hundreds of edges in a process."""

_PAGE_BYTES = 4096


def open_for_writing(path: Path, size: Size = ALONE) -> sqlite3.Connection:
    """Open (or make) the database, check it, bring it to the current schema.

    Args:
        path: the file; its directory exists.
        size: how much memory and disk it may use.

    Raises:
        DatabaseCorrupt: ``quick_check`` found damage, or it is no database.
        UnsafePragmas: the file system does not carry WAL.
        DatabaseTooNew: a later release wrote the file.
        StorageFailed: it cannot be opened or read.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    except sqlite3.Error as error:
        raise translated(error, "opening the database", str(path)) from error
    try:
        prepare(connection, str(path), size)
    except sqlite3.Error as error:
        connection.close()
        raise translated(error, "opening the database", str(path)) from error
    except StorageError:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection, path: str, size: Size = ALONE) -> None:
    """Check, set and assert what a journal needs, and bring the schema up to date."""
    check(connection, path)
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute(f"PRAGMA wal_autocheckpoint={size.wal_pages}")
    connection.execute("PRAGMA journal_size_limit=8388608")
    connection.execute(f"PRAGMA cache_size=-{size.cache_kib}")
    assert_pragmas(connection)
    migrate(connection, path)
    _reserve(connection, size.wal_pages)


def _reserve(connection: sqlite3.Connection, pages: int) -> None:
    """Let WAL and database grow now, so that the commits of the day write into files whose length stays.

    A commit that makes its file longer costs a commit of the file system as well: over 40 files 0.3 ms instead of 0.18 ms (ext4).
    """
    connection.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('reserve', zeroblob(?))", (pages * _PAGE_BYTES,)
    )
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    connection.execute("DELETE FROM meta WHERE key = 'reserve'")


def check(connection: sqlite3.Connection, path: str) -> None:
    """Run SQLite's ``quick_check``.

    Raises:
        DatabaseCorrupt: it found something.
    """
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise DatabaseCorrupt(path, str(finding))


def assert_pragmas(connection: sqlite3.Connection) -> None:
    """Compare the running connection with ``PRAGMAS``.

    Raises:
        UnsafePragmas: one differs.
    """
    for name, wanted in PRAGMAS.items():
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise UnsafePragmas(name, found, wanted)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the file without ever writing to it, while an agent writes or not.

    Raises:
        StorageFailed: there is no such file, or it cannot be read.
        DatabaseCorrupt: it is no database.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise translated(error, "reading the database", str(path)) from error
    return connection
