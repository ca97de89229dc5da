"""A basket of the source as the till of a simulated store meets it, and the numbers its things go by.

The source counts in its own units (pieces, or thousandths of a gallon for fuel) and in cents; a store of ours counts quantities in
thousandths, so one unit of the source is 1000.
"""

from typing import Any, Literal

import msgspec

EXAMPLE_PREFIX = "952"
"""GS1 prefix set aside for demonstrations and examples: no real product carries these numbers."""

MILLI = 1000
CURRENCY = "USD"
TIMEZONE = "UTC"


class SourceLine(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of the source; ``quantity`` in its own units, the amounts in cents, discounts positive."""

    product: int
    quantity: int
    sales_minor: int
    retail_minor: int = 0
    coupon_minor: int = 0
    coupon_match_minor: int = 0

    @property
    def gross_minor(self) -> int:
        """Return the amount before the retailer's discounts; a manufacturer's coupon is no part of it."""
        return self.sales_minor + self.retail_minor + self.coupon_match_minor


class SourceBasket(msgspec.Struct, frozen=True, omit_defaults=True):
    """One basket: one shopper, one store, one time (``at``: the store's own clock, ISO 8601 without zone)."""

    source_ref: str
    store: int
    household: int
    at: str
    lines: tuple[SourceLine, ...]

    @property
    def due_minor(self) -> int:
        """Return what the shopper pays: below 0 when the coupons are worth more than the goods."""
        return sum(line.sales_minor - line.coupon_minor for line in self.lines)

    @property
    def sales_minor(self) -> int:
        """Return what the store earns."""
        return sum(line.sales_minor for line in self.lines)


def gtin13(product: int) -> str:
    """Return the barcode of a product of the source.

    >>> gtin13(25671)
    '9520000256715'
    """
    body = f"{EXAMPLE_PREFIX}{product:09d}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"  # our own reckoning, so that a wrong check digit in the product shows


def measure_of(department: str) -> dict[str, str]:
    """Return how a department's goods are counted, in the words of headquarters' catalogue: fuel in thousandths of a gallon (mgal)."""
    return {"unit": "mgal", "sold_by": "measure"} if department == "FUEL" else {"unit": "each", "sold_by": "each"}


def edge_of(store: int) -> str:
    """Return the edge that sells for a store of the source."""
    return f"S{store}"


def member_of(household: int) -> str:
    """Return the member number of a household of the source."""
    return f"H{household}"


def tender_of(basket: SourceBasket) -> Literal["cash", "qr"]:
    """Return how the basket is paid: the source does not tell, so every other one; nothing to pay means cash given back."""
    return "qr" if int(basket.source_ref) % 2 and basket.due_minor > 0 else "cash"


def _discounts(line: SourceLine) -> list[dict[str, Any]]:
    named = (
        ("retail", line.retail_minor, "retailer", "Loyalty card"),
        ("coupon_match", line.coupon_match_minor, "retailer", "Coupon match"),
        ("coupon", line.coupon_minor, "manufacturer", "Manufacturer's coupon"),
    )
    return [
        {"kind": kind, "amount_minor": amount, "funding": funding, "name": name}
        for kind, amount, funding, name in named
        if amount
    ]


def till_line(line: SourceLine) -> dict[str, Any]:
    """Return the line as a till command carries it: a scanned code and the amounts the source fixes."""
    return {
        "code": gtin13(line.product),
        "quantity_milli": line.quantity * MILLI,
        "gross_minor": line.gross_minor,
        "discounts": _discounts(line),
    }


def till_command(basket: SourceBasket) -> dict[str, Any]:
    """Return the basket as one line for ``shopwire edge host --till -``."""
    return {
        "edge": edge_of(basket.store),
        "basket": {
            "source_ref": basket.source_ref,
            "at": basket.at,
            "member": member_of(basket.household),
            "tender": tender_of(basket),
            "lines": [till_line(line) for line in basket.lines],
        },
    }
