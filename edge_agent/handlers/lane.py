"""What a scanner or a payment code does on a lane, by what it is and where the lane stands."""

from typing import NamedTuple

import msgspec

from domain.basket import Basket, amounts, open_lines
from domain.ids import LaneId, SaleId
from domain.sale import Sale, Tender
from domain.scan import PaymentCode, classify
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.ports import Clock, UnitOfWork


class Scanned(NamedTuple):
    """What came of a scan: the open sale, or the sale that a payment code paid."""

    basket: Basket | None
    sale: Sale | None


class ScanCode(msgspec.Struct, frozen=True):
    """A code was read on a lane; ``sale_id`` is for the sale that it may pay, ``request_id`` makes a repeat harmless."""

    lane: LaneId
    sale_id: SaleId
    code: str
    aim: str | None = None
    quantity_milli: int = 1000
    request_id: str = ""


def scan(cmd: ScanCode, uow: UnitOfWork, clock: Clock) -> Scanned:
    """Ring an item up while shopping; take a payment code for what is due while tendering (a simulated provider says yes).

    Raises:
        DomainError: it cannot be taken now.
    """
    if _has_paid(cmd, uow):
        return Scanned(None, check_out(CheckOut(cmd.lane, cmd.sale_id, request_id=cmd.request_id), uow, clock))
    basket = uow.baskets.load(cmd.lane)
    if basket is not None and basket.state == "tendering":
        code = classify(cmd.code, cmd.aim, "tendering")
        if isinstance(code, PaymentCode):
            return Scanned(None, _paid_by(code, basket, cmd, uow, clock))
    line = RingUp(cmd.lane, cmd.code, cmd.aim, quantity_milli=cmd.quantity_milli, request_id=cmd.request_id)
    return Scanned(ring_up(line, uow, clock), None)


def _has_paid(cmd: ScanCode, uow: UnitOfWork) -> bool:
    """Whether this very scan paid a sale before: its basket is gone, and the code would be none to sell."""
    first = uow.requests.answer(cmd.request_id) if cmd.request_id else None
    return first is not None and first[0] == "check_out"


def _paid_by(code: PaymentCode, basket: Basket, cmd: ScanCode, uow: UnitOfWork, clock: Clock) -> Sale:
    _, due_minor = amounts(open_lines(basket))
    tenders = (Tender("qr", due_minor, f"{code.channel} {code.masked}"),) if due_minor > 0 else ()
    return check_out(CheckOut(cmd.lane, cmd.sale_id, tenders, request_id=cmd.request_id), uow, clock)
