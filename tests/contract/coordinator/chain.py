"""A small chain for tests: stores, edges as streams of bytes, sales that verify."""

import itertools
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from coordinator.db.engine import Database
from coordinator.db.schema import migrate
from coordinator.db.uow import SqlUnitOfWork
from coordinator.handlers.ingest import Arrival, Taken, ingest_group
from coordinator.rows import EdgeRow, StoreRow
from domain.catalogue import Barcode, Item
from domain.ids import EdgeId, EventId, LaneId, SaleId, SkuId, StoreId, uuid7
from domain.sale import Discount, Line, Sale, Tender
from protocol.codec import encode_event
from protocol.envelope import chain, genesis
from protocol.facts import DayClosed, Fact, MovementKind, SaleCompleted, SaleVoided, StockChange, StockMoved
from protocol.messages import Batch, DownlinkPosition, Hello

SKUS = [f"TEA-{n}" for n in range(40)]


class FixedClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Chain:
    """Headquarters' database with a catalogue, and edges that talk to ``ingest`` directly."""

    def __init__(self, url: str, stores: int = 2) -> None:
        self.database = Database(url)
        migrate(self.database)
        self.known: set[str] = set()
        self.clock = FixedClock()
        self.edges = {f"S{n}": Edge(f"S{n}", str(n)) for n in range(1, stores + 1)}
        with self.uow() as uow:
            at = "2026-11-21T12:00:00.000Z"
            uow.fleet.put_stores(
                [
                    StoreRow(e.store, f"店{e.store}", f"Store {e.store}", "Asia/Shanghai", "CNY")
                    for e in self.edges.values()
                ],
                at,
            )
            for edge in self.edges.values():
                uow.fleet.add_edge(EdgeRow(edge.name, edge.store, 0, "CNY"), at)
            uow.catalogue.put_items([item(sku) for sku in SKUS])
            uow.commit()

    def uow(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, self.known)

    def take(self, *arrivals: Arrival, credit: int = 65536) -> list[Taken]:
        return ingest_group(arrivals, self.uow(), self.clock, credit=credit)

    def send(self, edge: str, *facts: Fact) -> Taken:
        """State facts and deliver them in one batch."""
        batch = self.edges[edge].state(*facts)
        return self.take(Arrival(edge, 0, batch))[0]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def close(self) -> None:
        self.database.close()


class Edge:
    """One stream: states facts, hashes them, makes batches."""

    def __init__(self, name: str, store: str) -> None:
        self.name, self.store = name, store
        self.epoch = 1
        self.raws: list[bytes] = []
        self.hashes = [genesis(name, 1)]
        self.receipt = 0
        self._serial = itertools.count(1)

    def state(self, *facts: Fact) -> Batch:
        first = len(self.raws) + 1
        for fact in facts:
            self.add(self.encode(fact))
        return self.batch(first, len(self.raws))

    def encode(self, fact: Fact, event_id: str = "") -> bytes:
        return encode_event(
            fact,
            event_id=EventId(event_id or new_id()),
            source=self.name,
            time="2026-11-21T12:00:00Z",
            bootid="boot",
            monotonicms=1,
            clock="ntp",
        )

    def add(self, raw: bytes) -> int:
        self.raws.append(raw)
        self.hashes.append(chain(self.hashes[-1], raw))
        return len(self.raws)

    def batch(self, first: int, last: int) -> Batch:
        return Batch(
            v=1,
            epoch=self.epoch,
            first_seq=first,
            prev_hash=self.hashes[first - 1].hex(),
            last_hash=self.hashes[last].hex(),
            events=tuple(msgspec.Raw(raw) for raw in self.raws[first - 1 : last]),
            dl=DownlinkPosition(1, 0),
            top=len(self.raws),
        )

    def new_epoch(self, epoch: int) -> None:
        self.epoch, raws = epoch, self.raws
        self.raws, self.hashes = [], [genesis(self.name, epoch)]
        for raw in raws:
            self.add(raw)

    def hello(self, **changes: Any) -> Hello:
        said: dict[str, Any] = {
            "v": 1,
            "epoch": self.epoch,
            "acked": 0,
            "top": len(self.raws),
            "head": self.hashes[-1].hex(),
            "dl": DownlinkPosition(1, 0),
            "boot": "boot",
            "reads": (1, 1),
            "software": "0.1.0",
            "wall_at": "2026-11-21T12:00:00Z",
            "monotonic_ms": 1,
            "number": 1,
        }
        return Hello(**{**said, **changes})

    def sale(self, count: int = 2, **changes: Any) -> SaleCompleted:
        """Return a sale that verifies: each line 250 × 2 less a retailer's 50, and a manufacturer's coupon of 30 on the first."""
        self.receipt += 1
        rows = tuple(line(no) for no in range(1, count + 1))
        total = sum(row.net_minor for row in rows)
        figures: dict[str, Any] = {
            "sale_id": SaleId(new_id()),
            "edge": EdgeId(self.name),
            "store": StoreId(self.store),
            "lane": LaneId("till-1"),
            "epoch": 1,
            "receipt_no": self.receipt,
            "business_date": "2026-11-21",
            "completed_at": "2026-11-21T12:00:00Z",
            "currency": "CNY",
            "lines": rows,
            "tenders": (Tender("cash", total),),
            "total_minor": total,
            "due_minor": total - 30,
            "change_minor": 30,
            "source_ref": f"{self.name}-{self.receipt}",
        }
        return SaleCompleted(Sale(**{**figures, **changes}))


def line(no: int, sku: str = "", **changes: Any) -> Line:
    discounts = (Discount("retail", 50),) + ((Discount("coupon", 30, "manufacturer"),) if no == 1 else ())
    figures: dict[str, Any] = {
        "no": no,
        "sku": SkuId(sku or SKUS[no % len(SKUS)]),
        "quantity_milli": 2000,
        "unit_price_minor": 250,
        "gross_minor": 500,
        "net_minor": 450,
        "stock_milli": 2000,
        "discounts": discounts,
    }
    return Line(**{**figures, **changes})


def moved(store: str, kind: MovementKind, *changes: tuple[str, int], reason: str = "") -> StockMoved:
    rows = tuple(StockChange(SkuId(sku), milli) for sku, milli in changes)
    return StockMoved(StoreId(store), kind, rows, reason)


def closed(store: str) -> DayClosed:
    """Return the end of a day with one sale of 450."""
    return DayClosed(StoreId(store), LaneId("till-1"), "2026-11-21", 1, 1, 1, 1, 450)


def voided(sale_id: str) -> SaleVoided:
    return SaleVoided(SaleId(sale_id), "wrong item", "2026-11-21")


def item(sku: str) -> Item:
    number = SKUS.index(sku) if sku in SKUS else sum(map(ord, sku))
    return Item(SkuId(sku), f"茶{number}", f"Tea {number}", barcodes=(Barcode(f"in-{sku}"),))


def new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(10))
