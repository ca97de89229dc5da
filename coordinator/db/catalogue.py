"""Items, barcodes, prices, assortments, members."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, Select, and_, delete, func, select

from coordinator.db import tables
from coordinator.db.statements import put, upsert
from domain.catalogue import Item, barcode_key

_item, _price, _listed = tables.item.c, tables.price.c, tables.assortment.c
_own = tables.price.alias("own")

_row_encoder = msgspec.json.Encoder()


class SqlCatalogue:
    """``coordinator.ports.Catalogue`` in either database.

    Args:
        connection: in a transaction.
        known: SKUs seen in earlier transactions, shared by all of a process: a SKU once known stays known, so a sale's lines cost no query.
    """

    def __init__(self, connection: Connection, known: set[str]) -> None:
        self._connection, self._known = connection, known

    def unknown_skus(self, skus: set[str]) -> set[str]:
        """Return which of ``skus`` are in no catalogue."""
        asked = skus - self._known
        if not asked:
            return set()
        found: set[str] = set()
        for part in _parts(sorted(asked)):
            found.update(self._connection.execute(select(_item.sku).where(_item.sku.in_(part))).scalars())
        self._known |= found
        return asked - found

    def items(self, skus: Sequence[str]) -> dict[str, str]:
        """Return the rows of these SKUs as they travel."""
        rows: dict[str, str] = {}
        for part in _parts(skus):
            found = self._connection.execute(select(_item.sku, _item.row).where(_item.sku.in_(part)))
            rows.update((sku, row) for sku, row in found)
        return rows

    def put_items(self, items: Sequence[Item]) -> None:
        """Add or replace items with their barcodes."""
        rows = [(i.sku, i.name_zh, i.name_en, _row_encoder.encode(i).decode()) for i in items]
        upsert(
            self._connection,
            tables.item,
            ("sku", "name_zh", "name_en", "row"),
            rows,
            {"name_zh": "set", "name_en": "set", "row": "set"},
        )
        for part in _parts([item.sku for item in items]):
            self._connection.execute(delete(tables.item_barcode).where(tables.item_barcode.c.sku.in_(part)))
        codes = [(barcode_key(code.code), item.sku, code.factor_milli) for item in items for code in item.barcodes]
        put(self._connection, tables.item_barcode, ("code", "sku", "factor_milli"), codes)

    def barcode_owners(self, codes: Sequence[str]) -> dict[str, str]:
        """Return the SKU of each code (as ``barcode_key`` writes it) that is taken."""
        barcode = tables.item_barcode.c
        owners: dict[str, str] = {}
        for part in _parts(codes):
            found = self._connection.execute(select(barcode.code, barcode.sku).where(barcode.code.in_(part)))
            owners.update((code, sku) for code, sku in found)
        return owners

    def put_prices(self, prices: Sequence[tuple[str, str, int]]) -> None:
        """Add or replace prices: (store or ``*``, SKU, minor units)."""
        columns = ("store", "sku", "unit_price_minor")
        upsert(self._connection, tables.price, columns, prices, {"unit_price_minor": "set"})

    def put_assortment(self, listed: Sequence[tuple[str, str]]) -> None:
        """List SKUs in stores: (store, SKU)."""
        upsert(self._connection, tables.assortment, ("store", "sku"), listed)

    def put_members(self, numbers: Sequence[str], at: str) -> int:
        """Add member numbers, return how many were new."""
        before = self._members()
        upsert(self._connection, tables.member, ("member_no", "created_at"), [(number, at) for number in numbers])
        return self._members() - before

    def _members(self) -> int:
        return int(self._connection.execute(select(func.count()).select_from(tables.member)).scalar_one())

    def carrying(self, skus: Sequence[str]) -> dict[str, set[str]]:
        """Return for each store which of ``skus`` it sells; stores that sell none are left out."""
        store = tables.store.c
        everything = self._connection.execute(select(store.store).where(store.assortment == "all")).scalars()
        sold: dict[str, set[str]] = defaultdict(set, {name: set(skus) for name in everything})
        for part in _parts(skus):
            query = (
                select(_listed.store, _listed.sku)
                .join_from(tables.assortment, tables.store, store.store == _listed.store)
                .where(_listed.sku.in_(part), store.assortment == "listed")
            )
            for name, sku in self._connection.execute(query):
                sold[name].add(sku)
        return dict(sold)

    def rows_for(self, store: str) -> Iterator[str]:
        """Yield the catalogue rows that a store sells, as they travel, by SKU."""
        query = select(_item.row).order_by(_item.sku)
        if not self._sells_all(store):
            query = query.join(tables.assortment, _listed.sku == _item.sku).where(_listed.store == store)
        yield from self._connection.execute(query).scalars()

    def prices_of(self, store: str, skus: Sequence[str]) -> dict[str, int]:
        """Return the prices in force in a store of those ``skus`` that have one."""
        found: dict[str, int] = {}
        for part in _parts(skus):
            query = _in_force(store).where(_item.sku.in_(part))
            found.update((sku, minor) for sku, minor in self._connection.execute(query))
        return found

    def prices_for(self, store: str) -> Iterator[tuple[str, int]]:
        """Yield SKU and price in force in a store, by SKU: its own, else the chain's."""
        query = _in_force(store).order_by(_item.sku)
        if not self._sells_all(store):
            query = query.join(tables.assortment, and_(_listed.sku == _item.sku, _listed.store == store))
        yield from ((sku, minor) for sku, minor in self._connection.execute(query))

    def _sells_all(self, store: str) -> bool:
        query = select(tables.store.c.assortment).where(tables.store.c.store == store)
        return self._connection.execute(query).scalar() != "listed"


def _in_force(store: str) -> Select[str, int]:
    own = _own.c
    minor = func.coalesce(own.unit_price_minor, _price.unit_price_minor)
    return (
        select(_item.sku, minor)
        .join_from(tables.item, tables.price, and_(_price.sku == _item.sku, _price.store == "*"), isouter=True)
        .join(_own, and_(own.sku == _item.sku, own.store == store), isouter=True)
        .where(minor.is_not(None))
    )


def _parts(values: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Cut a long list: SQLite takes 32 766 parameters, and one statement per few hundred is as fast."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
