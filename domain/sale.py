"""A sale: what was sold, at what price, how it was paid.

The structs are also the wire form inside ``SaleCompleted`` (``protocol.facts``): they only grow, new fields have defaults.
Signs: in a sale quantities and amounts are positive; a return (``kind="return"``) carries the same positive figures and its kind
turns them (``sign`` below), so that no figure is ever negated twice.
"""

from typing import Literal

import msgspec

from domain.ids import EdgeId, LaneId, MemberNo, SaleId, SkuId, StoreId

DiscountKind = Literal["retail", "coupon_match", "manual", "promotion", "coupon"]
Funding = Literal["retailer", "manufacturer"]
PriceSource = Literal["catalogue", "label", "given"]
TenderKind = Literal["cash", "qr"]
SaleKind = Literal["sale", "return"]


class Discount(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One named discount line of a sale line.

    ``funding`` says who pays: a retailer's discount lowers what the store earns (``Line.net_minor``); a manufacturer's coupon lowers
    only what the shopper pays (``Sale.due_minor``), for the manufacturer pays the store the difference.
    """

    kind: DiscountKind
    amount_minor: int
    funding: Funding = "retailer"
    name: str = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a sale.

    ``gross_minor`` is before any discount; ``net_minor`` = gross − retailer-funded discounts. With ``price_source="catalogue"``
    gross is ``extend(unit_price_minor, quantity_milli)``; with ``label`` (weighed label) or ``given`` (typed by hand, or carried from
    another system) the amount itself was given. ``quantity_milli`` is thousandths of ``unit`` and may be 0 in a given line.
    ``stock_milli`` is what leaves the shelf, in thousandths of the SKU's base unit (quantity × the barcode's conversion).
    """

    no: int
    sku: SkuId
    quantity_milli: int
    unit_price_minor: int
    gross_minor: int
    net_minor: int
    stock_milli: int
    name: str = ""
    code: str = ""
    unit: str = ""
    price_source: PriceSource = "catalogue"
    discounts: tuple[Discount, ...] = ()


class Tender(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Money handed over; ``reference`` names the provider's transaction of a QR payment."""

    kind: TenderKind
    amount_minor: int
    reference: str = ""


class Sale(msgspec.Struct, frozen=True, omit_defaults=True):
    """A completed sale (or return); the edge that made it owns it, headquarters can never refuse it.

    ``receipt_no`` is gapless from 1 within (edge, epoch). ``total_minor`` = Σ line net; ``due_minor`` = total − manufacturer-funded
    discounts (negative when coupons exceed the goods: the difference is given back as change); Σ tenders = due + change.
    ``business_date`` is the store's local date (ISO 8601). ``source_ref`` is the id of the sale in the system it came from.
    """

    sale_id: SaleId
    edge: EdgeId
    store: StoreId
    lane: LaneId
    epoch: int
    receipt_no: int
    business_date: str
    completed_at: str
    currency: str
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    total_minor: int
    due_minor: int
    change_minor: int
    kind: SaleKind = "sale"
    member: MemberNo | None = None
    price_version: int = 0
    original_sale_id: SaleId | None = None
    source_ref: str = ""
