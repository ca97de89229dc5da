"""What can be sold: items, their barcodes and prices, and the digits of GTINs."""

from typing import Literal

import msgspec

from domain.errors import InvalidIdentity, InvalidItem, NotAGtin
from domain.ids import SkuId, sku_id
from domain.limits import (
    MAX_ATTRIBUTES,
    MAX_BARCODES,
    MAX_CODE,
    MAX_FACTOR_MILLI,
    MAX_NAME,
    MAX_UNIT,
    MAX_UNIT_PRICE_MINOR,
    text_fault,
)

SoldBy = Literal["each", "weight", "measure"]
GTIN_LENGTHS = (8, 12, 13, 14)


class Barcode(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A code on a package and what it stands for: ``factor_milli`` thousandths of the SKU's base unit (a case of 12: 12000)."""

    code: str
    factor_milli: int = 1000


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One SKU: the row of the catalogue feed.

    ``unit`` is the base unit in which stock is counted and the price is quoted (``each``, ``kg``, ``斤``). A variant (size, colour) is
    an item of its own that names the item it varies and tells in ``attributes`` what differs.
    """

    sku: SkuId
    name_zh: str
    name_en: str
    unit: str = "each"
    barcodes: tuple[Barcode, ...] = ()
    department: str = ""
    sold_by: SoldBy = "each"
    variant_of: SkuId | None = None
    attributes: dict[str, str] = {}

    def name(self, lang: Literal["zh", "en"]) -> str:
        """Return the name in ``lang``, in the other language when that one is empty."""
        return (self.name_zh or self.name_en) if lang == "zh" else (self.name_en or self.name_zh)


class Price(msgspec.Struct, frozen=True, gc=False):
    """What one base unit of a SKU costs, in minor units of the store's currency."""

    sku: SkuId
    unit_price_minor: int


def check_digit(digits: str) -> int:
    """Return the GS1 check digit that completes ``digits``.

    Args:
        digits: 1 to 17 decimal digits, leading zeros kept.

    Raises:
        NotAGtin: something other than 0-9, or another length.
    Source: GS1 General Specifications, check digit calculation (weights 3 and 1 from the right).

    >>> check_digit("629104150021")
    3
    """
    if not is_digits(digits) or len(digits) > 17:
        raise NotAGtin(digits, "1 to 17 digits")
    return -(3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))) % 10


def is_digits(text: str) -> bool:
    """Tell whether ``text`` is one or more of 0-9 (``str.isdigit`` also takes full-width and other digits)."""
    return text.isascii() and text.isdigit()


def gtin14(code: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 padded to the 14 digits under which items are indexed.

    Raises:
        NotAGtin: another length, something other than 0-9, a wrong check digit, or only zeros.

    >>> gtin14("6901234567892")
    '06901234567892'
    """
    if len(code) not in GTIN_LENGTHS or not is_digits(code):
        raise NotAGtin(code, "8, 12, 13 or 14 digits")
    expected = check_digit(code[:-1])
    if int(code[-1]) != expected:
        raise NotAGtin(code, f"check digit {expected}")
    if not code.strip("0"):
        raise NotAGtin(code, "a number above 0")
    return code.zfill(14)


def expand_upc_e(code: str) -> str:
    """Return the UPC-A (12 digits) of a UPC-E of 6 (number system 0), 7 (with number system) or 8 digits (with check digit too).

    Raises:
        NotAGtin: another length, number system other than 0 and 1, or a wrong check digit.

    >>> expand_upc_e("425261"), expand_upc_e("04252614")
    ('042100005264', '042100005264')
    """
    if not is_digits(code) or not 6 <= len(code) <= 8:
        raise NotAGtin(code, "6 to 8 digits of a UPC-E")
    system, middle = ("0", code) if len(code) == 6 else (code[0], code[1:7])
    if system not in "01":
        raise NotAGtin(code, "number system 0 or 1")
    body = system + _expanded(middle)
    check = str(check_digit(body))
    if len(code) == 8 and code[7] != check:
        raise NotAGtin(code, f"check digit {check}")
    return body + check


def _expanded(six: str) -> str:
    last = six[5]
    if last in "012":
        return six[:2] + last + "0000" + six[2:5]
    if last == "3":
        return six[:3] + "00000" + six[3:5]
    if last == "4":
        return six[:4] + "00000" + six[4]
    return six[:5] + "0000" + last


def barcode_key(code: str) -> str:
    """Return what a barcode is looked up by: its GTIN-14 when it is a GTIN, else the code itself (codes of the shop's own)."""
    try:
        return gtin14(code)
    except NotAGtin:
        return code


def check_item(item: Item) -> None:
    """Refuse a catalogue row that no edge could sell from.

    Raises:
        InvalidItem: names the field, its value and what is expected.
    """
    _check_identity("sku", item.sku)
    if item.variant_of is not None:
        _check_identity("variant_of", item.variant_of)
        if item.variant_of == item.sku:
            raise InvalidItem(f"variant_of of SKU {item.sku}", item.variant_of, "another SKU")
    _check_texts(item)
    _check_barcodes(item)


def check_price(price: Price) -> None:
    """Refuse a price outside 0 to ``MAX_UNIT_PRICE_MINOR`` or of no SKU.

    Raises:
        InvalidItem: names the field, its value and what is expected.
    """
    _check_identity("sku", price.sku)
    if not 0 <= price.unit_price_minor <= MAX_UNIT_PRICE_MINOR:
        raise InvalidItem(
            f"price of SKU {price.sku}", price.unit_price_minor, f"0 to {MAX_UNIT_PRICE_MINOR} minor units"
        )


def _check_identity(field: str, text: str) -> None:
    try:
        sku_id(text)
    except InvalidIdentity as error:
        raise InvalidItem(field, error.value, error.limit) from error


def _check_texts(item: Item) -> None:
    if not (item.name_zh or item.name_en):
        raise InvalidItem(f"name of SKU {item.sku}", "", "a name in Chinese or English")
    if len(item.attributes) > MAX_ATTRIBUTES:
        raise InvalidItem(f"attributes of SKU {item.sku}", len(item.attributes), f"at most {MAX_ATTRIBUTES}")
    texts = [
        ("name_zh", item.name_zh, MAX_NAME),
        ("name_en", item.name_en, MAX_NAME),
        ("department", item.department, MAX_NAME),
    ]
    texts += [("attribute", text, MAX_NAME) for pair in item.attributes.items() for text in pair]
    for field, text, longest in texts:
        if fault := text_fault(text, longest):
            raise InvalidItem(f"{field} of SKU {item.sku}", text, fault)
    if fault := text_fault(item.unit, MAX_UNIT, 1):
        raise InvalidItem(f"unit of SKU {item.sku}", item.unit, fault)


def _check_barcodes(item: Item) -> None:
    if len(item.barcodes) > MAX_BARCODES:
        raise InvalidItem(f"barcodes of SKU {item.sku}", len(item.barcodes), f"at most {MAX_BARCODES}")
    for barcode in item.barcodes:
        if fault := text_fault(barcode.code, MAX_CODE, 1):
            raise InvalidItem(f"barcode of SKU {item.sku}", barcode.code, fault)
        if not 1 <= barcode.factor_milli <= MAX_FACTOR_MILLI:
            raise InvalidItem(
                f"factor_milli of barcode {barcode.code}", barcode.factor_milli, f"1 to {MAX_FACTOR_MILLI}"
            )
    keys = [barcode_key(barcode.code) for barcode in item.barcodes]
    if len(set(keys)) != len(keys):
        raise InvalidItem(f"barcodes of SKU {item.sku}", tuple(keys), "each code once")
