"""A small shop for the tests of the domain."""

from datetime import UTC, datetime

from domain.basket import Basket, ring_up, settle, total
from domain.catalogue import Barcode, Item, Price
from domain.ids import EdgeId, LaneId, SaleId, SkuId, StoreId
from domain.sale import Line, Sale, Tender

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
COLA = Item(SkuId("cola"), "可乐", "Cola", barcodes=(Barcode("6901234567892"), Barcode("16901234567899", 12_000)))
HAM = Item(SkuId("ham"), "火腿", "Ham", unit="kg", sold_by="weight")
COLA_PRICE = Price(SkuId("cola"), 350)
HAM_PRICE = Price(SkuId("ham"), 6_990)


def basket(*lines: Line) -> Basket:
    """Return a basket with ``lines`` rung up."""
    filled = Basket(LaneId("1"), "CNY", started_at=NOON.isoformat())
    for line in lines:
        filled = ring_up(filled, line)
    return filled


def sold(filled: Basket, *tenders: Tender) -> Sale:
    """Return ``filled`` settled by ``tenders``."""
    return settle(
        total(filled),
        tenders,
        sale_id=SaleId("0190b5a0-0000-7000-8000-000000000001"),
        edge=EdgeId("S2"),
        store=StoreId("2"),
        epoch=1,
        receipt_no=1,
        business_date="2026-05-01",
        completed_at=NOON,
    )
