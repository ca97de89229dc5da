"""The replica of headquarters' feeds: read on every scan, changed by deltas, replaced by snapshots."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from domain.catalogue import Item, Price, barcode_key, check_item, check_price
from edge_agent.ports import Found

FEEDS = ("catalogue", "prices", "store")
SLICE_ROWS = 500
"""Rows of a snapshot per transaction: a few milliseconds, so that a sale never waits longer."""

_BY_CODE = (
    "SELECT i.body, b.factor_milli, p.unit_price_minor FROM barcode b JOIN item i ON i.sku = b.sku "
    "LEFT JOIN price p ON p.sku = b.sku WHERE b.code = ?"
)
_BY_SKU = "SELECT i.body, 1000, p.unit_price_minor FROM item i LEFT JOIN price p ON p.sku = i.sku WHERE i.sku = ?"
_TABLES = ("item", "barcode", "price")
_REMEMBERED = 256

_item = msgspec.json.Decoder(Item).decode
_encode = msgspec.json.Encoder().encode


class SqliteCatalogue:
    """Reads what a scan needs in one statement; a shop sells the same few items all day, so what was found is remembered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._found: dict[tuple[str, str], Found | None] = {}
        self._price_version: int | None = None

    def by_code(self, code: str) -> Found | None:
        """Return the item behind a scanned code."""
        return self._remembered(_BY_CODE, code)

    def by_sku(self, sku: str) -> Found | None:
        """Return the item itself."""
        return self._remembered(_BY_SKU, sku)

    def price_version(self) -> int:
        """Return the version of the price feed in use."""
        if self._price_version is None:
            self._price_version = self.versions().get("prices", 0)
        return self._price_version

    def versions(self) -> dict[str, int]:
        """Return the version of every feed."""
        return dict(self._db.execute("SELECT name, version FROM feed"))

    def forget(self) -> None:
        """Forget what was remembered: the replica changed, or a change of it was undone."""
        self._found.clear()
        self._price_version = None

    def _remembered(self, sql: str, key: str) -> Found | None:
        if (sql, key) not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            row = self._db.execute(sql, (key,)).fetchone()
            self._found[sql, key] = None if row is None else Found(_item(row[0]), row[1], row[2])
        return self._found[sql, key]


class Replica:
    """Changes the replica, always inside the caller's transaction together with the cursor."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, feed: str, rows: Sequence[Any], *, staged: bool = False) -> bool:
        """Insert or replace rows of a feed; False when this release does not know the feed (newer headquarters).

        Args:
            feed: ``catalogue``, ``prices`` or ``store``.
            rows: plain JSON objects of ``domain.catalogue.Item``, ``Price`` or store attributes.
            staged: into the tables of a snapshot that is being fetched.

        Raises:
            msgspec.ValidationError, DomainError: a row that nobody could sell from.
        """
        suffix = "_staged" if staged else ""
        if feed == "catalogue":
            self._put_items(msgspec.convert(rows, list[Item]), suffix)
        elif feed == "prices":
            self._put_prices(msgspec.convert(rows, list[Price]), suffix)
        elif feed == "store":
            self._put_attributes(rows)
        return feed in FEEDS

    def drop(self, feed: str, keys: Iterable[str]) -> None:
        """Delete rows of a feed by their key (SKU)."""
        gone = [(key,) for key in keys]
        if feed == "catalogue":
            self._db.executemany("DELETE FROM barcode WHERE sku = ?", gone)
            self._db.executemany("DELETE FROM item WHERE sku = ?", gone)
        elif feed == "prices":
            self._db.executemany("DELETE FROM price WHERE sku = ?", gone)
        elif feed == "store":
            self._db.executemany("DELETE FROM store_attribute WHERE key = ?", gone)

    def set_version(self, feed: str, version: int) -> None:
        """Remember which version of a feed is in use."""
        self._db.execute(
            "INSERT INTO feed (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (feed, version),
        )

    def clear_staged(self) -> None:
        """Empty the tables of a snapshot: a dropped one, or the replica that a swap put there."""
        for table in _TABLES:
            self._db.execute(f"DELETE FROM {table}_staged")  # noqa: S608 - our own names

    def swap(self, feeds: Mapping[str, int]) -> None:
        """Let the staged tables be the replica, at these feed versions: names change, no row is copied."""
        for table in _TABLES:
            self._db.execute(f"ALTER TABLE {table} RENAME TO {table}_old")
            self._db.execute(f"ALTER TABLE {table}_staged RENAME TO {table}")
            self._db.execute(f"ALTER TABLE {table}_old RENAME TO {table}_staged")
        for feed, version in feeds.items():
            self.set_version(feed, version)

    def _put_items(self, items: list[Item], suffix: str) -> None:
        for item in items:
            check_item(item)
        codes = [(barcode_key(code.code), item.sku, code.factor_milli) for item in items for code in item.barcodes]
        self._db.executemany(
            f"DELETE FROM barcode{suffix} WHERE sku = ?",  # noqa: S608 - our own names
            [(item.sku,) for item in items],
        )
        self._db.executemany(
            f"INSERT OR REPLACE INTO item{suffix} (sku, body) VALUES (?, ?)",  # noqa: S608 - our own names
            [(item.sku, _encode(item)) for item in items],
        )
        self._db.executemany(
            f"INSERT OR REPLACE INTO barcode{suffix} (code, sku, factor_milli) VALUES (?, ?, ?)",  # noqa: S608 - our own names
            codes,
        )

    def _put_prices(self, prices: list[Price], suffix: str) -> None:
        for price in prices:
            check_price(price)
        self._db.executemany(
            f"INSERT OR REPLACE INTO price{suffix} (sku, unit_price_minor) VALUES (?, ?)",  # noqa: S608 - our own names
            [(price.sku, price.unit_price_minor) for price in prices],
        )

    def _put_attributes(self, rows: Sequence[Any]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO store_attribute (key, value) VALUES (?, ?)",
            [(key, _encode(value).decode()) for row in rows for key, value in row.items()],
        )
