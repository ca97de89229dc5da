"""Looking at the file from two sides: what is kept twice must be equal."""

import sqlite3

import msgspec

from domain.sale import Sale
from edge_agent.ports import sale_number
from protocol.codec import decode_event, decode_fact
from protocol.facts import SaleCompleted

_sale = msgspec.json.Decoder(Sale).decode


_KEPT = "SELECT sale_id, source_ref, lane, kind, business_date, total_minor, original_sale_id, body FROM sale WHERE number = ?"


def sales_unlike_their_facts(connection: sqlite3.Connection) -> list[str]:
    """Return the ids of facts whose sales are kept differently: none, unless the file was damaged or changed from outside."""
    unlike: list[str] = []
    for raw, event_id in connection.execute("SELECT bytes, event_id FROM outbox ORDER BY seq"):
        event = decode_event(raw)
        fact = decode_fact(event)
        if event.id != event_id or (isinstance(fact, SaleCompleted) and not _is_kept(connection, fact.sale)):
            unlike.append(event_id)
    return unlike


def _is_kept(connection: sqlite3.Connection, sale: Sale) -> bool:
    row = connection.execute(_KEPT, (sale_number(sale.epoch, sale.receipt_no),)).fetchone()
    if row is None:
        return False
    *columns, body = row
    wanted = [sale.sale_id, sale.source_ref or None, sale.lane, sale.kind, sale.business_date, sale.total_minor]
    try:
        return columns == [*wanted, sale.original_sale_id] and _sale(body) == sale
    except msgspec.MsgspecError:
        return False
