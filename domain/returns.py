"""Returns: goods come back, and with them exactly what was paid for them.

Every part of a return is taken from what is left of the original line (sold less already returned) by largest remainder: the stored
discount shares are used again, nothing is priced anew, and the returns of a whole line add up to the line to the last minor unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from domain.basket import amounts
from domain.errors import InvalidIdentity, ReturnTooLarge, UnknownLine
from domain.ids import EdgeId, LaneId, SaleId, StoreId
from domain.money import split_minor
from domain.sale import Discount, Line, Sale, Tender, TenderKind


def return_of(
    original: Sale,
    wanted: Mapping[int, int],
    *,
    sale_id: SaleId,
    edge: EdgeId,
    store: StoreId,
    lane: LaneId,
    epoch: int,
    receipt_no: int,
    business_date: str,
    completed_at: datetime,
    returned: Sequence[Sale] = (),
    refund: TenderKind = "cash",
    reference: str = "",
) -> Sale:
    """Return the return (``kind="return"``) of some lines of ``original``, paid back by one tender of the kind ``refund``.

    ``wanted`` maps line numbers of the original to thousandths of the line's unit (0 for a line that was sold with quantity 0: the whole
    line). ``returned`` are all earlier returns of the same sale, less those that were voided. The lines keep the numbers they have in
    the original and carry their amounts as given. When a manufacturer's coupon exceeded the goods, due is negative and the change is what
    the shopper gives back.

    Raises:
        InvalidIdentity: ``original`` is a return itself, or one of ``returned`` is no return of it.
        UnknownLine: the original has no such line, or nothing is wanted at all.
        ReturnTooLarge: more than is left of a line.
    """
    lines = returned_lines(original, wanted, returned)
    total_minor, due_minor = amounts(lines)
    return Sale(
        sale_id=sale_id,
        edge=edge,
        store=store,
        lane=lane,
        epoch=epoch,
        receipt_no=receipt_no,
        business_date=business_date,
        completed_at=completed_at.astimezone(UTC).isoformat(),
        currency=original.currency,
        lines=lines,
        tenders=(Tender(refund, due_minor, reference),) if due_minor > 0 else (),
        total_minor=total_minor,
        due_minor=due_minor,
        change_minor=max(-due_minor, 0),
        kind="return",
        member=original.member,
        price_version=original.price_version,
        original_sale_id=original.sale_id,
    )


def returned_lines(original: Sale, wanted: Mapping[int, int], returned: Sequence[Sale] = ()) -> tuple[Line, ...]:
    """Return the lines of such a return, for a screen that shows the amounts before anything is paid back; raises as ``return_of``."""
    left = lines_left(original, returned)
    if not wanted:
        raise UnknownLine(0, len(original.lines))
    return tuple(_part(_line_of(original, left, no, milli), milli) for no, milli in sorted(wanted.items()))


def lines_left(original: Sale, returned: Iterable[Sale] = ()) -> dict[int, Line]:
    """Return what is left to return of each line, by line number; a line that came back whole is missing.

    Raises:
        InvalidIdentity, ReturnTooLarge: the earlier returns are not of this sale, or contradict it.
    """
    if original.kind != "sale":
        raise InvalidIdentity("original of a return", original.sale_id, "a sale, not a return")
    left = {line.no: line for line in original.lines}
    for earlier in returned:
        if earlier.original_sale_id != original.sale_id:
            raise InvalidIdentity("earlier return", earlier.sale_id, f"a return of sale {original.sale_id}")
        for line in earlier.lines:
            if line.no not in left:
                raise ReturnTooLarge(line.no, line.quantity_milli, 0)
            rest = _less(left.pop(line.no), line)
            if rest is not None:
                left[line.no] = rest
    return left


def _line_of(original: Sale, left: Mapping[int, Line], no: int, milli: int) -> Line:
    """Return what is left of line ``no`` when ``milli`` thousandths of it may come back."""
    if no not in left:
        if 1 <= no <= len(original.lines):
            raise ReturnTooLarge(no, milli, 0)
        raise UnknownLine(no, len(original.lines))
    line = left[no]
    if milli > line.quantity_milli or milli < min(line.quantity_milli, 1):
        raise ReturnTooLarge(no, milli, line.quantity_milli)
    return line


def _part(line: Line, milli: int) -> Line:
    """Return ``milli`` of the thousandths of ``line`` with their shares of its amounts.

    Gross is shared by quantity. What the retailer gave off is shared by splitting that gross over net and discounts as the line itself is
    split, so that net and every discount stay between 0 and what is left of them: shares rounded one by one could make a net of -1.
    """
    if milli == line.quantity_milli:
        return line if line.price_source == "given" else replace(line, price_source="given")
    rest = line.quantity_milli - milli
    gross = split_minor(line.gross_minor, (milli, rest))[0]
    own = [discount.amount_minor if discount.funding == "retailer" else 0 for discount in line.discounts]
    net, *shares = split_minor(gross, (line.net_minor, *own))
    return replace(
        line,
        quantity_milli=milli,
        gross_minor=gross,
        net_minor=net,
        stock_milli=split_minor(line.stock_milli, (milli, rest))[0],
        price_source="given",
        discounts=tuple(
            replace(discount, amount_minor=_share(discount, share, milli, rest))
            for discount, share in zip(line.discounts, shares, strict=True)
        ),
    )


def _share(discount: Discount, own_share: int, milli: int, rest: int) -> int:
    """Return the share of one discount; a manufacturer's lies outside gross, so it is shared by quantity alone."""
    return own_share if discount.funding == "retailer" else split_minor(discount.amount_minor, (milli, rest))[0]


def _less(line: Line, part: Line) -> Line | None:
    """Return ``line`` without ``part``; ``None`` when nothing is left."""
    quantity = line.quantity_milli - part.quantity_milli
    if quantity < 0:
        raise ReturnTooLarge(line.no, part.quantity_milli, line.quantity_milli)
    if quantity == 0:
        return None
    return replace(
        line,
        quantity_milli=quantity,
        gross_minor=line.gross_minor - part.gross_minor,
        net_minor=line.net_minor - part.net_minor,
        stock_milli=line.stock_milli - part.stock_milli,
        price_source="given",
        discounts=tuple(
            replace(discount, amount_minor=discount.amount_minor - gone.amount_minor)
            for discount, gone in zip(line.discounts, part.discounts, strict=True)
        ),
    )
