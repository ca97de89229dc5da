"""Double entry for what stores did: every event's postings add up to zero.

Signs: debit positive, credit negative. Accounts: ``tender:cash``, ``tender:qr`` (money in the till or on its way), ``coupon_receivable``
(manufacturers owe the store), ``revenue``, for what could not be applied ``suspense`` against ``unverified``, and ``written_off`` for what
a person took out of suspense.
"""

from collections.abc import Sequence

from coordinator.rows import Posting
from domain.sale import Sale

LARGEST_MINOR = 1 << 53
"""Above this no sum of money of a shop is believed: it would overflow the database before it overflowed a till."""


def postings_of(sale: Sale) -> list[Posting]:
    """Return the legs of a verified sale: tenders − change + coupons receivable = revenue (turned round for a return)."""
    paid = [(tender.kind, tender.amount_minor) for tender in sale.tenders]
    return legs(sign_of(sale), paid, sale.total_minor, sale.due_minor, sale.change_minor)


def legs(
    sign: int, paid: Sequence[tuple[str, int]], total_minor: int, due_minor: int, change_minor: int
) -> list[Posting]:
    """Return the legs of a sale (``sign`` 1) or return (−1) with these figures; ``paid``: kind and amount of each tender."""
    booked = [Posting(f"tender:{kind}", sign * minor) for kind, minor in paid]
    booked += [
        Posting("tender:cash", -sign * change_minor),
        Posting("coupon_receivable", sign * (total_minor - due_minor)),
        Posting("revenue", -sign * total_minor),
    ]
    return [leg for leg in booked if leg.amount_minor]


def suspense_of(value_minor: int) -> list[Posting]:
    """Return the legs for money that a store says it took in an event that cannot be applied."""
    return [Posting("unverified", value_minor), Posting("suspense", -value_minor)] if value_minor else []


def written_off_of(value_minor: int) -> list[Posting]:
    """Return the legs that take money out of suspense for good: nobody will ever apply its event."""
    return [Posting("suspense", value_minor), Posting("written_off", -value_minor)] if value_minor else []


def sign_of(sale: Sale) -> int:
    """Return +1 for a sale, −1 for a return."""
    return -1 if sale.kind == "return" else 1
