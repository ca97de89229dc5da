"""What a replay says at its end: one object, what the source fixes beside what headquarters knows."""

import msgspec


class Summary(msgspec.Struct, frozen=True):
    """The last line of ``shopwire sim replay --json``.

    Plain names come from the source, ``hq_…`` from headquarters. Quantity is in the source's own units, money in cents. ``missing`` and
    ``duplicated`` count baskets, ``mismatched`` counts store × day × product cells in which any figure differs, ``faults`` what was killed
    or cut on purpose; ``sales_per_s`` is baskets sold per second of selling.
    """

    lines: int
    baskets: int
    stores: int
    products: int
    quantity: int
    sales_minor: int
    retail_discount_minor: int
    coupon_discount_minor: int
    coupon_match_minor: int
    hq_lines: int
    hq_baskets: int
    hq_quantity: int | float
    hq_sales_minor: int
    hq_retail_discount_minor: int
    hq_coupon_discount_minor: int
    hq_coupon_match_minor: int
    missing: int
    duplicated: int
    mismatched: int
    faults: int
    seconds: float
    sales_per_s: float

    @property
    def agrees(self) -> bool:
        """Tell whether headquarters knows every basket and every cent exactly once."""
        return self.missing == self.duplicated == self.mismatched == 0 and self._sums_agree()

    def _sums_agree(self) -> bool:
        ours = (self.lines, self.baskets, self.quantity, self.sales_minor, self.retail_discount_minor)
        theirs = (self.hq_lines, self.hq_baskets, self.hq_quantity, self.hq_sales_minor, self.hq_retail_discount_minor)
        coupons = (self.coupon_discount_minor, self.coupon_match_minor)
        return ours == theirs and coupons == (self.hq_coupon_discount_minor, self.hq_coupon_match_minor)


def source_units(quantity_milli: int) -> int | float:
    """Return thousandths as the source's units; a fraction, which the source does not have, stays visible."""
    whole, rest = divmod(quantity_milli, 1000)
    return quantity_milli / 1000 if rest else whole
