"""Outbox → broker → committed in PostgreSQL, against a bare executemany of the rows that it left, in transactions of a batch each.

The bare loop writes into copies of the same tables with the same indexes, through the same driver, with nothing to read, decode,
check, hash or answer.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.figure import Figure, figure
from benchmarks.uplink import FACTS, ROUNDS, best_rate
from protocol.messages import MAX_BATCH_EVENTS
from tests.postgres import Postgres, running

TABLES = ("event", "stock_movement")
"""What grows with every fact; the other tables get a row or two per batch."""
Rows = list[tuple[Any, ...]]


def figures() -> Iterator[Figure]:
    """Yield facts/s, the best of ``ROUNDS`` on both sides."""
    with running() as server:
        url = server.database("headquarters")
        ours = asyncio.run(best_rate(url))
        with psycopg.connect(server.dsn(url.rpartition("/")[2])) as connection:
            bare = max(_bare_rate(connection) for _ in range(ROUNDS))
        yield figure("uplink_postgres", ours, "facts/s", "bare psycopg executemany of the same rows", bare)
        _check_durable(server)


def _bare_rate(connection: psycopg.Connection) -> float:
    rows = {table: _read(connection, table) for table in TABLES}
    for table in TABLES:
        connection.execute(
            sql.SQL("DROP TABLE IF EXISTS {0}; CREATE TABLE {0} (LIKE {1} INCLUDING ALL)").format(
                sql.Identifier(f"bare_{table}"), sql.Identifier(table)
            )
        )
    connection.commit()
    started = time.perf_counter()
    for first in range(0, FACTS, MAX_BATCH_EVENTS):
        for table in TABLES:
            _insert(connection, f"bare_{table}", rows[table][first : first + MAX_BATCH_EVENTS])
        connection.commit()
    return FACTS / (time.perf_counter() - started)


def _read(connection: psycopg.Connection, table: str) -> Rows:
    return connection.execute(sql.SQL("SELECT * FROM {} LIMIT {}").format(sql.Identifier(table), FACTS)).fetchall()


def _insert(connection: psycopg.Connection, table: str, rows: Rows) -> None:
    values = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), values), rows)


def _check_durable(server: Postgres) -> None:
    with psycopg.connect(server.dsn("postgres")) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            (value,) = connection.execute(f"SHOW {name}").fetchone() or ("",)
            assert value == "on", f"{name} is {value}: this figure would flatter"
