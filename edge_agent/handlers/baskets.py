"""A whole basket from another system, sold like any other: each line through the open basket on disk, then one sale.

A basket that comes again (its teller heard no answer) gets the first sale; one that was interrupted is taken up where it stopped.
"""

from datetime import datetime

import msgspec

from domain.business_date import zone
from domain.errors import DomainError
from domain.ids import LaneId, MemberNo, SaleId
from domain.sale import Discount, Sale, TenderKind
from edge_agent.errors import LaneBusy
from edge_agent.handlers.commands import CheckOut, RingUp, Step
from edge_agent.handlers.sell import check_out, ring_up, step
from edge_agent.ports import Clock, UnitOfWork

FIRST_YEAR, LAST_YEAR = 1970, 2100


class BasketLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: by ``code`` or ``sku``; ``gross_minor`` None = the catalogue's price."""

    quantity_milli: int
    code: str = ""
    sku: str = ""
    gross_minor: int | None = None
    discounts: tuple[Discount, ...] = ()


class GivenBasket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``at``: when it was paid, ISO 8601, store-local when it names no zone."""

    source_ref: str
    at: str
    tender: TenderKind
    lines: tuple[BasketLine, ...]
    member: MemberNo | None = None
    business_date: str = ""


def sell_basket(given: GivenBasket, lane: LaneId, sale_id: SaleId, uow: UnitOfWork, clock: Clock) -> Sale:
    """Ring every line up, then settle exactly; each line is a commit of its own, as a scan is.

    Raises:
        LaneBusy: a person's sale is open there; it stays as it is.
        DomainError: a line or the whole cannot be sold; nothing of it stays on the lane.
        StorageError: the journal cannot take it.
    """
    if not given.source_ref:
        raise DomainError(
            "source_ref of a basket is empty: give each basket a name of its own, or a repeat sells it again"
        )
    if first := uow.sales.by_source_ref(given.source_ref):
        return first
    at = _when(given.at, uow.place.timezone)
    rung_up = _already_rung_up(given, lane, uow)
    try:
        for line in given.lines[rung_up:]:
            ring_up(_scan(line, given, lane, at), uow, clock)
        payment = CheckOut(
            lane,
            sale_id,
            exact=given.tender,
            source_ref=given.source_ref,
            completed_at=at,
            business_date=given.business_date,
        )
        return check_out(payment, uow, clock)
    except DomainError:
        if uow.baskets.load(lane):
            step(Step(lane, "cancel"), uow)
        raise


def _already_rung_up(given: GivenBasket, lane: LaneId, uow: UnitOfWork) -> int:
    """Return how many lines an interrupted run left on the lane; what another given basket left there is given up."""
    before = uow.baskets.load(lane)
    if before is None:
        return 0
    if not before.source_ref:
        raise LaneBusy(lane, len(before.lines))
    if before.source_ref == given.source_ref:
        return len(before.lines)
    step(Step(lane, "cancel"), uow)
    return 0


def _scan(line: BasketLine, given: GivenBasket, lane: LaneId, at: datetime) -> RingUp:
    return RingUp(
        lane,
        code=line.code,
        sku=line.sku,
        quantity_milli=line.quantity_milli,
        gross_minor=line.gross_minor,
        discounts=line.discounts,
        started_at=at,
        member=given.member,
        source_ref=given.source_ref,
    )


def _when(text: str, timezone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise DomainError(f"time {text[:40]!r} of a basket is no ISO 8601 time") from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR:  # at the ends of the calendar no zone can be reckoned with
        raise DomainError(f"time {text[:40]!r} of a basket is not within the years {FIRST_YEAR} to {LAST_YEAR}")
    return at if at.tzinfo else at.replace(tzinfo=zone(timezone))
