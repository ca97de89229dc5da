"""What the demo sells: the extract in ``data/`` as baskets, articles with names in two languages, and barcode photographs."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from firmware_sim.replay.basket import SourceBasket, SourceLine, gtin13, measure_of

DATA = Path(__file__).parent / "data"
STORES = (343, 361, 406)
"""The stores of the source that the extract was taken from; all three also sell fuel."""
SIZE_UNITS = {"OZ": "oz", "LB": "lb", "CT": "ct", "PK": "pk", "GA": "gal", "QT": "qt", "PT": "pt", "DZ": "doz"}


@dataclass(frozen=True)
class Article:
    """One article of the demo's catalogue; ``price_minor`` is per unit, in cents."""

    sku: str
    code: str
    name_en: str
    name_zh: str
    department: str
    price_minor: int

    def catalogue_row(self) -> dict[str, Any]:
        """Return the article as headquarters' catalogue import takes it."""
        return {
            "sku": self.sku,
            "name_en": self.name_en,
            "name_zh": self.name_zh,
            "barcodes": [self.code],
            "department": self.department,
            **measure_of(self.department),
        }


@dataclass(frozen=True)
class Photo:
    """A photograph of a real barcode and the article it stands for."""

    picture: Path
    article: Article


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def baskets() -> list[SourceBasket]:
    """Return the extract's baskets in the order of time."""
    return [_basket(ref, list(rows)) for ref, rows in groupby(_rows("sales.csv"), key=lambda row: row["basket"])]


def _basket(ref: str, rows: list[dict[str, str]]) -> SourceBasket:
    amounts = ("product", "quantity", "sales_minor", "retail_minor", "coupon_minor", "coupon_match_minor")
    lines = tuple(SourceLine(*(int(row[name]) for name in amounts)) for row in rows)
    first = rows[0]
    return SourceBasket(ref, int(first["store"]), int(first["household"]), first["at"], lines)


def articles(sold: list[SourceBasket]) -> list[Article]:
    """Return the articles that the baskets need; a price is what one unit cost on average before discounts."""
    prices = _prices(sold)
    names = {row["type"]: row for row in _rows("names.csv")}
    return [
        _article(row, names[row["type"]], prices[int(row["product"])])
        for row in _rows("products.csv")
        if int(row["product"]) in prices
    ]


def _article(row: dict[str, str], named: dict[str, str], price_minor: int) -> Article:
    number = int(row["product"])
    size = " ".join(SIZE_UNITS.get(word, word) for word in row["size"].split())
    size = size if any(sign.isdigit() for sign in size) else ""  # a unit without a number tells nobody anything
    if row["type"] == "unlisted":
        size = str(number)
    en, zh = (f"{named[name]} {size}".strip() for name in ("name_en", "name_zh"))
    return Article(str(number), gtin13(number), en, zh, row["department"], price_minor)


def _prices(sold: list[SourceBasket]) -> dict[int, int]:
    gross: dict[int, int] = defaultdict(int)
    quantity: dict[int, int] = defaultdict(int)
    for line in (line for basket in sold for line in basket.lines):
        gross[line.product] += line.gross_minor
        quantity[line.product] += line.quantity
    return {product: gross[product] // max(1, quantity[product]) for product in gross}


def photos() -> list[Photo]:
    """Return the photographs, each with what it should read as and sell."""
    return [
        Photo(
            DATA / "photos" / row["file"],
            Article(row["sku"], row["code"], row["name_en"], row["name_zh"], "PHOTO", int(row["price_minor"])),
        )
        for row in _rows("photos/photos.csv")
    ]
