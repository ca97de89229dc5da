"""The only place in the house that computes a price: till, kiosk, phone and headquarters call it.

Without promotions yet: a line costs its list price, or the amount that was given with it.
"""

from collections.abc import Sequence

from domain.catalogue import Barcode, Item, Price
from domain.errors import InvalidMoney, InvalidQuantity, PriceMissing
from domain.limits import MAX_LINE_MINOR, MAX_QUANTITY_MILLI, MAX_UNIT_PRICE_MINOR
from domain.money import Language
from domain.quantity import MILLI, divide, extend
from domain.sale import Discount, Line, PriceSource

GRAMS_PER_UNIT: dict[str, int] = {"g": 1, "kg": 1000, "公斤": 1000, "千克": 1000, "斤": 500, "市斤": 500, "克": 1}
"""Units in which weighed goods are priced; the pound is left out on purpose: it is no whole number of grams."""

_ONE = Barcode("")


def price_line(
    item: Item,
    price: Price | None,
    quantity_milli: int = MILLI,
    *,
    barcode: Barcode = _ONE,
    code: str = "",
    gross_minor: int | None = None,
    discounts: Sequence[Discount] = (),
    lang: Language = "zh",
    no: int = 0,
) -> Line:
    """Return the line for ``quantity_milli`` thousandths of what ``barcode`` stands for.

    With ``gross_minor`` the amount is given (0 is an amount) and the price is only shown: the one in force, else amount ÷ quantity.
    ``barcode`` is what was scanned, with its conversion (a case of 12 costs 12 units and moves 12 units); without one the base unit
    is meant. ``code`` is what the line shows as scanned, else the barcode's. ``no`` is set by ``ring_up`` unless given here.

    Raises:
        PriceMissing: no price and no amount given.
        InvalidQuantity: outside 1 to ``MAX_QUANTITY_MILLI`` (with an amount given: 0 is allowed).
        InvalidMoney: the amount, or the retailer's discounts on it, leave their limits.
    """
    source: PriceSource = "catalogue" if gross_minor is None else "given"
    least = 0 if source == "given" else 1
    if not least <= quantity_milli <= MAX_QUANTITY_MILLI:
        raise InvalidQuantity(
            f"quantity of SKU {item.sku}", quantity_milli, f"{least} to {MAX_QUANTITY_MILLI} thousandths"
        )
    if gross_minor is None:
        unit_price = _listed(item, price, barcode)
        gross = extend(unit_price, quantity_milli)
    else:
        gross = gross_minor
        unit_price = _shown_price(price, barcode, gross, quantity_milli)
    return Line(
        no=no,
        sku=item.sku,
        quantity_milli=quantity_milli,
        unit_price_minor=unit_price,
        gross_minor=gross,
        net_minor=_net(item, gross, discounts),
        stock_milli=quantity_milli * barcode.factor_milli // MILLI,
        name=item.name(lang),
        code=code or barcode.code,
        unit=item.unit,
        price_source=source,
        discounts=tuple(discounts),
    )


def price_weighed(
    item: Item,
    price: Price | None,
    *,
    weight_g: int | None = None,
    amount_minor: int | None = None,
    code: str = "",
    discounts: Sequence[Discount] = (),
    lang: Language = "zh",
    no: int = 0,
) -> Line:
    """Return the line of a weighed label or a scale: a weight, an amount, or both.

    A printed amount wins over the price in force, for the shopper sees it (``price_source="label"``); without a weight the quantity is
    amount ÷ unit price, rounded to thousandths, and 0 when there is no price to divide by. A weight alone is priced from the catalogue.

    Raises:
        PriceMissing: a weight alone, and no price.
        InvalidQuantity: no weight and no amount, a weight outside its limits, or ``item.unit`` is no unit of weight.
        InvalidMoney: the amount, or the retailer's discounts on it, leave their limits.
    """
    if weight_g is None and amount_minor is None:
        raise InvalidQuantity(f"label of SKU {item.sku}", code, "a weight, an amount, or both")
    unit_price = price.unit_price_minor if price else 0
    if weight_g is not None:
        quantity = _weighed(item, weight_g)
    elif unit_price and amount_minor is not None:
        quantity = divide(amount_minor * MILLI, unit_price)
    else:
        quantity = 0
    if amount_minor is None:
        return price_line(item, price, quantity, code=code, discounts=discounts, lang=lang, no=no)
    if not 0 <= quantity <= MAX_QUANTITY_MILLI:
        raise InvalidQuantity(f"quantity of SKU {item.sku}", quantity, f"0 to {MAX_QUANTITY_MILLI} thousandths")
    return Line(
        no=no,
        sku=item.sku,
        quantity_milli=quantity,
        unit_price_minor=unit_price,
        gross_minor=amount_minor,
        net_minor=_net(item, amount_minor, discounts),
        stock_milli=quantity,
        name=item.name(lang),
        code=code,
        unit=item.unit,
        price_source="label",
        discounts=tuple(discounts),
    )


