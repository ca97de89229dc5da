"""Fills headquarters with the chain of the source: stores, catalogue, prices, what each store lists, members; then admits the edges."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from firmware_sim.chain.api import Api
from firmware_sim.replay.basket import CURRENCY, TIMEZONE, edge_of, member_of
from firmware_sim.replay.dataset import Product, Source, catalogue_row

ROWS_PER_IMPORT = 100_000

Row = Mapping[str, Any]


class ImportRefused(Exception):
    """Headquarters did not take every row of ours; its reasons are in the message."""


def store_row(store: int) -> dict[str, str]:
    """Return a store of the source as headquarters registers it: it lists only what it sells."""
    return {
        "store": str(store),
        "name_en": f"Store {store}",
        "name_zh": f"{store} 号店",
        "timezone": TIMEZONE,
        "currency": CURRENCY,
        "assortment": "listed",
    }


def price_rows(products: Iterable[Product]) -> Iterator[dict[str, Any]]:
    """Yield a chain-wide price for every product whose unit costs a cent or more (a thousandth of a gallon does not)."""
    for product in products:
        if product.price_minor > 0:
            yield {"store": "*", "sku": str(product.product), "unit_price_minor": product.price_minor}


def assortment_rows(source: Source) -> Iterator[dict[str, str]]:
    """Yield one row per store and product that it sells."""
    for store, products in source.assortment():
        for product in products:
            yield {"store": str(store), "sku": str(product)}


def load(api: Api, source: Source, loaded: Callable[[int], None]) -> None:
    """Send everything; ``loaded`` hears how many rows an import took.

    Raises:
        ImportRefused: a row was not taken; the source's data is known to be good.
    """
    products = list(source.products())
    api.post("/v1/stores", [store_row(store) for store in source.stores()])
    _import(api, "catalogue", map(catalogue_row, products), loaded)
    _import(api, "prices", price_rows(products), loaded)
    _import(api, "assortments", assortment_rows(source), loaded)
    _import(api, "members", ({"member_no": member_of(number)} for number in source.households()), loaded)


def _import(api: Api, what: str, rows: Iterable[Row], loaded: Callable[[int], None]) -> None:
    remaining = iter(rows)
    while part := list(islice(remaining, ROWS_PER_IMPORT)):
        answer = api.import_rows(f"/v1/{what}/imports", part)
        if answer.get("errors"):
            raise ImportRefused(
                f"{what}: headquarters refused {len(answer['errors'])} rows, first {answer['errors'][0]}"
            )
        loaded(len(part))


def admit(api: Api, stores: Iterable[int], file: Path) -> None:
    """Register one edge per store and write its one-time code to ``file`` (JSON lines), as the host's ``--enrol`` reads them."""
    with file.open("w", encoding="utf-8") as lines:
        file.chmod(0o600)  # a code is a secret until it is used
        for store in stores:
            edge = edge_of(store)
            api.post("/v1/edges", {"edge": edge, "store": str(store)})
            code = api.post(f"/v1/edges/{edge}/enrolments")["code"]
            lines.write(json.dumps({"edge": edge, "code": code}) + "\n")
