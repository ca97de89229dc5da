"""Weighed labels: what a shop's own scale prints into 13 or 18 digits, told by a layout per store.

There is no world-wide rule: a store knows its scales. A layout is written as the label reads: digits must match, letters are fields.

    21IIIIIAAAAAC        21, item (PLU), amount, check digit          22IIIIIWWWWWC         weight
    27IIIIIAAAAAWWWWWC   18 digits: amount, then weight               02IIIIVAAAAC0 …       V checks the amount
"""

from functools import lru_cache
from typing import Literal

import msgspec

from domain.catalogue import check_digit, is_digits
from domain.errors import InvalidIdentity

_FIELDS = "IAWNVCX"
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)


class LabelLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One layout; ``check_layout`` tells whether it can be.

    ``pattern``: digits that must match, then fields: ``I`` item (PLU), ``A`` amount, ``W`` weight, ``N`` count, ``V`` price check digit
    over the amount (4 or 5 digits), ``C`` check digit (last), ``X`` ignored. ``amount_unit_minor`` and ``weight_unit_g`` are what one
    count of the field stands for (1 fen or 1 g; a scale set to jiao: 10). ``check=False`` for scales that print a dummy check digit.
    """

    pattern: str
    amount_unit_minor: int = 1
    weight_unit_g: int = 1
    check: bool = True


class WeighedLabel(msgspec.Struct, frozen=True, gc=False):
    """What a label says; a layout without a field leaves it ``None``. ``plu`` keeps its leading zeros."""

    code: str
    prefix: str
    plu: str
    weight_g: int | None = None
    amount_minor: int | None = None
    count: int | None = None


DEFAULT_LAYOUTS = (LabelLayout("21IIIIIAAAAAC"), LabelLayout("22IIIIIWWWWWC"))
"""21 amount in the minor unit, 22 weight in grams. Prefixes 21-24 never look like a payment code, 25-29 do."""


def check_layout(layout: LabelLayout) -> None:
    """Refuse a layout that no label can have.

    Raises:
        InvalidIdentity: says what is wrong with it.
    """
    pattern, prefix = layout.pattern, _prefix(layout.pattern)
    fields = pattern[len(prefix) :]
    if len(pattern) not in (13, 18) or not prefix or not is_digits(prefix) or fields.strip(_FIELDS):
        raise InvalidIdentity(
            "label layout", pattern, f"13 or 18 characters: digits of the prefix, then {', '.join(_FIELDS)}"
        )
    if "I" not in fields or not set(fields) & set("AWN"):
        raise InvalidIdentity("label layout", pattern, "an item (I) and an amount (A), a weight (W) or a count (N)")
    if any(field * fields.count(field) not in fields for field in set(fields)):
        raise InvalidIdentity("label layout", pattern, "the digits of one field side by side")
    if "C" in fields and (fields.count("C") > 1 or fields[-1] != "C"):
        raise InvalidIdentity("label layout", pattern, "one check digit (C) at the end, or none")
    if "V" in fields and (fields.count("V") > 1 or fields.count("A") not in (4, 5)):
        raise InvalidIdentity("label layout", pattern, "one price check digit (V) for 4 or 5 digits of amount")
    if layout.amount_unit_minor < 1 or layout.weight_unit_g < 1:
        raise InvalidIdentity(
            "units of a label layout", f"{layout.amount_unit_minor}, {layout.weight_unit_g}", "1 or more"
        )


def read_label(digits: str, layouts: tuple[LabelLayout, ...]) -> WeighedLabel | Literal["check_digit"] | None:
    """Return what the first layout that fits reads from ``digits``.

    ``None``: no layout has this length and prefix. ``"check_digit"``: one has, but a check digit that it demands is wrong.

    >>> read_label("2106013040083", DEFAULT_LAYOUTS)
    WeighedLabel(code='2106013040083', prefix='21', plu='06013', weight_g=None, amount_minor=4008, count=None)
    """
    for layout in layouts:
        prefix = _prefix(layout.pattern)
        if len(digits) == len(layout.pattern) and digits.startswith(prefix):
            return _read(digits, prefix, layout)
    return None


def price_check_digit(amount: str) -> int:
    """Return the GS1 price or weight check digit of an amount of 4 or 5 digits.

    Source: GS1 General Specifications, check digit calculation for price/weight fields.

    >>> price_check_digit("2875"), price_check_digit("14685")
    (9, 6)
    """
    if len(amount) == 4:
        weights = (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)
        return 3 * sum(table[int(digit)] for table, digit in zip(weights, amount, strict=True)) % 10
    tables = (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS)
    return _FIVE_MINUS.index(-sum(table[int(digit)] for table, digit in zip(tables, amount, strict=True)) % 10)


def _read(digits: str, prefix: str, layout: LabelLayout) -> WeighedLabel | Literal["check_digit"]:
    if layout.check and "C" in layout.pattern and int(digits[-1]) != check_digit(digits[:-1]):
        return "check_digit"
    plu, amount, weight, count, checker = (_field(digits, layout.pattern, field) for field in "IAWNV")
    if layout.check and checker and int(checker) != price_check_digit(amount):
        return "check_digit"
    return WeighedLabel(
        code=digits,
        prefix=prefix,
        plu=plu,
        weight_g=int(weight) * layout.weight_unit_g if weight else None,
        amount_minor=int(amount) * layout.amount_unit_minor if amount else None,
        count=int(count) if count else None,
    )


def _field(digits: str, pattern: str, field: str) -> str:
    start = pattern.find(field)
    return "" if start < 0 else digits[start : pattern.rfind(field) + 1]


@lru_cache(maxsize=64)
def _prefix(pattern: str) -> str:
    return pattern[: len(pattern) - len(pattern.lstrip("0123456789"))]
