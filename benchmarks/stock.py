"""A shop to measure with: the product's own journal on a real file, eight things on the shelf."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.catalogue import check_digit
from domain.ids import EdgeId, LaneId, SaleId, SkuId, StoreId, uuid7
from edge_agent.clock import SystemClock
from edge_agent.db.catalogue import Replica
from edge_agent.db.journal import Journal, open_journal
from edge_agent.db.writer import Writer
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.memory import SettableRoom
from edge_agent.ports import Place

LANE = LaneId("1")
EIGHT = tuple(SkuId(f"SKU-{n}") for n in range(8))
CODES = tuple(body + str(check_digit(body)) for body in (f"952{n:09}" for n in range(8)))
"""Their EAN-13, in GS1's range for examples."""


def new_id() -> str:
    """Return a new UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


class Shop:
    """One edge without devices and without a line; everything runs in the caller's thread, as it does inside the writer's."""

    def __init__(self, journal: Journal, edge: str) -> None:
        self.journal, self.edge = journal, edge
        self._clock = SystemClock()
        journal.boot(
            Place(EdgeId(edge), StoreId("1"), "CNY", "Asia/Shanghai"), SettableRoom(), self._clock, prints=True
        )

    def ring_up(self, sku: SkuId) -> None:
        """Put one on the open sale."""
        ring_up(RingUp(LANE, sku=sku), self.journal.uow, self._clock)

    def check_out(self) -> None:
        """Take exactly what is due in cash and commit."""
        check_out(CheckOut(LANE, sale_id=SaleId(new_id()), exact="cash"), self.journal.uow, self._clock)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the file says."""
        return self.journal.connection.execute(sql, values).fetchall()


def stock_up(journal: Journal) -> None:
    """Put the eight into the replica."""
    connection = journal.connection
    connection.execute("BEGIN IMMEDIATE")
    replica = Replica(connection)
    replica.put("catalogue", [{"sku": sku, "name_zh": f"商品 {sku}", "name_en": f"Item {sku}"} for sku in EIGHT])
    replica.put("prices", [{"sku": sku, "unit_price_minor": 199 + n} for n, sku in enumerate(EIGHT)])
    connection.execute("COMMIT")


@contextmanager
def open_shop(folder: Path, edge: str) -> Iterator[Shop]:
    """Open a shop in ``folder`` (file ``edge.db``)."""
    writer = Writer()
    try:
        journal = open_journal(folder / "edge.db", writer)
        stock_up(journal)
        shop = Shop(journal, edge.upper())
        yield shop
        journal.close()
    finally:
        writer.close()
