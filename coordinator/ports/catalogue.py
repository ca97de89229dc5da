"""What is sold, where, and for how much."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from domain.catalogue import Item


class Catalogue(Protocol):
    """Items, barcodes, prices, assortments, members."""

    def unknown_skus(self, skus: set[str]) -> set[str]:
        """Return which of ``skus`` are in no catalogue."""
        ...

    def items(self, skus: Sequence[str]) -> dict[str, str]:
        """Return the rows of these SKUs as they travel."""
        ...

    def put_items(self, items: Sequence[Item]) -> None:
        """Add or replace items with their barcodes."""
        ...

    def barcode_owners(self, codes: Sequence[str]) -> dict[str, str]:
        """Return the SKU of each code that is taken."""
        ...

    def put_prices(self, prices: Sequence[tuple[str, str, int]]) -> None:
        """Add or replace prices: (store or ``*``, SKU, minor units)."""
        ...

    def put_assortment(self, listed: Sequence[tuple[str, str]]) -> None:
        """List SKUs in stores: (store, SKU)."""
        ...

    def put_members(self, numbers: Sequence[str], at: str) -> int:
        """Add member numbers, return how many were new."""
        ...

    def carrying(self, skus: Sequence[str]) -> dict[str, set[str]]:
        """Return for each store which of ``skus`` it sells."""
        ...

    def rows_for(self, store: str) -> Iterator[str]:
        """Yield the catalogue rows that a store sells, as they travel, by SKU."""
        ...

    def prices_of(self, store: str, skus: Sequence[str]) -> dict[str, int]:
        """Return the prices in force in a store of those ``skus`` that have one."""
        ...

    def prices_for(self, store: str) -> Iterator[tuple[str, int]]:
        """Yield SKU and price in force in a store, by SKU."""
        ...
