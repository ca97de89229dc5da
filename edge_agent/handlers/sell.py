"""Selling: scan → line → total → tender → one commit.

One commit holds the sale, what it took from the shelf, its receipt number, the fact for headquarters and the print job. When ``check_out``
returns, a power cut cannot take the sale back; only then is anything printed or told.
"""

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from domain import basket as open_sale
from domain.basket import Basket
from domain.business_date import business_date
from domain.ids import LaneId
from domain.sale import Sale, Tender, verify
from domain.stock import movements_of
from edge_agent.errors import NothingOnLane
from edge_agent.handlers.answers import first_answer
from edge_agent.handlers.commands import CheckOut, Identify, RingUp, Step, VoidLine
from edge_agent.handlers.lines import line_of
from edge_agent.ports import Clock, UnitOfWork
from protocol.facts import SaleCompleted


def ring_up(cmd: RingUp, uow: UnitOfWork, clock: Clock) -> Basket:
    """Put one line on the lane's open sale, or begin one.

    Raises:
        UnknownBarcode, DomainError: it cannot be sold.
        NothingOnLane: a repeat, and the sale that has the line is over.
        ReserveReached: the disk has no room for a new sale.
    """
    with uow:
        if first_answer(cmd.request_id, "ring_up", uow) is not None:
            return _open_basket(cmd.lane, uow)
        before = uow.baskets.load(cmd.lane)
        basket = before or _begin(cmd, uow, clock)
        after = open_sale.ring_up(basket, line_of(cmd, basket, uow, _today(cmd, uow, clock)))
        uow.baskets.save(before, after)
        if cmd.request_id:
            uow.requests.remember(cmd.request_id, "ring_up", b"")
        uow.commit()
    return after


def price_per_kg(cmd: RingUp, uow: UnitOfWork, clock: Clock) -> int | None:
    """Return what a kilogram of it costs, in minor units, before anything is weighed; None for a repeat, which is rung up already.

    Raises:
        UnknownBarcode, InvalidQuantity, DomainError: it cannot be sold by weight, or not now.
    """
    if first_answer(cmd.request_id, "ring_up", uow) is not None:
        return None
    basket = uow.baskets.load(cmd.lane) or _begin(cmd, uow, clock)
    line = line_of(replace(cmd, weight_g=1000), basket, uow, _today(cmd, uow, clock))
    open_sale.ring_up(basket, line)
    return line.gross_minor


def void_line(cmd: VoidLine, uow: UnitOfWork) -> Basket:
    """Take one line of the open sale back; its number stays."""
    return _change(cmd.lane, uow, lambda basket: open_sale.void_line(basket, cmd.no))


def identify(cmd: Identify, uow: UnitOfWork) -> Basket:
    """Let the open sale be a member's."""
    return _change(cmd.lane, uow, lambda basket: open_sale.identify(basket, cmd.member))


def step(cmd: Step, uow: UnitOfWork) -> Basket:
    """Move the open sale on; a cancelled one is gone from the lane."""
    match cmd.step:
        case "total":
            return _change(cmd.lane, uow, open_sale.total)
        case "back" | "suspend" | "resume" as event:
            return _change(cmd.lane, uow, lambda basket: open_sale.advance(basket, event))
        case "cancel":
            return _cancel(cmd, uow)


def check_out(cmd: CheckOut, uow: UnitOfWork, clock: Clock) -> Sale:
    """Settle the open sale in one commit; a repeat gets the first sale.

    Raises:
        NothingOnLane, EmptyBasket, TenderTooSmall, TenderTooLarge: the sale stays open.
        DiskFull: nothing was changed.
    """
    with uow:
        if first := _first_sale(cmd, uow):
            return first
        sale = _settled(cmd, _open_basket(cmd.lane, uow), uow, clock)
        keep(sale, uow, clock)
        uow.baskets.clear(cmd.lane)
        if cmd.request_id:
            uow.requests.remember(cmd.request_id, "check_out", sale.sale_id.encode())
        uow.commit()
    return sale


def keep(sale: Sale, uow: UnitOfWork, clock: Clock) -> int:
    """Write everything that a sale or return is, inside the caller's transaction; returns its number."""
    verify(sale)
    number = uow.sales.add(sale)
    uow.stock.move(sale.sale_id, {delta.sku: delta.delta_milli for delta in movements_of(sale)})
    uow.facts.add(SaleCompleted(sale), clock)
    if uow.prints:
        uow.print_jobs.queue(number)
    return number


def _today(cmd: RingUp, uow: UnitOfWork, clock: Clock) -> date:
    return date.fromisoformat(business_date(cmd.started_at or clock.now(), uow.place.timezone))


def _open_basket(lane: LaneId, uow: UnitOfWork) -> Basket:
    basket = uow.baskets.load(lane)
    if basket is None:
        raise NothingOnLane(lane)
    return basket


def _change(lane: LaneId, uow: UnitOfWork, change: Callable[[Basket], Basket]) -> Basket:
    with uow:
        before = _open_basket(lane, uow)
        after = change(before)
        uow.baskets.save(before, after)
        uow.commit()
    return after


def _begin(cmd: RingUp, uow: UnitOfWork, clock: Clock) -> Basket:
    uow.room.require_room_for_a_sale()
    return Basket(
        lane=cmd.lane,
        currency=uow.place.currency,
        started_at=(cmd.started_at or clock.now()).isoformat(timespec="milliseconds"),
        member=cmd.member,
        price_version=uow.catalogue.price_version(),
        source_ref=cmd.source_ref,
    )


def _first_sale(cmd: CheckOut, uow: UnitOfWork) -> Sale | None:
    if cmd.source_ref and (sale := uow.sales.by_source_ref(cmd.source_ref)):
        return sale
    sale_id = first_answer(cmd.request_id, "check_out", uow)
    return uow.sales.get(sale_id.decode()) if sale_id else None


def _settled(cmd: CheckOut, basket: Basket, uow: UnitOfWork, clock: Clock) -> Sale:
    """Return the sale; asking for the total and paying may come in one command."""
    if basket.state == "shopping":
        basket = open_sale.total(basket)
    at = cmd.completed_at or clock.now()
    place, epoch = uow.place, uow.facts.epoch()
    return open_sale.settle(
        basket,
        cmd.tenders if cmd.exact is None else _exactly(cmd, basket),
        sale_id=cmd.sale_id,
        edge=place.edge,
        store=place.store,
        epoch=epoch,
        receipt_no=uow.sales.next_receipt_no(epoch),
        business_date=cmd.business_date or business_date(at, place.timezone, place.day_starts_hour),
        completed_at=at,
    )


def _exactly(cmd: CheckOut, basket: Basket) -> tuple[Tender, ...]:
    _, due_minor = open_sale.amounts(open_sale.open_lines(basket))
    return (Tender(cmd.exact, due_minor),) if cmd.exact and due_minor > 0 else ()


def _cancel(cmd: Step, uow: UnitOfWork) -> Basket:
    with uow:
        basket = _open_basket(cmd.lane, uow)
        closed = open_sale.advance(basket, "cancel")
        uow.baskets.clear(cmd.lane)
        uow.commit()
    return closed
