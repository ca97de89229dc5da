"""Imports of items, prices, assortments and members: row by row, the valid rest goes through.

    report = import_items(rows, uow, clock, actor="token:office")
    report.rejected, report.errors[0].row, report.errors[0].limit

Rows come numbered from 1 (a CSV's header does not count) and are committed a slice at a time, so that the stores' sales are never kept
waiting for a long file. A small import travels to the edges as log entries, a large one makes them take a new snapshot.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from coordinator.clock import Clock
from coordinator.handlers import feeds
from coordinator.handlers.importing import Import, Numbered, NumberedRow, Rejected, Report, RowError
from coordinator.ports import UnitOfWork
from domain.catalogue import Barcode, Item, Price, SoldBy, barcode_key, check_item, check_price
from domain.errors import DomainError
from domain.ids import SkuId, sku_id, store_id
from domain.limits import MAX_ID, text_fault

EVERYWHERE = "*"

T = TypeVar("T")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class ItemLine(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a catalogue import. ``barcodes``: codes, or codes with factor; ``prices``: store → minor units (``*`` = everywhere)."""

    sku: str
    name_zh: str = ""
    name_en: str = ""
    unit: str = "each"
    barcodes: tuple[str | Barcode, ...] = ()
    department: str = ""
    sold_by: SoldBy = "each"
    variant_of: str | None = None
    attributes: dict[str, str] = {}
    unit_price_minor: int | None = None
    prices: dict[str, int] = {}


