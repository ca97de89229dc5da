"""A sale: what was sold, at what price, how it was paid.

The structs are also the wire form inside ``SaleCompleted`` (``protocol.facts``): they only grow, new fields have defaults.
Signs: in a sale quantities and amounts are positive; a return (``kind="return"``) carries the same positive figures and its kind
turns them (``domain.stock.movements_of``), so that no figure is ever negated twice.

``domain.basket`` makes sales, ``domain.returns`` makes returns, ``verify`` recomputes both.
"""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from domain.errors import ImpossibleSale
from domain.ids import EDGE_ID_PATTERN, STORE_ID_PATTERN, EdgeId, LaneId, MemberNo, SaleId, SkuId, StoreId
from domain.limits import (
    MAX_CODE,
    MAX_COUNTER,
    MAX_DISCOUNTS,
    MAX_ID,
    MAX_LINE_MINOR,
    MAX_LINES,
    MAX_NAME,
    MAX_QUANTITY_MILLI,
    MAX_REFERENCE,
    MAX_SALE_MINOR,
    MAX_STOCK_MILLI,
    MAX_TENDERS,
    MAX_UNIT,
    MAX_UNIT_PRICE_MINOR,
    text_fault,
)
from domain.money import EXPONENTS
from domain.quantity import extend

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


def verify(sale: Sale) -> None:
    """Recompute every figure of ``sale``: the edge before its commit, headquarters at ingest.

    Checks identities and texts, line numbers (1, 2, 3…; a return of an original keeps the numbers of the lines it returns, rising),
    signs and limits, prices of catalogue lines (``extend``), nets, total, due, tenders and change.

    Raises:
        ImpossibleSale: names the field, its value and what it should have been.
    """
    _check_header(sale)
    if not 1 <= len(sale.lines) <= MAX_LINES:
        raise ImpossibleSale("number of lines", len(sale.lines), f"1 to {MAX_LINES}")
    skips = sale.original_sale_id is not None
    no = total = coupons = 0
    for line in sale.lines:
        if line.no != no + 1 and not (skips and line.no > no):
            raise ImpossibleSale(f"number of the line after line {no}", line.no, f"{no + 1}")
        no = line.no
        coupons += check_line(line)
        total += line.net_minor
    if sale.total_minor != total:
        raise ImpossibleSale("total_minor", sale.total_minor, f"{total}, the sum of its lines")
    if sale.due_minor != total - coupons:
        raise ImpossibleSale(
            "due_minor", sale.due_minor, f"{total - coupons}: total {total} less manufacturers' {coupons}"
        )
    _check_tenders(sale)


def check_line(line: Line) -> int:
    """Recompute one line and return what manufacturers' coupons take off it, in minor units.

    Raises:
        ImpossibleSale: names the field, its value and what it should have been.
    """
    _check_line_texts(line)
    quantity, gross = line.quantity_milli, line.gross_minor
    given = line.price_source != "catalogue"
    if not (0 if given else 1) <= quantity <= MAX_QUANTITY_MILLI:
        limit = f"{0 if given else 1} to {MAX_QUANTITY_MILLI} (0 only with a given amount)"
        raise ImpossibleSale(f"quantity_milli of line {line.no}", quantity, limit)
    if not 0 <= line.unit_price_minor <= MAX_UNIT_PRICE_MINOR:
        raise ImpossibleSale(
            f"unit_price_minor of line {line.no}", line.unit_price_minor, f"0 to {MAX_UNIT_PRICE_MINOR}"
        )
    if not 0 <= gross <= MAX_LINE_MINOR:
        raise ImpossibleSale(f"gross_minor of line {line.no}", gross, f"0 to {MAX_LINE_MINOR}")
    if not 0 <= line.stock_milli <= MAX_STOCK_MILLI:
        raise ImpossibleSale(f"stock_milli of line {line.no}", line.stock_milli, f"0 to {MAX_STOCK_MILLI}")
    if not given and gross != (expected := extend(line.unit_price_minor, quantity)):
        raise ImpossibleSale(
            f"gross_minor of line {line.no}", gross, f"{expected} = {line.unit_price_minor} x {quantity} thousandths"
        )
    own, coupons = _check_discounts(line) if line.discounts else (0, 0)
    if own > gross:
        raise ImpossibleSale(f"retailer's discounts of line {line.no}", own, f"at most its gross {gross}")
    if line.net_minor != gross - own:
        raise ImpossibleSale(
            f"net_minor of line {line.no}", line.net_minor, f"{gross - own} = gross {gross} less {own}"
        )
    return coupons


