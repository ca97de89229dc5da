"""What an event that cannot be applied says of itself, read without trusting any of it."""

from typing import Any

import msgspec

from coordinator.handlers.effects import Claim
from coordinator.handlers.ledger import LARGEST_MINOR
from coordinator.rows import EdgeRow
from protocol.envelope import Event
from protocol.facts import TYPE_OF, SaleCompleted

NOTHING = Claim()


def claim_of(event: Event | None, edge: EdgeRow) -> Claim:
    """Return the money and the receipt number that a sale claims, as far as they can be; nothing for other events.

    The money is what the shopper paid (``due_minor``, negative for a return) and lies in the edge's own store and currency, for what the
    event says of those may be just what is wrong with it.
    """
    if event is None or event.type != TYPE_OF[SaleCompleted]:
        return NOTHING
    try:
        sale = msgspec.json.decode(event.data, type=dict[str, Any]).get("sale")
    except (msgspec.DecodeError, RecursionError):
        return NOTHING
    if not isinstance(sale, dict):
        return NOTHING
    value = _whole(sale.get("due_minor"), -LARGEST_MINOR) or 0
    return Claim(
        value_minor=-value if sale.get("kind") == "return" else value,
        currency=edge.currency,
        store=edge.store,
        business_date=_date(sale.get("business_date")),
        receipt_epoch=_whole(sale.get("epoch"), 1),
        receipt_no=_whole(sale.get("receipt_no"), 1),
    )


def _whole(value: object, least: int) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST_MINOR
    return value if whole and isinstance(value, int) else None


def _date(value: object) -> str:
    return value if isinstance(value, str) and len(value) == 10 and value.isprintable() else ""
