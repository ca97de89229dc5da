"""The invariants of ``link-and-faults.md`` §7 that exist by now, asked of the database itself; SQL of both dialects.

Each query returns the rows that break its rule, so that no row means the rule holds.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from coordinator.db import tables
from coordinator.db.engine import Database
from link.chain import BrokenChain
from link.inbox import Inbox

MOST_SHOWN = 10


class Finding(NamedTuple):
    """One invariant: whether it holds, and the first rows that break it."""

    id: str
    rule: str
    holds: bool
    broken: list[str]


class Rule(NamedTuple):
    """A rule and the query for what breaks it."""

    id: str
    rule: str
    sql: str


_SIGN = "CASE WHEN s.kind = 'return' THEN -1 ELSE 1 END"

RULES = (
    Rule(
        "I1",
        "every sale is here once, with its event, all its lines and equal sums",
        """
        SELECT s.sale_id AS what, 'event missing' AS why FROM sale s
        LEFT JOIN event e ON e.edge = s.edge AND e.epoch = s.stream_epoch AND e.seq = s.seq WHERE e.edge IS NULL
        UNION ALL
        SELECT s.sale_id, 'lines or total differ' FROM sale s
        LEFT JOIN (SELECT sale_no, COUNT(*) AS n, SUM(net_minor) AS net FROM sale_line GROUP BY sale_no) l ON l.sale_no = s.sale_no
        WHERE COALESCE(l.n, 0) <> s.lines OR COALESCE(l.net, 0) <> s.total_minor
        UNION ALL
        SELECT s.sale_id, 'tenders differ from due and change' FROM sale s
        LEFT JOIN (SELECT sale_no, SUM(amount_minor) AS paid FROM sale_tender GROUP BY sale_no) t ON t.sale_no = s.sale_no
        WHERE COALESCE(t.paid, 0) <> s.due_minor + s.change_minor
        UNION ALL
        SELECT CAST(l.sale_no AS VARCHAR(20)), 'line without sale' FROM sale_line l
        LEFT JOIN sale s ON s.sale_no = l.sale_no WHERE s.sale_no IS NULL
        UNION ALL
        SELECT sale_id, 'here more than once' FROM sale GROUP BY sale_id HAVING COUNT(*) > 1
        """,
    ),
    Rule(
        "I2",
        "stock of every store and SKU = the sum of its movements",
        f"""
        SELECT store, sku, SUM(milli) AS off_by FROM (
            SELECT store, sku, on_hand_milli AS milli FROM stock
            UNION ALL SELECT store, sku, -delta_milli FROM stock_movement
            UNION ALL SELECT s.store, l.sku, {_SIGN} * l.stock_milli FROM sale_line l
                JOIN sale s ON s.sale_no = l.sale_no WHERE s.voided_at IS NULL
        ) m GROUP BY store, sku HAVING SUM(milli) <> 0
        """,  # noqa: S608 - constants of this file
    ),
    Rule(
        "I3",
        "the postings of every event balance, and revenue = the sum of all sales",
        f"""
        SELECT edge, CAST(epoch AS VARCHAR(20)) || '/' || CAST(seq AS VARCHAR(20)) AS place, SUM(amount_minor) AS off_by
        FROM posting GROUP BY edge, epoch, seq, currency HAVING SUM(amount_minor) <> 0
        UNION ALL
        SELECT store, 'revenue', SUM(minor) FROM (
            SELECT store, amount_minor AS minor FROM posting WHERE account = 'revenue'
            UNION ALL SELECT s.store, {_SIGN} * s.total_minor FROM sale s WHERE s.voided_at IS NULL
        ) r GROUP BY store HAVING SUM(minor) <> 0
        """,  # noqa: S608 - constants of this file
    ),
    Rule(
        "I6",
        "receipt numbers are gapless per edge and epoch",
        """
        WITH used AS (
            SELECT edge, epoch, receipt_no FROM sale
            UNION
            SELECT q.edge, q.receipt_epoch, q.receipt_no FROM quarantine q WHERE q.receipt_no < (
                SELECT MAX(s.receipt_no) FROM sale s WHERE s.edge = q.edge AND s.epoch = q.receipt_epoch)
        )
        SELECT u.edge, u.epoch, u.receipt_no - 1 AS missing FROM used u
        LEFT JOIN used p ON p.edge = u.edge AND p.epoch = u.epoch AND p.receipt_no = u.receipt_no - 1
        WHERE u.receipt_no > 1 AND p.edge IS NULL
        """,
    ),
    Rule(
        "I10",
        "a stream is safe no further than it is applied, and ends where its events end",
        """
        SELECT edge, 'safe ' || CAST(safe AS VARCHAR(20)) || ' beyond ' || CAST(next - 1 AS VARCHAR(20)) AS why
        FROM stream WHERE safe > next - 1
        UNION ALL
        SELECT s.edge, 'position ' || CAST(s.next - 1 AS VARCHAR(20)) || ', events ' || CAST(COALESCE(e.n, 0) AS VARCHAR(20))
        FROM stream s LEFT JOIN (
            SELECT edge, epoch, COUNT(*) AS n FROM (
                SELECT edge, epoch FROM event UNION ALL SELECT edge, epoch FROM event_repeat
            ) both_kinds GROUP BY edge, epoch
        ) e ON e.edge = s.edge AND e.epoch = s.epoch WHERE COALESCE(e.n, 0) <> s.next - 1
        """,
    ),
    Rule(
        "I12",
        "what lies in suspense = what the quarantined events that wait claim, and each event ever quarantined is here",
        """
        SELECT currency AS what, SUM(minor) AS off_by FROM (
            SELECT currency, amount_minor AS minor FROM posting WHERE account = 'suspense'
            UNION ALL SELECT currency, value_minor FROM quarantine WHERE resolved_at IS NULL
        ) q GROUP BY currency HAVING SUM(minor) <> 0
        UNION ALL
        SELECT q.event_id, 1 FROM quarantine q LEFT JOIN event e ON e.event_id = q.event_id WHERE e.edge IS NULL
        """,
    ),
)


def examine(database: Database) -> Iterator[Finding]:
    """Yield every invariant in turn, asked in one transaction: a moment of the database, while it goes on working."""
    with database.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for rule in RULES:
            rows = connection.execute(text(rule.sql)).fetchmany(MOST_SHOWN)
            broken = [" ".join(map(str, row)) for row in rows]
            yield Finding(rule.id, rule.rule, not broken, broken)
        yield _chains(connection)


def _chains(connection: Connection) -> Finding:
    inbox, broken = Inbox(connection), []
    for edge in connection.execute(select(tables.stream.c.edge).order_by(tables.stream.c.edge)).scalars().all():
        try:
            inbox.verify_chain(edge)
        except BrokenChain as error:
            broken.append(str(error))
    return Finding("I13", "the hash chain of every stream verifies", not broken, broken[:MOST_SHOWN])