def _check_discounts(line: Line) -> tuple[int, int]:
    """Return (what the retailer, what manufacturers) take off ``line``."""
    if len(line.discounts) > MAX_DISCOUNTS:
        raise ImpossibleSale(f"number of discounts of line {line.no}", len(line.discounts), f"at most {MAX_DISCOUNTS}")
    own = coupons = 0
    for discount in line.discounts:
        amount = discount.amount_minor
        if not 0 <= amount <= MAX_LINE_MINOR:
            raise ImpossibleSale(f"{discount.kind} discount of line {line.no}", amount, f"0 to {MAX_LINE_MINOR}")
        if discount.name and (fault := text_fault(discount.name, MAX_NAME)):
            raise ImpossibleSale(f"name of a discount of line {line.no}", discount.name, fault)
        if discount.funding == "retailer":
            own += amount
        else:
            coupons += amount
    return own, coupons


def _check_line_texts(line: Line) -> None:
    sku, name, code, unit = line.sku, line.name, line.code, line.unit
    # the common case in one breath: this runs for every line of every sale of the chain
    if (
        0 < len(sku) <= MAX_ID
        and len(name) <= MAX_NAME
        and len(code) <= MAX_CODE
        and len(unit) <= MAX_UNIT
        and (sku + name + code + unit).isprintable()
    ):
        return
    for field, text, longest, shortest in (
        ("sku", sku, MAX_ID, 1),
        ("name", name, MAX_NAME, 0),
        ("code", code, MAX_CODE, 0),
        ("unit", unit, MAX_UNIT, 0),
    ):
        if fault := text_fault(text, longest, shortest):
            raise ImpossibleSale(f"{field} of line {line.no}", text, fault)


def _check_tenders(sale: Sale) -> None:
    if len(sale.tenders) > MAX_TENDERS:
        raise ImpossibleSale("number of tenders", len(sale.tenders), f"at most {MAX_TENDERS}")
    paid = exact = 0
    for tender in sale.tenders:
        amount = tender.amount_minor
        if not 1 <= amount <= MAX_SALE_MINOR:
            raise ImpossibleSale(f"{tender.kind} tender", amount, f"1 to {MAX_SALE_MINOR}")
        if tender.reference and (fault := text_fault(tender.reference, MAX_REFERENCE)):
            raise ImpossibleSale("reference of a tender", tender.reference, fault)
        paid += amount
        exact += amount if tender.kind != "cash" or sale.kind == "return" else 0
    due = sale.due_minor
    if paid < due:
        raise ImpossibleSale("sum of tenders", paid, f"at least what is due, {due}")
    if sale.change_minor != paid - due:
        raise ImpossibleSale("change_minor", sale.change_minor, f"{paid - due}: tenders {paid} less due {due}")
    if exact > max(due, 0):
        raise ImpossibleSale("sum of tenders that give no change", exact, f"at most what is due, {max(due, 0)}")


def _check_header(sale: Sale) -> None:
    for field, text, longest, shortest in (
        ("sale_id", sale.sale_id, MAX_ID, 1),
        ("lane", sale.lane, MAX_ID, 1),
        ("member", sale.member or "", MAX_ID, 0),
        ("original_sale_id", sale.original_sale_id or "", MAX_ID, 0),
        ("source_ref", sale.source_ref, MAX_REFERENCE, 0),
    ):
        if fault := text_fault(text, longest, shortest):
            raise ImpossibleSale(field, text, fault)
    if not EDGE_ID_PATTERN.fullmatch(sale.edge):
        raise ImpossibleSale("edge", sale.edge, EDGE_ID_PATTERN.pattern)
    if not STORE_ID_PATTERN.fullmatch(sale.store):
        raise ImpossibleSale("store", sale.store, STORE_ID_PATTERN.pattern)
    if sale.currency not in EXPONENTS:
        raise ImpossibleSale("currency", sale.currency, f"one of {', '.join(EXPONENTS)}")
    for field, value, least in (
        ("epoch", sale.epoch, 1),
        ("receipt_no", sale.receipt_no, 1),
        ("price_version", sale.price_version, 0),
    ):
        if not least <= value <= MAX_COUNTER:
            raise ImpossibleSale(field, value, f"{least} to {MAX_COUNTER}")
    if sale.kind == "sale" and sale.original_sale_id is not None:
        raise ImpossibleSale("original_sale_id", sale.original_sale_id, "none: only a return has an original")
    _check_times(sale)


def _check_times(sale: Sale) -> None:
    try:
        on = date.fromisoformat(sale.business_date)
    except ValueError as error:
        raise ImpossibleSale("business_date", sale.business_date, "a date as YYYY-MM-DD") from error
    if on.isoformat() != sale.business_date:
        raise ImpossibleSale("business_date", sale.business_date, "a date as YYYY-MM-DD")
    try:
        offset = datetime.fromisoformat(sale.completed_at).utcoffset()
    except ValueError as error:
        raise ImpossibleSale("completed_at", sale.completed_at, "an ISO 8601 time in UTC") from error
    if offset != timedelta(0):
        raise ImpossibleSale("completed_at", sale.completed_at, "an ISO 8601 time in UTC")
