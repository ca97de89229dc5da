"""Sales as booked."""

from collections.abc import Iterable
from typing import Protocol

from coordinator.rows import Posting, SaleHead
from domain.sale import Sale


class Sales(Protocol):
    """Sales as booked."""

    def heads(self, sale_ids: Iterable[str]) -> dict[str, SaleHead]:
        """Return the sales of these ids that exist."""
        ...

    def clash(self, sale: Sale) -> str:
        """Return what makes this sale impossible to keep beside the others (id or receipt used already), or an empty text."""
        ...

    def movements_of(self, sale_no: int) -> list[tuple[str, int]]:
        """Return SKU and signed stock movement of each line of a sale."""
        ...

    def legs_of(self, sale_no: int) -> list[Posting]:
        """Return the legs that booked a sale."""
        ...

    def returned_minor(self, sale_id: str) -> int:
        """Return the sum of all returns of a sale."""
        ...
