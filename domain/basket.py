"""The open sale of a lane: lines rung up one by one, until it is settled into a ``Sale``.

A basket is a value. Its lines keep their numbers (1, 2, 3… in the order of ringing up) and a voided line stays where it is, only marked
in ``voided``: an edge that keeps the open basket on disk appends one row per ``ring_up`` and sets one mark per ``void_line``.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from domain.errors import (
    EmptyBasket,
    ImpossibleSale,
    InvalidMoney,
    LineAlreadyVoided,
    TenderTooLarge,
    TenderTooSmall,
    UnknownLine,
    WrongStep,
)
from domain.ids import EdgeId, LaneId, MemberNo, SaleId, StoreId
from domain.limits import MAX_LINES, MAX_REFERENCE, MAX_SALE_MINOR, MAX_TENDERS, text_fault
from domain.sale import Line, Sale, Tender, check_line

BasketState = Literal["idle", "shopping", "tendering", "paid", "closed", "suspended", "intervention"]
BasketEvent = Literal[
    "ring_up",
    "void_line",
    "identify",
    "total",
    "back",
    "settle",
    "close",
    "suspend",
    "resume",
    "intervene",
    "release",
    "cancel",
]

STEPS: dict[tuple[BasketState, BasketEvent], BasketState] = {
    ("idle", "ring_up"): "shopping",
    ("idle", "identify"): "shopping",
    ("shopping", "ring_up"): "shopping",
    ("shopping", "void_line"): "shopping",
    ("shopping", "identify"): "shopping",
    ("shopping", "total"): "tendering",
    ("tendering", "back"): "shopping",
    ("tendering", "settle"): "paid",
    ("paid", "close"): "closed",
    ("shopping", "suspend"): "suspended",
    ("suspended", "resume"): "shopping",
    ("shopping", "intervene"): "intervention",
    ("tendering", "intervene"): "intervention",
    ("intervention", "void_line"): "intervention",
    # back to shopping even from tendering: the attendant may have voided lines, so the total is asked for anew
    ("intervention", "release"): "shopping",
    ("idle", "cancel"): "closed",
    ("shopping", "cancel"): "closed",
    ("tendering", "cancel"): "closed",
    ("suspended", "cancel"): "closed",
    ("intervention", "cancel"): "closed",
}
"""What may happen in which state, and where it leads; everything else is ``WrongStep``. A paid basket can no longer be cancelled."""


class Basket(msgspec.Struct, frozen=True, omit_defaults=True):
    """An open sale. ``started_at`` is aware UTC as ISO 8601; ``voided`` holds the numbers of voided lines in the order of voiding."""

    lane: LaneId
    currency: str
    started_at: str = ""
    state: BasketState = "idle"
    lines: tuple[Line, ...] = ()
    voided: tuple[int, ...] = ()
    member: MemberNo | None = None
    price_version: int = 0
    source_ref: str = ""


def advance(basket: Basket, event: BasketEvent) -> Basket:
    """Return ``basket`` after an event that changes nothing but its state.

    Raises:
        WrongStep: the state does not know the event.
    """
    state = _next(basket.state, event)
    return basket if state == basket.state else replace(basket, state=state)


def ring_up(basket: Basket, line: Line) -> Basket:
    """Return ``basket`` with ``line`` as its last line, numbered accordingly.

    Raises:
        WrongStep: nothing can be rung up now.
        ImpossibleSale: the line contradicts itself, or the basket is full.
    """
    state = _next(basket.state, "ring_up")
    no = len(basket.lines) + 1
    if no > MAX_LINES:
        raise ImpossibleSale("number of lines", no, f"at most {MAX_LINES}: pay these and go on with a second sale")
    if line.no != no:
        line = replace(line, no=no)
    check_line(line)
    return replace(basket, state=state, lines=(*basket.lines, line))


def void_line(basket: Basket, no: int) -> Basket:
    """Return ``basket`` with line ``no`` marked as voided; the numbers of the others stay.

    Raises:
        WrongStep, UnknownLine, LineAlreadyVoided: it cannot be.
    """
    state = _next(basket.state, "void_line")
    if not 1 <= no <= len(basket.lines):
        raise UnknownLine(no, len(basket.lines))
    if no in basket.voided:
        raise LineAlreadyVoided(no)
    return replace(basket, state=state, voided=(*basket.voided, no))


def identify(basket: Basket, member: MemberNo | None) -> Basket:
    """Return ``basket`` as ``member``'s (``None``: as nobody's).

    Raises:
        WrongStep: it cannot be now.
    """
    return replace(basket, state=_next(basket.state, "identify"), member=member)


def total(basket: Basket) -> Basket:
    """Return ``basket`` ready for tenders.

    Raises:
        WrongStep: it cannot be now.
        EmptyBasket: no line is left.
    """
    if basket.state == "shopping" and len(basket.voided) == len(basket.lines):
        raise EmptyBasket
    return advance(basket, "total")


def open_lines(basket: Basket) -> tuple[Line, ...]:
    """Return the lines that are not voided, with the numbers they have in the basket."""
    if not basket.voided:
        return basket.lines
    return tuple(line for line in basket.lines if line.no not in basket.voided)


def amounts(lines: Sequence[Line]) -> tuple[int, int]:
    """Return (total, due) of ``lines`` in minor units: the sum of nets, and what of it the shopper pays (negative: is given back)."""
    net = coupons = 0
    for line in lines:
        net += line.net_minor
        for discount in line.discounts:
            coupons += discount.amount_minor if discount.funding == "manufacturer" else 0
    return net, net - coupons


def settle(
    basket: Basket,
    tenders: Sequence[Tender],
    *,
    sale_id: SaleId,
    edge: EdgeId,
    store: StoreId,
    epoch: int,
    receipt_no: int,
    business_date: str,
    completed_at: datetime,
) -> Sale:
    """Return the sale that ``basket`` becomes when ``tenders`` are handed over; voided lines are left out, the rest numbered afresh.

    Cash may exceed what is due (the rest is change), QR may not. Nothing due, or less (manufacturers' coupons above the goods), needs no
    tender: the difference is change. ``completed_at`` is an aware time of any zone, the sale carries it in UTC. ``verify`` of the
    result never fails for identities and dates that are valid.

    Raises:
        WrongStep: the basket is not ``tendering`` (see ``total``).
        EmptyBasket, TenderTooSmall, TenderTooLarge: as they say.
        InvalidMoney: a tender of nothing or of too much, too many of them, or a reference that cannot be printed.
    """
    _next(basket.state, "settle")
    lines = open_lines(basket)
    if not lines:
        raise EmptyBasket
    if basket.voided:
        lines = tuple(replace(line, no=no) for no, line in enumerate(lines, 1))
    total_minor, due_minor = amounts(lines)
    return Sale(
        sale_id=sale_id,
        edge=edge,
        store=store,
        lane=basket.lane,
        epoch=epoch,
        receipt_no=receipt_no,
        business_date=business_date,
        completed_at=completed_at.astimezone(UTC).isoformat(),
        currency=basket.currency,
        lines=lines,
        tenders=tuple(tenders),
        total_minor=total_minor,
        due_minor=due_minor,
        change_minor=_change(tenders, due_minor),
        member=basket.member,
        price_version=basket.price_version,
        source_ref=basket.source_ref,
    )


def _change(tenders: Sequence[Tender], due_minor: int) -> int:
    if len(tenders) > MAX_TENDERS:
        raise InvalidMoney("number of tenders", len(tenders), f"at most {MAX_TENDERS}")
    paid = exact = 0
    for tender in tenders:
        amount = tender.amount_minor
        if not 1 <= amount <= MAX_SALE_MINOR:
            raise InvalidMoney(f"{tender.kind} tender", amount, f"1 to {MAX_SALE_MINOR} minor units")
        if fault := text_fault(tender.reference, MAX_REFERENCE):
            raise InvalidMoney(f"reference of the {tender.kind} tender", tender.reference, fault)
        paid += amount
        exact += amount if tender.kind != "cash" else 0
    if exact > max(due_minor, 0):
        raise TenderTooLarge("qr", exact, max(due_minor, 0))
    if paid < due_minor:
        raise TenderTooSmall(paid, due_minor)
    return paid - due_minor


def _next(state: BasketState, event: BasketEvent) -> BasketState:
    after = STEPS.get((state, event))
    if after is None:
        raise WrongStep(state, event, tuple(known for at, known in STEPS if at == state))
    return after
