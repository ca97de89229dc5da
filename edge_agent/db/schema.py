"""The tables of ``edge.db`` and the steps from one schema version to the next (``PRAGMA user_version``)."""

import sqlite3

from edge_agent.errors import DatabaseTooNew
from link.outbox import SCHEMA as OUTBOX_SCHEMA

FIRST = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Replica of headquarters' feeds. The *_staged twins take a snapshot row by row; swapping names is one transaction.
CREATE TABLE feed (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE store_attribute (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item (sku TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE item_staged (sku TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE barcode (code TEXT PRIMARY KEY, sku TEXT NOT NULL, factor_milli INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX barcode_sku ON barcode (sku);
CREATE TABLE barcode_staged (code TEXT PRIMARY KEY, sku TEXT NOT NULL, factor_milli INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX barcode_staged_sku ON barcode_staged (sku);
CREATE TABLE price (sku TEXT PRIMARY KEY, unit_price_minor INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE price_staged (sku TEXT PRIMARY KEY, unit_price_minor INTEGER NOT NULL) WITHOUT ROWID;

-- The open sale of each lane: one small commit per scan. Line 0 is its header: one page for both.
CREATE TABLE basket_line (
    lane TEXT NOT NULL, no INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (lane, no)
) WITHOUT ROWID;

-- number = epoch << 32 | receipt_no: the receipt series is the order of the table, unique without another index, and the next
-- number follows from the last row: no counter that could disagree with what it counts.
CREATE TABLE sale (
    number INTEGER PRIMARY KEY,
    sale_id TEXT NOT NULL UNIQUE,
    source_ref TEXT UNIQUE,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'return')),
    business_date TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    original_sale_id TEXT,
    body BLOB NOT NULL,
    epoch INTEGER GENERATED ALWAYS AS (number >> 32) VIRTUAL,
    receipt_no INTEGER GENERATED ALWAYS AS (number & 4294967295) VIRTUAL
);
CREATE INDEX sale_original ON sale (original_sale_id) WHERE original_sale_id IS NOT NULL;
CREATE TABLE sale_void (sale_id TEXT PRIMARY KEY REFERENCES sale (sale_id), reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE day_close (
    lane TEXT NOT NULL, business_date TEXT NOT NULL, last_number INTEGER NOT NULL, PRIMARY KEY (lane, business_date)
) WITHOUT ROWID;

-- One row per fact that moved goods; changes = {"sku": delta_milli, …}. The level is the fold of all of them.
CREATE TABLE stock_movement (id INTEGER PRIMARY KEY, source TEXT NOT NULL, changes TEXT NOT NULL);
CREATE TABLE stock_level (sku TEXT PRIMARY KEY, on_hand_milli INTEGER NOT NULL) WITHOUT ROWID;

-- copy 0 is the receipt itself, 1, 2, … are reprints marked as copies: a receipt number is never used twice.
CREATE TABLE print_job (
    sale_number INTEGER NOT NULL REFERENCES sale (number),
    copy INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'printed', 'failed', 'unknown')),
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (sale_number, copy)
) WITHOUT ROWID;
CREATE INDEX print_job_open ON print_job (sale_number, copy) WHERE state = 'queued';

-- at_s only lets old answers go; nothing is decided by it.
CREATE TABLE request (
    request_id TEXT PRIMARY KEY, verb TEXT NOT NULL, answer BLOB NOT NULL, at_s INTEGER NOT NULL DEFAULT (unixepoch())
) WITHOUT ROWID;
"""
    + OUTBOX_SCHEMA
)

STEPS = (FIRST,)
"""Step n makes version n + 1 out of version n; a released step never changes."""

VERSION = len(STEPS)


def statements(script: str) -> list[str]:
    """Return the single statements of ``script``; none of ours has a ``;`` inside."""
    bare = "\n".join(line.partition("--")[0] for line in script.splitlines())
    return [text for part in bare.split(";") if (text := part.strip())]


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file to ``VERSION``, each step and its version number in one transaction.

    Raises:
        DatabaseTooNew: a later release wrote it.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise DatabaseTooNew(path, found, VERSION)
    for version, script in enumerate(STEPS[found:], found + 1):
        connection.execute("BEGIN EXCLUSIVE")
        for statement in statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
