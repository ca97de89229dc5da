"""What pages and reports read."""

from collections.abc import Iterator
from typing import Any, Protocol

from coordinator.rows import EdgeRow, TokenRow

Record = dict[str, Any]


class Views(Protocol):
    """What pages and reports read; keys are the column names of the answer."""

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        ...

    def edge(self, name: str) -> EdgeRow | None:
        """Return an edge as registered."""
        ...

    def stores(self, after: str, limit: int) -> list[Record]:
        """Return stores by id."""
        ...

    def edges(self, after: str, limit: int) -> list[Record]:
        """Return edges by id with how far they are."""
        ...

    def stock(self, store: str, sku: str, after: tuple[str, str], limit: int) -> list[Record]:
        """Return levels by store and SKU, with the age of each copy."""
        ...

    def sales(self, filters: dict[str, str], after: int, limit: int) -> list[Record]:
        """Return sales by number."""
        ...

    def sale(self, sale_id: str) -> Record | None:
        """Return one sale with its lines, discounts and tenders."""
        ...

    def quarantine(self, after: str, limit: int, *, open_only: bool) -> list[Record]:
        """Return events that could not be applied, oldest first."""
        ...

    def incidents(self, after: int, limit: int, *, open_only: bool) -> list[Record]:
        """Return incidents by number."""
        ...

    def devices(self, edge: str) -> list[Record]:
        """Return the devices of an edge."""
        ...

    def status(self, edge: str) -> Record | None:
        """Return what an edge last said on ``status``, None when it never did."""
        ...

    def audit(self, after: int, limit: int) -> list[Record]:
        """Return who did what, by number."""
        ...

    def balances(self) -> list[Record]:
        """Return the sum of every account per currency."""
        ...

    def source_refs(self) -> Iterator[Record]:
        """Yield every sale that came from another system."""
        ...

    def totals(self) -> Record:
        """Return what all sales come to."""
        ...

    def store_day_product(self, first: str, last: str) -> Iterator[Record]:
        """Yield per store, date and SKU what was sold."""
        ...

    def summary(self, since: str) -> Record:
        """Return the figures of the whole chain; ``since``: an edge heard of later counts as connected."""
        ...

    def pulse(self, minutes: int) -> list[Record]:
        """Return sales and events of the last minutes in which any came."""
        ...

    def states(self, since: str) -> list[Record]:
        """Return how many edges are held, behind, silent or up to date, and their lag."""
        ...
