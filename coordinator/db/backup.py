"""Backups that were read back, and restores that say so.

A backup counts only after the copy was opened and its chains were hashed: then ``safe`` moves and edges may let go of what the copy holds
(``link-and-faults.md`` §4). A restore raises the generation, so that every edge knows that headquarters stepped back.
"""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from coordinator.clock import Clock, stamp
from coordinator.db import schema, tables
from coordinator.db.engine import Database
from coordinator.db.uow import SqlUnitOfWork
from coordinator.errors import Conflict, CoordinatorError
from link.chain import BrokenChain
from link.inbox import Inbox
from protocol.receiver import StreamPosition

COPY_PAGES = 4096
PG_TIMEOUT_S = 24 * 3600


class BackupFailed(CoordinatorError):
    """The copy could not be made, or does not hold what it should; nothing was marked as safe."""


class Made(NamedTuple):
    """What a verified backup holds."""

    edges: int
    events: int


def backup(database: Database, file: Path, clock: Clock) -> Made:
    """Copy the database to ``file`` while it works, verify the copy, and mark what it holds as safe.

    Args:
        database: to copy. SQLite: an online copy, a database file. PostgreSQL: ``pg_dump`` in custom format, read back into a scratch
            database of the same server.
        file: must not exist yet; it should lie on another machine or go there.
        clock: for the note of when.

    Raises:
        BackupFailed: see there.
    """
    if file.exists():
        raise Conflict(f"{file} exists: a backup never replaces another, give a new name")
    part = file.with_name(file.name + ".part")
    try:
        positions = _sqlite_backup(database, part) if database.sqlite else _postgres_backup(database, part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    with SqlUnitOfWork(database, set()) as uow:
        uow.inbox.secure(positions)
        uow.records.set_note("backup_at", stamp(clock.now()))
        uow.records.audit(stamp(clock.now()), "terminal", "backup", str(file))
        uow.commit()
    return Made(len(positions), sum(position.next - 1 for position in positions.values()))


def restore(database: Database, file: Path, clock: Clock) -> int:
    """Replace the database by a backup and return its new generation; no process may use the database meanwhile.

    The generation comes from the clock: the database that is replaced may be lost, and with it how often this backup was restored
    before. Two lives under one number would let a store take the replica of one for that of the other, and sell at its prices.

    Raises:
        BackupFailed: the file is no good backup; the database is as it was.
    """
    if not file.exists():
        raise BackupFailed(f"{file} does not exist")
    before = _generation(database)
    (_sqlite_restore if database.sqlite else _postgres_restore)(database, file)
    schema.migrate(database)
    with SqlUnitOfWork(database, set()) as uow:
        gen = max(before + 1, uow.records.gen() + 1, int(clock.now().timestamp()))
        uow.records.set_note("gen", str(gen))
        uow.records.audit(stamp(clock.now()), "terminal", "restore", f"{file} as generation {gen}")
        uow.records.incident(stamp(clock.now()), None, "restored", f"restored from {file.name} as generation {gen}")
        uow.commit()
    return gen


def _generation(database: Database) -> int:
    """Return the generation of what is there now: an empty, lost or damaged database counts as none."""
    try:
        if schema.found(database) is None:
            return 0
        with SqlUnitOfWork(database, set()) as uow:
            return uow.records.gen()
    except DatabaseError:  # damaged: that is what a backup is for
        return 0


def _verified(connection: Connection) -> dict[str, StreamPosition]:
    """Return the positions of a copy after hashing every chain in it (BrokenChain when one does not hold)."""
    inbox = Inbox(connection)
    for edge in connection.execute(select(tables.stream.c.edge)).scalars().all():
        inbox.verify_chain(edge)
    return inbox.positions()


def _sqlite_file(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def _sqlite_backup(database: Database, part: Path) -> dict[str, StreamPosition]:
    part.unlink(missing_ok=True)
    source = sqlite3.connect(_sqlite_file(database))
    target = sqlite3.connect(part)
    try:
        source.backup(target, pages=COPY_PAGES)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        _intact(target, part)
    finally:
        target.close()
        source.close()
    _flush(part)
    copy = Database(f"sqlite:///{part}", checked=False)
    try:
        with copy.reading() as connection:
            return _verified(connection)
    finally:
        copy.close()
        for beside in ("-wal", "-shm"):
            part.with_name(part.name + beside).unlink(missing_ok=True)


def _intact(connection: sqlite3.Connection, file: Path) -> None:
    [(word,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if word != "ok":
        raise BackupFailed(f"{file} does not pass SQLite's own check: {word}")


def _flush(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sqlite_restore(database: Database, file: Path) -> None:
    """Put a copy of ``file`` in the place of the database, which stays beside it under another name: it may hold what the file does not."""
    target = _sqlite_file(database)
    database.close()
    staged = target.with_name(target.name + ".restoring")
    try:
        shutil.copyfile(file, staged)
        _flush(staged)
        _is_ours(staged, file)
        _keep_aside(target)
        for beside in ("-wal", "-shm"):  # they belong to the file that goes; beside another they would damage it
            target.with_name(target.name + beside).unlink(missing_ok=True)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
    _flush(target)


def _is_ours(staged: Path, file: Path) -> None:
    """Read a file that is to become the database: any other program's SQLite file, or an empty one, would open as well."""
    probe = sqlite3.connect(f"file:{staged}?mode=ro", uri=True)
    try:
        _intact(probe, file)
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{file} is no SQLite database: {error}") from error
    finally:
        probe.close()
    copy = Database(f"sqlite:///{staged}", checked=False)
    try:
        if schema.found(copy) is None:
            raise BackupFailed(f"{file} is no backup of a headquarters: take one that shopwire coordinator backup made")
        with copy.reading() as connection:
            _verified(connection)
    except BrokenChain as error:
        raise BackupFailed(f"{file} is damaged: {error}") from error
    finally:
        copy.close()
        for beside in ("-wal", "-shm"):
            staged.with_name(staged.name + beside).unlink(missing_ok=True)


def _keep_aside(target: Path) -> None:
    if target.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(target)) as last:  # a damaged one is kept as it is
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        os.link(target, target.with_name(f"{target.name}.replaced-{time.time_ns()}"))


def _postgres_backup(database: Database, part: Path) -> dict[str, StreamPosition]:
    _program("pg_dump", "--format=custom", f"--file={part}", f"--dbname={_libpq(database)}")
    _flush(part)
    scratch = f"shopwire_verify_{os.getpid()}"
    _create(database, scratch)
    try:
        _program("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_libpq(database, scratch)}", str(part))
        copy = Database(_libpq(database, scratch))
        try:
            with copy.reading() as connection:
                return _verified(connection)
        finally:
            copy.close()
    finally:
        _drop(database, scratch)


def _postgres_restore(database: Database, file: Path) -> None:
    database.close()
    _program(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={_libpq(database)}",
        str(file),
    )


def _create(database: Database, name: str) -> None:
    _drop(database, name)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')


def _drop(database: Database, name: str) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')


def _libpq(database: Database, name: str = "") -> str:
    url = database.engine.url.set(drivername="postgresql")
    return (url.set(database=name) if name else url).render_as_string(hide_password=False)


def _program(name: str, *arguments: str) -> None:
    path = shutil.which(name)
    if path is None:
        raise BackupFailed(f"{name} is not on this machine: apt-get install postgresql-client")
    done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True, timeout=PG_TIMEOUT_S)  # noqa: S603 - ours
    if done.returncode:
        raise BackupFailed(f"{name} failed: {done.stderr.strip()[-500:]}")
