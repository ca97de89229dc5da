"""What a scan *is*: one function that every scanner, camera and keyboard of the house goes through.

The till's state decides before any pattern does: while shopping nothing is ever a payment code, while tendering nothing is ever an item
(an 18-digit weighed label and a payment code can be the same digits). A code is data from a stranger: its length is bounded, control
characters never come out, an address is never fetched.
"""

import re
from typing import Literal, TypeAlias

import msgspec

from domain.catalogue import expand_upc_e, gtin14, is_digits
from domain.errors import NotAGtin
from domain.gs1 import GS, DigitalLink, ElementString, parse_digital_link, parse_element_string
from domain.labels import DEFAULT_LAYOUTS, LabelLayout, WeighedLabel, read_label
from domain.limits import MAX_SCAN, has_control

ScanState = Literal["shopping", "tendering"]
UnknownReason = Literal["empty", "text", "address"]
RefusedReason = Literal[
    "too_long",
    "control_character",
    "symbology",
    "length",
    "check_digit",
    "gs1_syntax",
    "gs1_contradiction",
    "payment_code_while_shopping",
    "not_a_payment_code",
]
Channel = Literal["wechat", "alipay", "unionpay", "ecny"]


class ItemCode(msgspec.Struct, frozen=True, gc=False):
    """A code to look an item up by: first under ``gtin14`` if there is one, then under ``alternative``, then as it stands.

    ``alternative`` is the UPC-E reading of eight digits that came without a symbology: they may be an EAN-8 as well.
    """

    code: str
    gtin14: str | None = None
    alternative: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What to look up, in this order (see ``domain.catalogue.barcode_key``)."""
        return tuple(key for key in (self.gtin14, self.alternative, self.code) if key is not None)


class PaymentCode(msgspec.Struct, frozen=True, gc=False):
    """A shopper's payment code: money for whoever reads it, so its ``repr`` hides the middle and no log may hold ``code``."""

    channel: Channel
    code: str

    @property
    def masked(self) -> str:
        """First and last four characters."""
        return f"{self.code[:4]}{'*' * (len(self.code) - 8)}{self.code[-4:]}"

    def __repr__(self) -> str:
        return f"PaymentCode(channel={self.channel!r}, code={self.masked!r})"


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """Nothing that this house knows; what was read is not repeated."""

    reason: UnknownReason


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Something that must not be taken now, or not at all."""

    reason: RefusedReason


Scan: TypeAlias = ItemCode | WeighedLabel | ElementString | DigitalLink | PaymentCode | Unknown | Refused

_RETAIL = frozenset({"]E0", "]E3", "]E4"})
_GS1 = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
_ITF = frozenset({"]I0", "]I1"})
_LINEAR_TEXT = frozenset({"]C0", "]X0"})
_MATRIX_TEXT = frozenset({"]Q0", "]Q1", "]Q2", "]d0", "]d1", "]J0"})

ALLOWED: dict[ScanState, frozenset[str]] = {
    "shopping": _RETAIL | _GS1 | _ITF | _LINEAR_TEXT | _MATRIX_TEXT,
    "tendering": frozenset({"]C0", "]X0", "]Q0", "]Q1", "]Q2"}),
}
"""AIM symbology identifiers that are read in each state; Code 39, Codabar, PDF417 and add-ons alone are never an item of a shop."""

PAYMENT_CODES: dict[Channel, re.Pattern[str]] = {
    "wechat": re.compile(r"1[0-5][0-9]{16}"),
    "alipay": re.compile(r"(?:2[5-9]|30)[0-9]{14,22}|fp[0-9A-Za-z]{33}"),
    "unionpay": re.compile(r"62[0-9]{17}"),
    "ecny": re.compile(r"01[0-9]{17}"),
}
_OWN_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._/+$%-]{0,47}")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def masked(code: str) -> str:
    """Return ``code`` as it may stand in a message, on a screen or in a log: what could be somebody's payment code loses its middle.

    >>> masked("6901234567892"), masked("134567890123456789")
    ('6901234567892', '1345**********6789')
    """
    found = _payment(code.strip(" "))
    return found.masked if found else code


def classify(data: str, aim: str | None, state: ScanState, layouts: tuple[LabelLayout, ...] = DEFAULT_LAYOUTS) -> Scan:
    """Tell what was scanned; never raises.

    ``data`` is what the scanner sent, without line end; ``aim`` its AIM symbology identifier (``]E0``), ``None`` when it sends none (one
    at the head of ``data`` is recognised) and ``]X0`` for a code typed by hand. ``layouts`` are the weighed labels of this store.

    >>> classify("6901234567892", "]E0", "shopping")
    ItemCode(code='6901234567892', gtin14='06901234567892', alternative=None)
    >>> classify("134567890123456789", None, "shopping"), classify("134567890123456789", None, "tendering")
    (Refused(reason='payment_code_while_shopping'), PaymentCode(channel='wechat', code='1345**********6789'))
    """
    if aim is None and data.startswith("]") and len(data) >= 3:
        aim, data = data[:3], data[3:]
    data = data.strip(" ")
    if not data:
        return Unknown("empty")
    if len(data) > MAX_SCAN:
        return Refused("too_long")
    if aim is not None and aim not in ALLOWED[state]:
        return Refused("symbology")
    separators = state == "shopping" and (aim is None or aim in _GS1)
    if has_control(data.replace(GS, "") if separators else data):
        return Refused("control_character")
    if state == "tendering":
        return _payment(data) or Refused("not_a_payment_code")
    return _shopping(data, aim, layouts)


def _payment(data: str) -> PaymentCode | None:
    for channel, pattern in PAYMENT_CODES.items():
        if pattern.fullmatch(data):
            return PaymentCode(channel, data)
    return None


def _is_money(data: str) -> bool:
    """Whether this would pay while tendering; 19 digits after 01 may as well be a number of the shop's own."""
    found = _payment(data)
    return found is not None and found.channel != "ecny"


