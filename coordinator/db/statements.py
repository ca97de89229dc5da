"""Statements compiled once and executed with plain tuples.

SQLAlchemy's own executemany looks at every value of every row in Python; at 2 400 lines a second that was a third of an ingest's time
(measured, SQLite, 2 vCPU). These are the same tables and the same dialect, compiled once a process.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError

from coordinator.rows import Row

COPY_FROM_ROWS = 4
"""From this many rows on COPY is quicker than an INSERT for each (measured, PostgreSQL 15 on loopback)."""


@lru_cache(maxsize=256)
def insert_sql(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """Return ``INSERT`` of ``columns`` into ``table`` with positional parameters."""
    return str(table.insert().compile(dialect=dialect, column_keys=list(columns)))


@lru_cache(maxsize=64)
def upsert_sql(dialect: Dialect, table: Table, columns: tuple[str, ...], how: tuple[tuple[str, str], ...]) -> str:
    """Return ``INSERT … ON CONFLICT (primary key) DO UPDATE``.

    Args:
        dialect: of the connection.
        table: with its primary key.
        columns: of the inserted row.
        how: (column, "set" | "add" | "keep"): take the new value, add it, or take it unless it is null; empty = do nothing.
    """
    insert = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    if not how:
        return str(
            insert.on_conflict_do_nothing(index_elements=keys).compile(dialect=dialect, column_keys=list(columns))
        )
    new: dict[str, Any] = {}
    for name, mode in how:
        fresh, old = insert.excluded[name], table.c[name]
        new[name] = {"set": fresh, "add": old + fresh, "keep": func.coalesce(fresh, old)}[mode]
    statement = insert.on_conflict_do_update(index_elements=keys, set_=new)
    return str(statement.compile(dialect=dialect, column_keys=list(columns)))


def put(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows given as tuples in the order of ``columns``."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and len(rows) >= COPY_FROM_ROWS:
        _copy(connection, table, columns, rows)
    else:
        connection.exec_driver_sql(insert_sql(connection.dialect, table, columns), list(rows))


def _copy(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert through PostgreSQL's COPY: one statement for all rows; its errors come as those of any other statement."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection in a transaction has one
    names = ", ".join(f'"{name}"' for name in columns)
    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(f"COPY {table.name}", None, error) from error
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(f"COPY {table.name}", None, error) from error


def upsert(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    how: dict[str, str] | None = None,
) -> None:
    """Insert rows, or update those whose primary key exists; see ``upsert_sql``."""
    if rows:
        sql = upsert_sql(connection.dialect, table, columns, tuple((how or {}).items()))
        connection.exec_driver_sql(sql, list(rows))
