"""Quantities: integer thousandths of a unit (grams of a kilogram, whole pieces as 1000)."""

import re

from domain.errors import InvalidQuantity
from domain.limits import MAX_QUANTITY_MILLI

MILLI = 1000
"""One unit."""

_DECIMAL = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,3}))?", re.ASCII)


def divide(numerator: int, denominator: int) -> int:
    """Return ``numerator / denominator`` rounded half away from zero; ``denominator`` is above 0.

    >>> divide(5, 2), divide(-5, 2), divide(4, 3)
    (3, -3, 1)
    """
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def extend(unit_price_minor: int, quantity_milli: int) -> int:
    """Return the price of ``quantity_milli`` thousandths in minor units, rounded half away from zero.

    The only rounding of a price in the house: till, headquarters and ``verify`` call this.

    >>> extend(1999, 1500), extend(1, 500), extend(-1, 500)
    (2999, 1, -1)
    """
    product = unit_price_minor * quantity_milli
    return (product + 500) // 1000 if product >= 0 else -((500 - product) // 1000)


def parse_quantity(text: str) -> int:
    """Return a typed quantity as thousandths.

    Raises:
        InvalidQuantity: not ``123`` or ``1.234``, or above ``MAX_QUANTITY_MILLI``.

    >>> parse_quantity("1.5"), parse_quantity("12")
    (1500, 12000)
    """
    match = _DECIMAL.fullmatch(text)
    if not match:
        raise InvalidQuantity("quantity", text, "digits, at most three of them after a point")
    milli = int(match[1]) * MILLI + int((match[2] or "").ljust(3, "0"))
    if milli > MAX_QUANTITY_MILLI:
        raise InvalidQuantity("quantity", text, f"at most {MAX_QUANTITY_MILLI // MILLI}")
    return milli


def format_quantity(milli: int) -> str:
    """Return thousandths as a person reads them, without idle zeros.

    >>> format_quantity(1500), format_quantity(2000), format_quantity(-5)
    ('1.5', '2', '-0.005')
    """
    whole, rest = divmod(abs(milli), MILLI)
    figures = f"{whole}.{rest:03}".rstrip("0").rstrip(".")
    return f"-{figures}" if milli < 0 else figures
