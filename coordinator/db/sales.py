"""Sales as booked."""

from collections.abc import Iterable

from sqlalchemy import Connection, and_, case, func, or_, select

from coordinator.db import tables
from coordinator.handlers.ledger import legs
from coordinator.rows import Posting, SaleHead
from domain.sale import Sale

_sale, _line, _tender = tables.sale.c, tables.sale_line.c, tables.sale_tender.c
_SIGN = case((_sale.kind == "return", 1), else_=-1)


class SqlSales:
    """``coordinator.ports.Sales`` in either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def heads(self, sale_ids: Iterable[str]) -> dict[str, SaleHead]:
        """Return the sales of these ids that exist."""
        query = select(
            _sale.sale_no,
            _sale.sale_id,
            _sale.edge,
            _sale.stream_epoch,
            _sale.seq,
            _sale.store,
            _sale.currency,
            _sale.total_minor,
            _sale.voided_at.is_not(None),
        ).where(_sale.sale_id.in_(list(sale_ids)))
        return {row[1]: SaleHead(*row) for row in self._connection.execute(query)}

    def clash(self, sale: Sale) -> str:
        """Return what makes this sale impossible to keep beside the others, or an empty text."""
        receipt = and_(_sale.edge == sale.edge, _sale.epoch == sale.epoch, _sale.receipt_no == sale.receipt_no)
        query = select(_sale.sale_id).where(or_(_sale.sale_id == sale.sale_id, receipt))
        for (other,) in self._connection.execute(query):
            if other == sale.sale_id:
                return f"sale id {other} is used twice"
            return f"receipt {sale.receipt_no} of epoch {sale.epoch} is used twice, first by sale {other}"
        return ""

    def movements_of(self, sale_no: int) -> list[tuple[str, int]]:
        """Return SKU and signed stock movement of each line of a sale."""
        query = (
            select(_line.sku, _SIGN * _line.stock_milli)
            .join_from(tables.sale_line, tables.sale, _sale.sale_no == _line.sale_no)
            .where(_line.sale_no == sale_no)
        )
        return [(sku, milli) for sku, milli in self._connection.execute(query)]

    def legs_of(self, sale_no: int) -> list[Posting]:
        """Return the legs that booked a sale, from its own row (postings carry no index: a sale is looked up once in its life)."""
        query = select(_sale.kind, _sale.total_minor, _sale.due_minor, _sale.change_minor).where(
            _sale.sale_no == sale_no
        )
        kind, total, due, change = self._connection.execute(query).one()
        tenders = select(_tender.kind, _tender.amount_minor).where(_tender.sale_no == sale_no)
        paid = [(name, minor) for name, minor in self._connection.execute(tenders)]
        return legs(-1 if kind == "return" else 1, paid, total, due, change)

    def returned_minor(self, sale_id: str) -> int:
        """Return the sum of all returns of a sale that are not voided."""
        query = select(func.coalesce(func.sum(_sale.total_minor), 0)).where(
            _sale.original_sale_id == sale_id, _sale.kind == "return", _sale.voided_at.is_(None)
        )
        return int(self._connection.execute(query).scalar_one())
