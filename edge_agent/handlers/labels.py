"""What shelf labels are made of: items and prices of this store, as they are at this moment."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.catalogue import Item, barcode_key
from domain.errors import PriceMissing
from edge_agent.errors import UnknownBarcode
from edge_agent.ports import UnitOfWork


class Labelled(NamedTuple):
    """An item and what one of its unit costs."""

    item: Item
    unit_price_minor: int
    currency: str


def items_for_labels(codes: Sequence[str], uow: UnitOfWork) -> list[Labelled]:
    """Return the items behind SKUs or barcodes, in order.

    Raises:
        UnknownBarcode: no item of this store has the code.
        PriceMissing: a label without a price would be a lie.
    """
    return [_labelled(code, uow) for code in codes]


def _labelled(code: str, uow: UnitOfWork) -> Labelled:
    found = uow.catalogue.by_sku(code) or uow.catalogue.by_code(barcode_key(code))
    if found is None:
        raise UnknownBarcode(code)
    if found.unit_price_minor is None:
        raise PriceMissing(found.item.sku)
    return Labelled(found.item, found.unit_price_minor, uow.place.currency)