def reference_price(unit_price_minor: int, unit: str) -> tuple[int | None, str]:
    """Return the price of 500 g (of a kilogram, where 500 g is the unit), rounded half up; None for what is not sold by weight.

    >>> reference_price(1281, "kg"), reference_price(640, "斤"), reference_price(200, "each")
    ((641, '500 g'), (1280, 'kg'), (None, ''))
    """
    grams = GRAMS_PER_UNIT.get(unit)
    if grams is None:
        return None, ""
    wanted, name = (1000, "kg") if grams == 500 else (500, "500 g")
    return divide(unit_price_minor * wanted, grams), name


def _weighed(item: Item, weight_g: int) -> int:
    """Return grams as thousandths of the item's unit."""
    grams = GRAMS_PER_UNIT.get(item.unit)
    if grams is None:
        raise InvalidQuantity(f"unit of SKU {item.sku}", item.unit, f"a unit of weight ({', '.join(GRAMS_PER_UNIT)})")
    quantity = divide(weight_g * MILLI, grams)
    if not 1 <= quantity <= MAX_QUANTITY_MILLI:
        raise InvalidQuantity(
            f"weight of SKU {item.sku} in grams", weight_g, f"above 0 and at most {MAX_QUANTITY_MILLI * grams // MILLI}"
        )
    return quantity


def _listed(item: Item, price: Price | None, barcode: Barcode) -> int:
    """Return the price in force of what ``barcode`` stands for."""
    if price is None:
        raise PriceMissing(item.sku)
    unit_price = extend(price.unit_price_minor, barcode.factor_milli)
    if unit_price > MAX_UNIT_PRICE_MINOR:
        raise InvalidMoney(
            f"price of SKU {item.sku} by the pack", unit_price, f"0 to {MAX_UNIT_PRICE_MINOR} minor units"
        )
    return unit_price


def _shown_price(price: Price | None, barcode: Barcode, gross_minor: int, quantity_milli: int) -> int:
    """Return the unit price that stands beside a given amount; 0 when nothing sensible can stand there."""
    if price is not None:
        return extend(price.unit_price_minor, barcode.factor_milli)
    derived = divide(gross_minor * MILLI, quantity_milli) if quantity_milli else 0
    return derived if derived <= MAX_UNIT_PRICE_MINOR else 0


def _net(item: Item, gross_minor: int, discounts: Sequence[Discount]) -> int:
    if not 0 <= gross_minor <= MAX_LINE_MINOR:
        raise InvalidMoney(f"amount of SKU {item.sku}", gross_minor, f"0 to {MAX_LINE_MINOR} minor units")
    own = 0
    for discount in discounts:
        if not 0 <= discount.amount_minor <= MAX_LINE_MINOR:
            raise InvalidMoney(
                f"{discount.kind} discount on SKU {item.sku}",
                discount.amount_minor,
                f"0 to {MAX_LINE_MINOR} minor units",
            )
        own += discount.amount_minor if discount.funding == "retailer" else 0
    if own > gross_minor:
        raise InvalidMoney(
            f"retailer's discounts on SKU {item.sku}", own, f"at most the amount of the line, {gross_minor}"
        )
    return gross_minor - own
