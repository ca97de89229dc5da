"""Open baskets, committed sales, receipt numbers and closed days."""

import sqlite3

import msgspec
from msgspec.structs import replace

from domain.basket import Basket
from domain.ids import LaneId, SaleId
from domain.sale import Line, Sale
from edge_agent.errors import BasketFull
from edge_agent.ports import DaySum, sale_number
from protocol.codec import MAX_EVENT_BYTES

_encode = msgspec.json.Encoder().encode
_basket = msgspec.json.Decoder(Basket).decode
_line = msgspec.json.Decoder(Line).decode
_sale = msgspec.json.Decoder(Sale).decode

_PUT_HEADER = "INSERT INTO basket_line (lane, no, body) VALUES (?, 0, ?) ON CONFLICT (lane, no) DO UPDATE SET body = excluded.body"
_RECEIPT_BITS = 0xFFFFFFFF
_ADD_LINE = "INSERT INTO basket_line (lane, no, body) VALUES (?, ?, ?)"
_ADD_SALE = (
    "INSERT INTO sale (number, sale_id, source_ref, lane, kind, business_date, total_minor, "
    "original_sale_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


MAX_BASKET_BYTES = MAX_EVENT_BYTES - 8192
"""Lines of one sale; the rest is for its header, tenders and envelope."""


class SqliteBaskets:
    """The open basket of each lane: its header in row 0, each line in its own.

    What was last saved is remembered, since nobody else writes this file: a scan then costs one insert and no read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._known: dict[LaneId, Basket | None] = {}
        self._sizes: dict[LaneId, int] = {}

    def load(self, lane: LaneId) -> Basket | None:
        """Return the open basket as it is on disk."""
        if lane not in self._known:
            self._known[lane] = self._read(lane)
        return self._known[lane]

    def save(self, before: Basket | None, after: Basket) -> None:
        """Write what differs between ``before`` (as on disk) and ``after``.

        Raises:
            BasketFull: the sale would no longer fit one fact.
        """
        header = replace(after, lines=())
        if before is None or replace(before, lines=()) != header:
            self._db.execute(_PUT_HEADER, (after.lane, _encode(header)))
        for line in after.lines[len(before.lines) if before else 0 :]:
            body = _encode(line)
            size = self._sizes[after.lane] = self._sizes.get(after.lane, 0) + len(body) + 1
            if size > MAX_BASKET_BYTES:
                raise BasketFull(len(after.lines) - 1, size, MAX_BASKET_BYTES)
            self._db.execute(_ADD_LINE, (after.lane, line.no, body))
        self._known[after.lane] = after

    def clear(self, lane: LaneId) -> None:
        """Forget the open basket: it was settled or given up."""
        self._db.execute("DELETE FROM basket_line WHERE lane = ?", (lane,))
        self._known[lane] = None
        self._sizes[lane] = 0

    def forget(self) -> None:
        """Forget what was remembered: a transaction was undone."""
        self._known.clear()
        self._sizes.clear()

    def _read(self, lane: LaneId) -> Basket | None:
        rows = self._db.execute("SELECT body FROM basket_line WHERE lane = ? ORDER BY no", (lane,)).fetchall()
        self._sizes[lane] = sum(len(body) + 1 for (body,) in rows[1:])
        if not rows:
            return None
        return replace(_basket(rows[0][0]), lines=tuple(_line(body) for (body,) in rows[1:]))


class SqliteSales:
    """Committed sales; a sale is encoded once and read back whole."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._last: int | None = None  # the newest row's number, since nobody else writes this file

    def next_receipt_no(self, epoch: int) -> int:
        """Return the number after the last one of the epoch's series."""
        if self._last is None:
            self._last = self._db.execute("SELECT coalesce(max(number), 0) FROM sale").fetchone()[0]
        return (self._last & _RECEIPT_BITS) + 1 if self._last >> 32 == epoch else 1

    def add(self, sale: Sale) -> int:
        """Keep a sale; returns its number."""
        number = sale_number(sale.epoch, sale.receipt_no)
        keys = (number, sale.sale_id, sale.source_ref or None, sale.lane, sale.kind, sale.business_date)
        self._db.execute(_ADD_SALE, (*keys, sale.total_minor, sale.original_sale_id, _encode(sale)))
        self._last = number
        return number

    def forget(self) -> None:
        """Forget what was remembered: a transaction was undone."""
        self._last = None

    def get(self, sale_id: str) -> Sale | None:
        """Return a sale by its id."""
        return self._one("SELECT body FROM sale WHERE sale_id = ?", sale_id)

    def by_receipt(self, epoch: int, receipt_no: int) -> Sale | None:
        """Return a sale by its receipt."""
        return self._one("SELECT body FROM sale WHERE number = ?", sale_number(epoch, receipt_no))

    def by_source_ref(self, source_ref: str) -> Sale | None:
        """Return the sale that came with this reference."""
        return self._one("SELECT body FROM sale WHERE source_ref = ?", source_ref)

    def last(self, lane: LaneId) -> Sale | None:
        """Return the last sale of a lane."""
        return self._one("SELECT body FROM sale WHERE lane = ? ORDER BY number DESC LIMIT 1", lane)

    def void(self, sale_id: SaleId, reason: str) -> bool:
        """Mark a sale as taken back; False when it was already."""
        sql = "INSERT INTO sale_void (sale_id, reason) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._db.execute(sql, (sale_id, reason)).rowcount == 1

    def is_void(self, sale_id: str) -> bool:
        """Whether the sale was taken back."""
        return self._db.execute("SELECT 1 FROM sale_void WHERE sale_id = ?", (sale_id,)).fetchone() is not None

    def returns_of(self, sale_id: SaleId) -> list[Sale]:
        """Return the returns of a sale that still stand."""
        rows = self._db.execute(
            "SELECT body FROM sale WHERE original_sale_id = ? AND sale_id NOT IN (SELECT sale_id FROM sale_void) "
            "ORDER BY number",
            (sale_id,),
        )
        return [_sale(body) for (body,) in rows]

    def _one(self, sql: str, key: str | int) -> Sale | None:
        row = self._db.execute(sql, (key,)).fetchone()
        return _sale(row[0]) if row else None


class SqliteDays:
    """Closed business days, by receipt range and never by clock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def is_closed(self, lane: LaneId, business_date: str) -> bool:
        """Whether this day of the lane was closed."""
        sql = "SELECT 1 FROM day_close WHERE lane = ? AND business_date = ?"
        return self._db.execute(sql, (lane, business_date)).fetchone() is not None

    def open_sales(self, lane: LaneId) -> DaySum | None:
        """Return what was sold on the lane since its last closing, within the newest epoch; None when nothing."""
        row = self._db.execute(
            "SELECT min(number), max(number), count(*), "
            "coalesce(sum(CASE kind WHEN 'return' THEN -total_minor ELSE total_minor END), 0) FROM sale "
            "WHERE lane = ?1 AND number > (SELECT coalesce(max(last_number), 0) FROM day_close WHERE lane = ?1) "
            "AND number >= (SELECT max(number) >> 32 << 32 FROM sale)",
            (lane,),
        ).fetchone()
        return DaySum._make(row) if row and row[0] is not None else None

    def close(self, lane: LaneId, business_date: str, last_number: int) -> None:
        """Remember the closing."""
        self._db.execute(
            "INSERT INTO day_close (lane, business_date, last_number) VALUES (?, ?, ?)",
            (lane, business_date, last_number),
        )
