"""Makes the demo's extract of the year: ``python -m firmware_sim.demo.extract`` (needs the package and pyarrow; run by hand).

Three stores that also sell fuel, twenty short baskets each out of weeks 1-10: first those that show something odd (fuel, a quantity of
0, coupons, coupon match, a product nobody lists), then those of whose product types about a third is new: a varied trolley, and
still few enough names to translate.
"""

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from firmware_sim.demo.goods import DATA, STORES
from firmware_sim.replay import dataset
from firmware_sim.replay.basket import SourceBasket

WEEKS = (1, 10)
BASKETS_PER_STORE = 20
LINES = range(3, 9)
FRESH = 0.3
SALES_COLUMNS = ("store", "household", "basket", "at", "product", "quantity", *dataset.AMOUNTS)

Products = dict[int, dict[str, Any]]
Sign = Callable[[SourceBasket, Products], bool]


def _sells(department: str) -> Sign:
    return lambda basket, products: any(
        products.get(line.product, {}).get("department") == department for line in basket.lines
    )


SIGNS: tuple[tuple[Sign, int], ...] = (
    (_sells("FUEL"), 2),
    (lambda basket, products: any(line.product not in products for line in basket.lines), 1),
    (lambda basket, products: any(line.coupon_match_minor for line in basket.lines), 1),
    (lambda basket, products: any(line.coupon_minor for line in basket.lines), 2),
    (lambda basket, products: any(line.quantity == 0 for line in basket.lines), 1),
)


def _type(number: int, products: Products) -> str:
    about = products.get(number)
    return about["product_type"] or about["department"] if about else "unlisted"


def _size(number: int, products: Products) -> str:
    size = " ".join((products.get(number, {}).get("package_size") or "").split())
    return "" if re.match(r"\d{5}", size) else size  # some carry an article number where the size should be


def _types(basket: SourceBasket, products: Products) -> set[str]:
    return {_type(line.product, products) for line in basket.lines}


def choose(baskets: Iterable[SourceBasket], products: Products) -> list[SourceBasket]:
    """Return ``BASKETS_PER_STORE`` baskets of each store: every sign as often as asked, the rest varied."""
    offered = [basket for basket in baskets if len(basket.lines) in LINES]
    chosen: list[SourceBasket] = []
    for store in STORES:
        chosen += _of_store([basket for basket in offered if basket.store == store], products, chosen)
    return sorted(chosen, key=lambda basket: (basket.at, basket.source_ref))


def _of_store(offered: list[SourceBasket], products: Products, before: list[SourceBasket]) -> list[SourceBasket]:
    chosen: list[SourceBasket] = []
    for shows, count in SIGNS:
        fitting = [basket for basket in offered if shows(basket, products) and basket not in chosen]
        chosen += fitting[:count]
    named = {name for basket in [*before, *chosen] for name in _types(basket, products)}
    while len(chosen) < BASKETS_PER_STORE:
        rest = [basket for basket in offered if basket not in chosen]
        best = min(rest, key=lambda basket: abs(len(_types(basket, products) - named) / len(basket.lines) - FRESH))
        chosen.append(best)
        named |= _types(best, products)
    return chosen


def write(baskets: list[SourceBasket], products: Products, folder: Path = DATA) -> None:
    """Write ``sales.csv`` (one row per line, cents) and ``products.csv`` (number, department, type, size) into ``folder``."""
    with (folder / "sales.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(SALES_COLUMNS)
        for basket in baskets:
            for line in basket.lines:
                amounts = (line.sales_minor, line.retail_minor, line.coupon_minor, line.coupon_match_minor)
                head = (basket.store, basket.household, basket.source_ref, basket.at)
                rows.writerow((*head, line.product, line.quantity, *amounts))
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("product", "department", "type", "size"))
        for number in sorted({line.product for basket in baskets for line in basket.lines}):
            department = products.get(number, {}).get("department") or ""
            rows.writerow((number, department, _type(number, products), _size(number, products)))


def main() -> None:
    """Read the year, choose, write."""
    source = dataset.read(*WEEKS)
    table = pq.read_table(dataset.locate() / "products.parquet")
    products = {row["product_id"]: row for row in table.to_pylist()}
    write(choose(source.baskets(), products), products)


if __name__ == "__main__":
    main()
