"""The oracle: what really happened in the shops, written down outside of everything that is tested."""

from collections import Counter
from dataclasses import dataclass, field

from domain.sale import Sale
from protocol.facts import Fact, SaleCompleted, SaleVoided, StockMoved


@dataclass
class ShopTruth:
    """What one edge's commits came to: they return from the disk, or the disk lies."""

    sales: dict[str, Sale] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    stock: Counter[str] = field(default_factory=Counter)
    facts: int = 0
    poison: int = 0
    poison_minor: int = 0
    newer: int = 0
    commits_taken_back: int = 0

    def committed(self, facts: list[Fact]) -> None:
        """Write down what one commit stated."""
        for fact in facts:
            self.facts += 1
            match fact:
                case SaleCompleted(sale):
                    self.sales[sale.sale_id] = sale
                    self._move(sale, -1)
                case SaleVoided(sale_id):
                    self.voided.add(sale_id)
                    self._move(self.sales[sale_id], 1)
                case StockMoved():
                    for change in fact.changes:
                        self.stock[change.sku] += change.delta_milli
                case _:
                    pass

    def revenue_minor(self) -> int:
        """Return what all sales that stand come to."""
        return sum(signed_minor(sale) for sale in self.sales.values() if sale.sale_id not in self.voided)

    def levels(self) -> dict[str, int]:
        """Return the stock that must be on the shelf, without zeros."""
        return {sku: milli for sku, milli in self.stock.items() if milli}

    def _move(self, sale: Sale, sign: int) -> None:
        for line in sale.lines:
            self.stock[line.sku] += sign * line.stock_milli * (-1 if sale.kind == "return" else 1)


def signed_minor(sale: Sale) -> int:
    """Return what a sale adds to revenue."""
    return -sale.total_minor if sale.kind == "return" else sale.total_minor
