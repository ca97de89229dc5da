"""Stock: signed movements of goods and the levels they fold into.

The physical truth is the list of movements; a level is only their sum, so the order and the grouping of movements do not matter
and a level below zero (oversold) is a fact like any other.
"""

from collections.abc import Iterable, Mapping

import msgspec

from domain.ids import SkuId
from domain.sale import Sale


class StockDelta(msgspec.Struct, frozen=True, gc=False):
    """``delta_milli``: signed, thousandths of the SKU's base unit."""

    sku: SkuId
    delta_milli: int


class Level(msgspec.Struct, frozen=True, gc=False):
    """What is on hand of one SKU, in thousandths of its base unit."""

    sku: SkuId
    on_hand_milli: int = 0

    @property
    def oversold(self) -> bool:
        """More was sold than was known to be there."""
        return self.on_hand_milli < 0


def movements_of(sale: Sale) -> list[StockDelta]:
    """Return what a sale takes from the shelf (negative) or a return puts back (positive).

    One movement per SKU, in the order of first appearance; a SKU whose lines move nothing has none.
    """
    sums: dict[SkuId, int] = {}
    for line in sale.lines:
        sums[line.sku] = sums.get(line.sku, 0) + line.stock_milli
    sign = 1 if sale.kind == "return" else -1
    return [StockDelta(sku, sign * milli) for sku, milli in sums.items() if milli]


def reversal_of(sale: Sale) -> list[StockDelta]:
    """Return the movements that undo ``movements_of(sale)`` when the whole sale is voided."""
    return [StockDelta(delta.sku, -delta.delta_milli) for delta in movements_of(sale)]


def fold(deltas: Iterable[StockDelta], levels: Mapping[SkuId, Level] | None = None) -> dict[SkuId, Level]:
    """Return ``levels`` (none: everything is zero) after ``deltas``, as a new mapping."""
    sums: dict[SkuId, int] = {}
    for delta in deltas:
        sums[delta.sku] = sums.get(delta.sku, 0) + delta.delta_milli
    after = dict(levels or {})
    for sku, milli in sums.items():
        before = after.get(sku)
        after[sku] = Level(sku, milli + (before.on_hand_milli if before else 0))
    return after
