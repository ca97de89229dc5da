"""Writing what a group of facts does: one statement per table."""

from sqlalchemy import Connection, select, text

from coordinator.db import tables
from coordinator.db.statements import How, put, upsert
from coordinator.handlers.effects import Effects
from coordinator.rows import Place, Row
from domain.sale import Sale

PLACE = ("edge", "epoch", "seq")
SALE = (
    "sale_no",
    "sale_id",
    "edge",
    "epoch",
    "receipt_no",
    "stream_epoch",
    "seq",
    "store",
    "lane",
    "business_date",
    "completed_at",
    "currency",
    "kind",
    "member",
    "total_minor",
    "due_minor",
    "change_minor",
    "lines",
    "price_version",
    "original_sale_id",
    "source_ref",
)
LINE = (
    "sale_no",
    "no",
    "sku",
    "quantity_milli",
    "unit_price_minor",
    "gross_minor",
    "net_minor",
    "stock_milli",
    "price_source",
)
DISCOUNT = ("sale_no", "line_no", "no", "kind", "funding", "amount_minor", "name")
TENDER = ("sale_no", "no", "kind", "amount_minor", "reference")
POSTING = (*PLACE, "account", "store", "business_date", "currency", "amount_minor")
MOVEMENT = (*PLACE, "store", "sku", "kind", "delta_milli", "reason")
DAY_CLOSE = (
    *PLACE,
    "store",
    "lane",
    "business_date",
    "epoch_of_receipts",
    "first_receipt_no",
    "last_receipt_no",
    "sales",
    "total_minor",
)
QUARANTINE = (
    "event_id",
    *PLACE,
    "type",
    "raw",
    "reason",
    "receipt_epoch",
    "receipt_no",
    "value_minor",
    "currency",
    "received_at",
)
DEVICE = ("edge", "device", "state", "reason", "changed_at")
INCIDENT = ("at", "edge", "kind", "text")


def write_effects(connection: Connection, effects: Effects, worker: str) -> None:
    """Write ``effects``; ``IntegrityError`` when a sale id, receipt number or event id is there already."""
    if effects.sales:
        _write_sales(connection, effects.sales)
    stock = [(store, sku, milli) for (store, sku), milli in effects.stock.items() if milli]
    upsert(connection, tables.stock, ("store", "sku", "on_hand_milli"), stock, {"on_hand_milli": "add"})
    put(connection, tables.posting, POSTING, effects.postings)
    put(connection, tables.stock_movement, MOVEMENT, effects.movements)
    put(connection, tables.day_close, DAY_CLOSE, effects.day_closes)
    put(connection, tables.quarantine, QUARANTINE, effects.quarantine)
    put(connection, tables.incident, INCIDENT, effects.incidents)
    changes: dict[str, How] = {"state": "set", "reason": "set", "changed_at": "set"}
    upsert(connection, tables.device, DEVICE, list(effects.devices.values()), changes)
    if effects.pulse:
        minute, sales, events = effects.pulse
        columns = ("minute", "worker", "sales", "events")
        upsert(connection, tables.pulse, columns, [(minute, worker, sales, events)], {"sales": "add", "events": "add"})
    _write_voids(connection, effects.voids)
    _write_alarms(connection, list(effects.alarms.values()))


def _write_sales(connection: Connection, sales: list[tuple[Place, Sale]]) -> None:
    heads: list[Row] = []
    lines: list[Row] = []
    discounts: list[Row] = []
    tenders: list[Row] = []
    for sale_no, (place, sale) in zip(_numbers(connection, len(sales)), sales, strict=True):
        heads.append(_head(sale_no, place, sale))
        for line in sale.lines:
            lines.append(
                (
                    sale_no,
                    line.no,
                    line.sku,
                    line.quantity_milli,
                    line.unit_price_minor,
                    line.gross_minor,
                    line.net_minor,
                    line.stock_milli,
                    line.price_source,
                )
            )
            if line.discounts:
                discounts += [
                    (sale_no, line.no, no, each.kind, each.funding, each.amount_minor, each.name)
                    for no, each in enumerate(line.discounts, 1)
                ]
        tenders += [
            (sale_no, no, each.kind, each.amount_minor, each.reference) for no, each in enumerate(sale.tenders, 1)
        ]
    put(connection, tables.sale, SALE, heads)
    put(connection, tables.sale_line, LINE, lines)
    put(connection, tables.sale_discount, DISCOUNT, discounts)
    put(connection, tables.sale_tender, TENDER, tenders)


def _head(sale_no: int, place: Place, sale: Sale) -> Row:
    return (
        sale_no,
        sale.sale_id,
        sale.edge,
        sale.epoch,
        sale.receipt_no,
        place.epoch,
        place.seq,
        sale.store,
        sale.lane,
        sale.business_date,
        sale.completed_at,
        sale.currency,
        sale.kind,
        sale.member,
        sale.total_minor,
        sale.due_minor,
        sale.change_minor,
        len(sale.lines),
        sale.price_version,
        sale.original_sale_id,
        sale.source_ref,
    )


def _numbers(connection: Connection, count: int) -> list[int]:
    """Draw ``count`` sale numbers: on SQLite there is one writer, on PostgreSQL a sequence."""
    if connection.dialect.name == "postgresql":
        drawn = connection.exec_driver_sql("SELECT nextval('sale_no') FROM generate_series(1, %s)", (count,))
        return [int(row[0]) for row in drawn]
    last: int = connection.exec_driver_sql("SELECT coalesce(max(sale_no), 0) FROM sale").scalar_one()
    return list(range(last + 1, last + count + 1))


_VOID = text("UPDATE sale SET voided_at = :at WHERE sale_id = :sale_id")


def _write_voids(connection: Connection, voids: list[tuple[str, str]]) -> None:
    if voids:
        connection.execute(_VOID, [{"at": at, "sale_id": sale_id} for at, sale_id in voids])


def _write_alarms(connection: Connection, alarms: list[Row]) -> None:
    """Write alarms that are not open already."""
    if not alarms:
        return
    incident = tables.incident.c
    edges = {row[1] for row in alarms}
    query = select(incident.edge, incident.kind).where(incident.edge.in_(edges), incident.closed_at.is_(None))
    open_now = {tuple(row) for row in connection.execute(query)}
    put(connection, tables.incident, INCIDENT, [row for row in alarms if (row[1], row[2]) not in open_now])