def _shopping(data: str, aim: str | None, layouts: tuple[LabelLayout, ...]) -> Scan:
    if aim in _GS1 or GS in data:
        return _message(data)
    if aim in _RETAIL:
        return _retail(data, aim, layouts)
    if _ADDRESS.match(data):
        return _address(data)
    if aim is None and (message := _unmarked(data)):
        return message
    if is_digits(data):
        return _digits(data, aim, layouts)
    if _is_money(data):
        return Refused("payment_code_while_shopping")
    return ItemCode(data) if aim not in _MATRIX_TEXT | _ITF and _OWN_CODE.fullmatch(data) else Unknown("text")


def _message(data: str) -> Scan:
    found = parse_element_string(data)
    return Refused(found) if isinstance(found, str) else found


def _unmarked(data: str) -> ElementString | None:
    """Return the GS1 message of a scanner that names no symbology: longer than any GTIN, and it begins with a valid one."""
    if len(data) < 16 or not data.startswith("01"):
        return None
    found = _message(data)
    return found if isinstance(found, ElementString) else None


def _address(data: str) -> Scan:
    found = parse_digital_link(data)
    if found == "gs1_syntax":
        return Unknown("address")
    return Refused(found) if isinstance(found, str) else found


def _retail(data: str, aim: str | None, layouts: tuple[LabelLayout, ...]) -> Scan:
    """EAN and UPC symbols; many scanners send a UPC-A as 12 digits and a UPC-E as 8 under ``]E0``."""
    if not is_digits(data):
        return Refused("length")
    if aim == "]E3":
        data = data[:13]  # 13 digits and an add-on of 2 or 5 that says nothing about the item
    if len(data) != 8 and (aim == "]E4" or len(data) not in (12, 13)):
        return Refused("length")
    if aim != "]E4" and len(data) == 8:
        return _upc_e(data)
    return _label(data, layouts) or _gtin(data)


def _digits(data: str, aim: str | None, layouts: tuple[LabelLayout, ...]) -> Scan:
    """Digits of a symbology that tells nothing about them, or of none."""
    if label := _label(data, layouts):
        return label
    if len(data) in (8, 12, 13, 14):
        found = _eight(data) if len(data) == 8 else _gtin(data)
        # Code 128 guards its content itself: digits without a GTIN's check digit are then a number of the shop's own
        return ItemCode(data) if found == _WRONG_DIGIT and aim not in (None, "]X0", *_ITF) else found
    if aim in _ITF:
        return Refused("length")
    if _is_money(data):
        return Refused("payment_code_while_shopping")
    return ItemCode(data) if len(data) <= 48 else Unknown("text")


def _label(data: str, layouts: tuple[LabelLayout, ...]) -> Scan | None:
    found = read_label("0" + data if len(data) == 12 else data, layouts)  # a UPC-A is an EAN-13 whose first digit is 0
    return Refused("check_digit") if found == "check_digit" else found


_WRONG_DIGIT = Refused("check_digit")


def _gtin(data: str) -> ItemCode | Refused:
    try:
        return ItemCode(data, gtin14(data))
    except NotAGtin:
        return _WRONG_DIGIT


def _upc_e(data: str) -> ItemCode | Refused:
    try:
        return ItemCode(data, gtin14(expand_upc_e(data)))
    except NotAGtin:
        return _WRONG_DIGIT


def _eight(data: str) -> ItemCode | Refused:
    """Eight digits without a symbology: an EAN-8, a UPC-E, or both."""
    ean, upc = _gtin(data), _upc_e(data)
    if isinstance(ean, ItemCode):
        return ItemCode(data, ean.gtin14, upc.gtin14 if isinstance(upc, ItemCode) else None)
    return upc
