"""A store for the tests of the edge: the real journal on a real file, a small catalogue, a clock set by hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.catalogue import check_digit
from domain.ids import EdgeId, LaneId, SaleId, StoreId, uuid7
from domain.sale import Sale
from edge_agent.db.catalogue import Replica
from edge_agent.db.journal import Boot, Journal, open_journal
from edge_agent.db.unit_of_work import SqliteUnitOfWork
from edge_agent.db.writer import Writer
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.memory import SettableClock, SettableRoom
from edge_agent.ports import Place
from protocol.codec import decode_event, decode_fact
from protocol.facts import Fact

LANE = LaneId("1")
PLACE = Place(EdgeId("S1"), StoreId("1"), "CNY", "Asia/Shanghai")


def ean(number: int) -> str:
    """Return a valid EAN-13 of the example range."""
    body = f"952{number:09}"
    return body + str(check_digit(body))


TEA, RICE, PLUMS, UNPRICED = ean(1), ean(2), ean(3), ean(4)
CASE_OF_TEA = ean(11)
ITEMS: list[dict[str, Any]] = [
    {
        "sku": "TEA",
        "name_zh": "龙井茶",
        "name_en": "Longjing tea",
        "unit": "box",
        "barcodes": [{"code": TEA}, {"code": CASE_OF_TEA, "factor_milli": 12000}],
    },
    {"sku": "RICE", "name_zh": "大米 5kg", "name_en": "Rice 5 kg", "barcodes": [{"code": RICE}]},
    {
        "sku": "PLUMS",
        "name_zh": "李子",
        "name_en": "Plums",
        "unit": "kg",
        "sold_by": "weight",
        "barcodes": [{"code": "06013"}],
    },
    {"sku": "NEW", "name_zh": "新品", "name_en": "New", "barcodes": [{"code": UNPRICED}]},
]
PRICES = [
    {"sku": "TEA", "unit_price_minor": 6800},
    {"sku": "RICE", "unit_price_minor": 4590},
    {"sku": "PLUMS", "unit_price_minor": 1290},
]


def sale_id() -> SaleId:
    """Return a new sale id."""
    return SaleId(uuid7(1_700_000_000_000, os.urandom(10)))


class Store:
    """One edge without devices and without a line."""

    def __init__(
        self, journal: Journal, clock: SettableClock, room: SettableRoom, *, prints: bool, epoch: int = 1
    ) -> None:
        self.journal, self.clock, self.room = journal, clock, room
        self.boot: Boot = journal.call(lambda: journal.boot(PLACE, room, clock, prints=prints, epoch=epoch))

    @property
    def uow(self) -> SqliteUnitOfWork:
        return self.journal.uow

    def ring(self, code: str = TEA, **more: Any) -> Any:
        return self.journal.call(lambda: ring_up(RingUp(LANE, code=code, **more), self.uow, self.clock))

    def pay(self, **more: Any) -> Sale:
        wish = {"sale_id": sale_id(), "exact": "cash"} | more
        return self.journal.call(lambda: check_out(CheckOut(LANE, **wish), self.uow, self.clock))

    def sell(self, *codes: str, **more: Any) -> Sale:
        for code in codes or (TEA,):
            self.ring(code)
        return self.pay(**more)

    def facts(self) -> list[Fact]:
        return self.journal.call(
            lambda: [decode_fact(decode_event(raw)) for raw in self.journal.outbox.read(1, 10**6, 10**9)]
        )

    def ask(self, sql: str, *values: Any) -> list[Any]:
        return self.journal.call(lambda: self.journal.connection.execute(sql, values).fetchall())

    def close(self) -> None:
        self.journal.call(self.journal.close)


def stock_up(journal: Journal) -> None:
    """Put the small catalogue into the replica, unless there is one."""
    connection = journal.connection
    if connection.execute("SELECT 1 FROM item").fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    replica = Replica(connection)
    replica.put("catalogue", ITEMS)
    replica.put("prices", PRICES)
    replica.set_version("prices", 7)
    connection.execute("COMMIT")


@contextmanager
def store(data_dir: Path, *, prints: bool = True, epoch: int = 1) -> Iterator[Store]:
    """Open the store in ``data_dir``; close it as a clean stop does."""
    writer = Writer()
    try:
        journal = open_journal(data_dir / "edge.db", writer)
        writer.call(lambda: stock_up(journal))
        open_store = Store(journal, SettableClock(), SettableRoom(), prints=prints, epoch=epoch)
        yield open_store
        open_store.close()
    finally:
        writer.close()
