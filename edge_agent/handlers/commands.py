"""What a person, a device or another system asks a store to do. Each may be refused; what came of it is a fact."""

from datetime import datetime
from typing import Literal

import msgspec

from domain.ids import LaneId, MemberNo, SaleId
from domain.sale import Discount, Tender, TenderKind
from protocol.facts import MovementKind, StockChange


class RingUp(msgspec.Struct, frozen=True, omit_defaults=True):
    """Put one thing on the lane's open sale, by what a scanner read (``code``, ``aim``) or by its ``sku``.

    ``gross_minor`` gives the amount by hand instead of the catalogue's price. ``weight_g`` is what a scale has said: the item is then sold
    by it, and an amount that the scale has worked out stands in ``gross_minor``. ``started_at``, ``member`` and ``source_ref`` count
    only for the first line of a sale.
    """

    lane: LaneId
    code: str = ""
    aim: str | None = None
    sku: str = ""
    quantity_milli: int = 1000
    gross_minor: int | None = None
    weight_g: int | None = None
    discounts: tuple[Discount, ...] = ()
    request_id: str = ""
    started_at: datetime | None = None
    member: MemberNo | None = None
    source_ref: str = ""


class VoidLine(msgspec.Struct, frozen=True):
    """Take one line of the open sale back."""

    lane: LaneId
    no: int


class Identify(msgspec.Struct, frozen=True):
    """Let the open sale be a member's (None: nobody's)."""

    lane: LaneId
    member: MemberNo | None


class Step(msgspec.Struct, frozen=True):
    """Move the open sale on: ``total`` asks for money, ``back`` takes more items, ``suspend``, ``resume`` and ``cancel`` as they say."""

    lane: LaneId
    step: Literal["total", "back", "suspend", "resume", "cancel"]


class CheckOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pay the open sale: with ``tenders``, or with ``exact`` = exactly what is due by one tender of that kind.

    ``sale_id`` is made by the caller; a repeat with the same ``request_id`` (or the sale's own source reference) gets the first sale.
    ``completed_at`` and ``business_date`` are given only for sales that come from another system.
    """

    lane: LaneId
    sale_id: SaleId
    tenders: tuple[Tender, ...] = ()
    exact: TenderKind | None = None
    request_id: str = ""
    source_ref: str = ""
    completed_at: datetime | None = None
    business_date: str = ""


class VoidSale(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take a whole committed sale back."""

    sale_id: SaleId
    reason: str
    by: str = ""
    request_id: str = ""


class ReturnLines(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take goods of a committed sale back; ``wanted`` maps its line numbers to thousandths."""

    lane: LaneId
    sale_id: SaleId
    return_id: SaleId
    wanted: dict[int, int]
    refund: TenderKind = "cash"
    reference: str = ""
    request_id: str = ""


class MoveStock(msgspec.Struct, frozen=True, omit_defaults=True):
    """Goods came, were counted, corrected or thrown away; ``changes`` are signed."""

    kind: MovementKind
    changes: tuple[StockChange, ...]
    reason: str = ""
    request_id: str = ""


class CloseDay(msgspec.Struct, frozen=True, omit_defaults=True):
    """End the business day of a lane; ``business_date`` empty = today's."""

    lane: LaneId
    business_date: str = ""


class OpenDrawer(msgspec.Struct, frozen=True):
    """Open the cash drawer ``device`` outside a sale: who, and why."""

    lane: LaneId
    device: str
    by: str
    reason: str


class Reprint(msgspec.Struct, frozen=True):
    """Print a sale's receipt again, marked as a copy."""

    sale_id: SaleId


class Resume(msgspec.Struct, frozen=True):
    """Say where a lane stands after a start."""

    lane: LaneId
