"""What a sale's commit costs: the product's ``check_out`` of 8 lines against the same rows in a bare ``sqlite3`` loop.

Both write files of the same schema on the same disk (WAL, synchronous=FULL), one sale each in turn, so that a slow moment of the disk
strikes both. The bare loop writes exactly the rows that the product wrote before it, with all values at hand.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.figure import Figure, figure, percentile
from benchmarks.stock import EIGHT, LANE, Shop, open_shop
from edge_agent.db.connection import open_for_writing

SALES = 1500
WARM_UP = 100


class _Written(NamedTuple):
    """The rows of one sale as the product left them."""

    sale: tuple[object, ...]
    movement: tuple[object, ...]
    levels: list[tuple[object, ...]]
    outbox: tuple[object, ...]
    stream: tuple[object, ...]
    job: tuple[object, ...]
    basket: list[tuple[object, ...]]


def figures() -> Iterator[Figure]:
    """Yield the p50 of the commit, and its p99."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder), "product") as shop:
        bare = open_for_writing(Path(folder) / "bare.db")
        _begin(shop, bare)
        product_s, bare_s = _measure(shop, bare)
        bare.close()
    for percent in (50, 99):
        ours, theirs = (percentile(samples, percent) * 1000 for samples in (product_s, bare_s))
        yield figure(f"commit_8_lines_p{percent}", ours, "ms", "bare sqlite3 loop, same rows", theirs)


def _begin(shop: Shop, bare: sqlite3.Connection) -> None:
    bare.execute("INSERT INTO stream SELECT * FROM (SELECT 1, ?, 1, 0, x'00', 0, 0, 0, x'00', 0, 0, 0)", (shop.edge,))


def _measure(shop: Shop, bare: sqlite3.Connection) -> tuple[list[float], list[float]]:
    product_s: list[float] = []
    bare_s: list[float] = []
    for number in range(WARM_UP + SALES):
        for sku in EIGHT:
            shop.ring_up(sku)
        basket = shop.rows("SELECT lane, no, body FROM basket_line")
        started = time.perf_counter()
        shop.check_out()
        took_s = time.perf_counter() - started
        for row in basket:  # a commit per scan here too, so that both files see the same rhythm
            bare.execute("INSERT INTO basket_line (lane, no, body) VALUES (?, ?, ?)", row)
        written = _written(shop, basket)
        started = time.perf_counter()
        _bare_commit(bare, written)
        if number >= WARM_UP:
            bare_s.append(time.perf_counter() - started)
            product_s.append(took_s)
    return product_s, bare_s


def _written(shop: Shop, basket: list[tuple[object, ...]]) -> _Written:
    (sale,) = shop.rows(
        "SELECT number, sale_id, source_ref, lane, kind, business_date, total_minor, original_sale_id, body "
        "FROM sale ORDER BY number DESC LIMIT 1"
    )
    (movement,) = shop.rows("SELECT source, changes FROM stock_movement ORDER BY id DESC LIMIT 1")
    levels = shop.rows("SELECT key, value FROM json_each(?)", movement[1])
    (outbox,) = shop.rows("SELECT seq, event_id, bytes, hash, committed_ms FROM outbox ORDER BY seq DESC LIMIT 1")
    (job,) = shop.rows("SELECT sale_number, copy, state FROM print_job ORDER BY sale_number DESC LIMIT 1")
    return _Written(sale, movement, levels, outbox, (outbox[0], outbox[3]), job, basket)


def _bare_commit(bare: sqlite3.Connection, rows: _Written) -> None:
    bare.execute("BEGIN IMMEDIATE")
    bare.execute(
        "INSERT INTO sale (number, sale_id, source_ref, lane, kind, business_date, total_minor, "
        "original_sale_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.sale,
    )
    bare.execute("INSERT INTO stock_movement (source, changes) VALUES (?, ?)", rows.movement)
    bare.executemany(
        "INSERT INTO stock_level (sku, on_hand_milli) VALUES (?, ?) "
        "ON CONFLICT (sku) DO UPDATE SET on_hand_milli = on_hand_milli + excluded.on_hand_milli",
        rows.levels,
    )
    bare.execute("INSERT INTO outbox (seq, event_id, bytes, hash, committed_ms) VALUES (?, ?, ?, ?, ?)", rows.outbox)
    bare.execute("UPDATE stream SET top = ?, head = ?", rows.stream)
    bare.execute("INSERT INTO print_job (sale_number, copy, state) VALUES (?, ?, ?)", rows.job)
    bare.execute("DELETE FROM basket_line WHERE lane = ?", (LANE,))
    bare.execute("COMMIT")