class PriceLine(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a price import."""

    sku: str
    unit_price_minor: int
    store: str = EVERYWHERE


class AssortmentLine(msgspec.Struct, forbid_unknown_fields=True):
    """A row of an assortment import."""

    store: str
    sku: str


class MemberLine(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a member import: an opaque number, nothing about the person."""

    member_no: str


class ReadItem(NamedTuple):
    """A catalogue row that makes sense by itself."""

    item: Item
    prices: list[tuple[str, str, int]]


def import_items(rows: Iterable[NumberedRow], uow: UnitOfWork, clock: Clock, *, actor: str) -> Report:
    """Add or replace items with their barcodes and, if given, prices."""
    return Import(_read_item, _keep_items, uow, clock, actor, "catalogue_imported").run(rows)


def import_prices(rows: Iterable[NumberedRow], uow: UnitOfWork, clock: Clock, *, actor: str) -> Report:
    """Add or replace prices of known items."""
    return Import(_read_price, _keep_prices, uow, clock, actor, "prices_imported").run(rows)


def import_assortments(rows: Iterable[NumberedRow], uow: UnitOfWork, clock: Clock, *, actor: str) -> Report:
    """List known items in stores whose assortment is ``listed``."""
    return Import(_read_assortment, _keep_assortment, uow, clock, actor, "assortments_imported").run(rows)


def import_members(rows: Iterable[NumberedRow], uow: UnitOfWork, clock: Clock, *, actor: str) -> Report:
    """Add member numbers."""
    return Import(_read_member, _keep_members, uow, clock, actor, "members_imported").run(rows)


def _read_item(fields: dict[str, Any]) -> ReadItem:
    line = _shaped(fields, ItemLine)
    codes = tuple(code if isinstance(code, Barcode) else Barcode(code) for code in line.barcodes)
    variant = SkuId(line.variant_of) if line.variant_of else None
    item = Item(
        SkuId(line.sku),
        line.name_zh,
        line.name_en,
        line.unit,
        codes,
        line.department,
        line.sold_by,
        variant,
        line.attributes,
    )
    prices = [(EVERYWHERE, line.sku, line.unit_price_minor)] if line.unit_price_minor is not None else []
    prices += [(store, line.sku, minor) for store, minor in line.prices.items()]
    try:
        check_item(item)
        for store, sku, minor in prices:
            _store(store)
            check_price(Price(SkuId(sku), minor))
    except DomainError as error:
        raise _rejected(error) from error
    return ReadItem(item, prices)


def _read_price(fields: dict[str, Any]) -> tuple[str, str, int]:
    line = _shaped(fields, PriceLine)
    try:
        _store(line.store)
        check_price(Price(SkuId(line.sku), line.unit_price_minor))
    except DomainError as error:
        raise _rejected(error) from error
    return line.store, line.sku, line.unit_price_minor


def _read_assortment(fields: dict[str, Any]) -> tuple[str, str]:
    line = _shaped(fields, AssortmentLine)
    try:
        return store_id(line.store), sku_id(line.sku)
    except DomainError as error:
        raise _rejected(error) from error


def _read_member(fields: dict[str, Any]) -> str:
    line = _shaped(fields, MemberLine)
    if fault := text_fault(line.member_no, MAX_ID, 1):
        raise Rejected("member_no", line.member_no, fault)
    return line.member_no


def _store(name: str) -> None:
    if name != EVERYWHERE:
        store_id(name)


def _keep_items(uow: UnitOfWork, rows: Numbered[ReadItem], at: str, small: bool) -> tuple[list[RowError], set[str]]:
    rows, refused = _without_taken_codes(uow, rows)
    unknown, rows = _split_by_store(uow, rows, lambda read: [store for store, _, _ in read.prices])
    items = {read.item.sku: read.item for _, read in rows}  # the last row of a SKU counts
    prices = {(store, sku): minor for _, read in rows for store, sku, minor in read.prices}
    uow.catalogue.put_items(list(items.values()))
    changed = [(store, sku, minor) for (store, sku), minor in prices.items()]
    uow.catalogue.put_prices(changed)
    skus = list(items)
    touched = set(uow.catalogue.carrying(skus)) if skus else set()
    if small and skus:
        feeds.publish_items(uow.catalogue.items(skus), uow, at)
        if changed:
            feeds.publish_prices(changed, uow, at)
    elif touched:
        feeds.renew_replicas(sorted(touched), uow)
    return refused + unknown, touched


def _without_taken_codes(uow: UnitOfWork, rows: Numbered[ReadItem]) -> tuple[Numbered[ReadItem], list[RowError]]:
    """Refuse rows with a barcode that another SKU has: a scan must have one meaning."""
    codes = [barcode_key(code.code) for _, read in rows for code in read.item.barcodes]
    owners: dict[str, str] = dict(uow.catalogue.barcode_owners(codes))
    good: Numbered[ReadItem] = []
    refused: list[RowError] = []
    for number, read in rows:
        sku, mine = read.item.sku, [barcode_key(code.code) for code in read.item.barcodes]
        taken = next((code for code in mine if owners.get(code, sku) != sku), None)
        doubled = next((code for code in mine if mine.count(code) > 1), None)
        if taken or doubled:
            limit = f"a code that no other SKU has (SKU {owners[taken]} has it)" if taken else "each code once"
            refused.append(RowError(number, "barcodes", taken or doubled or "", limit))
            continue
        owners.update(dict.fromkeys(mine, sku))
        good.append((number, read))
    return good, refused


def _keep_prices(
    uow: UnitOfWork, rows: Numbered[tuple[str, str, int]], at: str, small: bool
) -> tuple[list[RowError], set[str]]:
    refused, rows = _split_by_sku(uow, rows, lambda price: price[1])
    unknown, rows = _split_by_store(uow, rows, lambda price: [price[0]])
    prices = list({(store, sku): (store, sku, minor) for _, (store, sku, minor) in rows}.values())
    uow.catalogue.put_prices(prices)
    carrying = uow.catalogue.carrying(sorted({sku for _, sku, _ in prices})) if prices else {}
    named = {store for store, _, _ in prices}
    touched = set(carrying) if EVERYWHERE in named else set(carrying) & named
    if small and prices:
        feeds.publish_prices(prices, uow, at)
    elif touched:
        feeds.renew_replicas(sorted(touched), uow)
    return refused + unknown, touched


def _keep_assortment(
    uow: UnitOfWork, rows: Numbered[tuple[str, str]], at: str, small: bool
) -> tuple[list[RowError], set[str]]:
    refused, rows = _split_by_sku(uow, rows, lambda listed: listed[1])
    unknown, rows = _split_by_store(uow, rows, lambda listed: [listed[0]])
    listed = list(dict.fromkeys(row for _, row in rows))
    uow.catalogue.put_assortment(listed)
    touched = {store for store, _ in listed}
    if touched:
        feeds.renew_replicas(sorted(touched), uow)
    return refused + unknown, touched


def _keep_members(uow: UnitOfWork, rows: Numbered[str], at: str, small: bool) -> tuple[list[RowError], set[str]]:
    uow.catalogue.put_members(list(dict.fromkeys(number for _, number in rows)), at)
    return [], set()


def _split_by_sku(uow: UnitOfWork, rows: Numbered[T], sku_of: Callable[[T], str]) -> tuple[list[RowError], Numbered[T]]:
    unknown = uow.catalogue.unknown_skus({sku_of(row) for _, row in rows})
    refused = [
        RowError(number, "sku", sku_of(row), "a SKU of the catalogue: import the item first")
        for number, row in rows
        if sku_of(row) in unknown
    ]
    return refused, [(number, row) for number, row in rows if sku_of(row) not in unknown]


def _split_by_store(
    uow: UnitOfWork, rows: Numbered[T], stores_of: Callable[[T], Sequence[str]]
) -> tuple[list[RowError], Numbered[T]]:
    named = {store for _, row in rows for store in stores_of(row)} - {EVERYWHERE}
    known = {EVERYWHERE, *(uow.fleet.stores() if named else ())}
    refused: list[RowError] = []
    good: Numbered[T] = []
    for number, row in rows:
        stranger = next((store for store in stores_of(row) if store not in known), None)
        if stranger is None:
            good.append((number, row))
        else:
            refused.append(RowError(number, "store", stranger, "a registered store, or * for all"))
    return refused, good


L = TypeVar("L", bound=msgspec.Struct)


def _shaped(fields: dict[str, Any], shape: type[L]) -> L:
    try:
        return msgspec.convert(fields, shape, strict=False)
    except msgspec.ValidationError as error:
        where = _PATH.search(str(error))
        field = where.group(1) if where else ""
        value = fields.get(field.split(".")[0].split("[")[0], "") if field else ""
        raise Rejected(field or "row", value, _PATH.sub("", str(error))) from error


def _rejected(error: DomainError) -> Rejected:
    field = getattr(error, "thing", None) or getattr(error, "kind", None) or "row"
    return Rejected(str(field), getattr(error, "value", ""), str(getattr(error, "limit", error)))
