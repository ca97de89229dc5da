"""From a scan to a priced line: what was read, which item it is, what it costs."""

from collections.abc import Iterable
from datetime import date

from domain.basket import Basket
from domain.catalogue import Barcode, Price
from domain.errors import InvalidMoney
from domain.gs1 import ElementString
from domain.labels import WeighedLabel
from domain.money import exponent
from domain.pricing import price_line, price_weighed
from domain.quantity import MILLI
from domain.sale import Line
from domain.scan import ItemCode, PaymentCode, Refused, ScanState, Unknown, classify, masked
from edge_agent.errors import UnknownBarcode
from edge_agent.handlers.commands import RingUp
from edge_agent.ports import Found, UnitOfWork


def line_of(cmd: RingUp, basket: Basket, uow: UnitOfWork, today: date) -> Line:
    """Return the priced line that ``cmd`` asks for, numbered as the basket's next; ``today`` is the store's date.

    Raises:
        UnknownBarcode: nothing in this store has the code, or it must not be taken now.
        PriceMissing, InvalidQuantity, InvalidMoney: as ``domain.pricing`` says; an amount on a label above the store's limit, too.
    """
    no = len(basket.lines) + 1
    if cmd.sku:
        found = uow.catalogue.by_sku(cmd.sku)
        if found is None:
            raise UnknownBarcode(cmd.sku)
        return _priced(found, cmd, no, cmd.quantity_milli, uow)
    state: ScanState = "tendering" if basket.state == "tendering" else "shopping"
    scan = classify(cmd.code, cmd.aim, state, uow.place.layouts)
    match scan:
        case ItemCode():
            return _priced(_found(scan.keys, cmd.code, uow), cmd, no, cmd.quantity_milli, uow)
        case WeighedLabel() | ElementString() if cmd.weight_g is not None:
            raise UnknownBarcode(_shown(cmd.code), "it carries its own figures")
        case WeighedLabel():
            found = _found((f"{scan.prefix}{scan.plu}", scan.plu), cmd.code, uow)
            return _labelled(found, cmd, no, scan.weight_g, scan.amount_minor, scan.count, uow)
        case ElementString() if scan.is_expired(today):
            raise UnknownBarcode(_shown(cmd.code), "expired")
        case ElementString():
            found = _found((scan.gtin14,) if scan.gtin14 else (), cmd.code, uow)
            amount = scan.amount_minor(exponent(basket.currency))
            return _labelled(found, cmd, no, scan.weight_g, amount, scan.count, uow)
        case PaymentCode():
            raise UnknownBarcode(scan.masked, "it is a payment code, not an item")
        case Unknown(reason) | Refused(reason):
            raise UnknownBarcode(_shown(masked(cmd.code)), reason.replace("_", " "))


def is_article(code: str, uow: UnitOfWork) -> bool:
    """Return whether a text that somebody read names an article of this store; asking sells nothing."""
    match classify(code, None, "shopping", uow.place.layouts):
        case ItemCode() as item:
            keys: tuple[str, ...] = item.keys
        case WeighedLabel(prefix=prefix, plu=plu):
            keys = (f"{prefix}{plu}", plu)
        case ElementString(gtin14=str() as gtin14):
            keys = (gtin14,)
        case _:
            return False
    return any(uow.catalogue.by_code(key) is not None for key in keys)


def _found(keys: Iterable[str], code: str, uow: UnitOfWork) -> Found:
    for key in keys:
        if found := uow.catalogue.by_code(key):
            return found
    raise UnknownBarcode(_shown(masked(code)))


def _priced(found: Found, cmd: RingUp, no: int, quantity_milli: int, uow: UnitOfWork) -> Line:
    if cmd.weight_g is not None:
        return _labelled(found, cmd, no, cmd.weight_g, cmd.gross_minor, None, uow)
    item, factor_milli, unit_price = found
    return price_line(
        item,
        None if unit_price is None else Price(item.sku, unit_price),
        quantity_milli,
        barcode=Barcode(_shown(cmd.code), factor_milli),
        gross_minor=cmd.gross_minor,
        discounts=cmd.discounts,
        lang=uow.place.lang,
        no=no,
    )


def _labelled(
    found: Found, cmd: RingUp, no: int, weight_g: int | None, amount: int | None, count: int | None, uow: UnitOfWork
) -> Line:
    """Return the line of a code that carries a weight, an amount or a count of its own."""
    if weight_g is None and amount is None:
        return _priced(found, cmd, no, cmd.quantity_milli if count is None else count * MILLI, uow)
    item, _, unit_price = found
    if amount is not None and cmd.weight_g is None and amount > uow.place.max_label_minor:
        # Whoever prints labels at home prints any amount: 999.99 for a bunch of scallions is a mistake, or worse.
        raise InvalidMoney(
            f"amount on the label of SKU {item.sku}", amount, f"at most {uow.place.max_label_minor} minor units"
        )
    return price_weighed(
        item,
        None if unit_price is None else Price(item.sku, unit_price),
        weight_g=weight_g,
        amount_minor=amount,
        code=_shown(cmd.code),
        discounts=cmd.discounts,
        lang=uow.place.lang,
        no=no,
    )


def _shown(code: str) -> str:
    """Return the code as it may stand on a line, a screen or in a log: no control characters, no more than fits."""
    return "".join(character for character in code if character.isprintable())[:64]
