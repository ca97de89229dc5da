"""GS1 element strings and Digital Links, read through ``biip``: the one place that knows it.

``biip`` is imported at the first code that needs it: it costs 21 MB of memory and 0.1 s, and a shop whose labels are plain EAN never
meets such a code. Everything it finds is checked once more for what a till must not get wrong (GTIN check digits, contradictions).
"""

from datetime import date
from typing import Literal

import msgspec

from domain.catalogue import check_digit, gtin14
from domain.errors import NotAGtin
from domain.limits import has_control
from domain.quantity import divide

Fault = Literal["gs1_syntax", "gs1_contradiction", "check_digit", "control_character"]

GS = "\x1d"
"""FNC1 as scanners send it: ends a value of variable length."""


class ElementString(msgspec.Struct, frozen=True):
    """A GS1 message: ``ais`` maps application identifiers to their values as they stand in the code.

    >>> ElementString({"01": "06901234567892", "3103": "001234", "17": "261200"}).weight_g
    1234
    """

    ais: dict[str, str]

    @property
    def gtin14(self) -> str | None:
        """GTIN of the thing itself (01)."""
        return self.ais.get("01")

    @property
    def batch(self) -> str | None:
        """Batch or lot (10)."""
        return self.ais.get("10")

    @property
    def serial(self) -> str | None:
        """Serial number (21)."""
        return self.ais.get("21")

    @property
    def count(self) -> int | None:
        """Count of pieces of a variable-count item (30)."""
        return int(self.ais["30"]) if "30" in self.ais else None

    @property
    def weight_g(self) -> int | None:
        """Net weight (310n, kilograms with n decimals), rounded to grams."""
        for decimals in range(6):
            if value := self.ais.get(f"310{decimals}"):
                return divide(int(value) * 1000, 10**decimals)
        return None

    def amount_minor(self, exponent: int) -> int | None:
        """Return the price printed into the code (392n, n decimals) as minor units of a currency of ``exponent`` decimals."""
        for decimals in range(10):
            if value := self.ais.get(f"392{decimals}"):
                return divide(int(value) * 10**exponent, 10**decimals)
        return None

    def day(self, ai: Literal["11", "13", "15", "16", "17"], year: int) -> date | None:
        """Return the date in ``ai`` (17 expiry, 15 best before); ``None`` when the code has none.

        ``year`` is the current year: two digits mean the year at most 50 ahead and 49 back. Day 00 is the last day of the month.
        """
        return two_digit_date(self.ais[ai], year) if ai in self.ais else None

    def is_expired(self, today: date) -> bool:
        """Tell whether the expiry date in the code (17) is over; a thing may be sold on that day."""
        try:
            expiry = self.day("17", today.year)
        except ValueError:  # a day that its month does not have
            return False
        return expiry is not None and expiry < today


class DigitalLink(ElementString, frozen=True):
    """A GS1 Digital Link: the same identifiers written as a web address, which nobody may ever fetch."""


def two_digit_date(yymmdd: str, year: int) -> date:
    """Return the date that six digits mean in ``year``.

    Source: GS1 General Specifications, determination of century in dates.

    >>> two_digit_date("260200", 2026), two_digit_date("750101", 2026)
    (datetime.date(2026, 2, 28), datetime.date(2075, 1, 1))
    """
    two, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    ahead = two - year % 100
    full = year - year % 100 + two + (-100 if ahead >= 51 else 100 if ahead <= -50 else 0)
    if day:
        return date(full, month, day)
    following = date(full + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def parse_element_string(text: str) -> ElementString | Fault:
    """Return the message in ``text`` (as sent by a scanner, without symbology identifier), or what is wrong with it."""
    from biip import ParseError
    from biip.gs1_messages import GS1Message

    message = text.strip(GS)
    if not message:
        return "gs1_syntax"
    try:
        elements = GS1Message.parse(message).element_strings
    except (ParseError, ValueError):
        return "gs1_syntax"
    end = 0
    for element in elements:
        end += len(element.ai.ai) + len(element.value)
        # biip reads on where a pattern ends; a value that wants a separator and has none was not meant to end there
        if element.ai.separator_required and end < len(message) and message[end] != GS:
            return "gs1_syntax"
        end += len(message) - end - len(message[end:].lstrip(GS))
    pairs = [(element.ai.ai, element.value) for element in elements]
    return _fault(pairs) or ElementString(dict(pairs))


def parse_digital_link(uri: str) -> DigitalLink | Fault:
    """Return the identifiers in the web address ``uri``, or what is wrong with it."""
    from biip import ParseError
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI

    try:
        pairs = [(element.ai.ai, element.value) for element in GS1DigitalLinkURI.parse(uri).element_strings]
    except (ParseError, ValueError):
        return "gs1_syntax"
    return _query_fault(uri, pairs) or _fault(pairs) or DigitalLink(dict(pairs))


def _query_fault(uri: str, pairs: list[tuple[str, str]]) -> Fault | None:
    """Return what is wrong with the attributes behind the question mark, of which biip drops what it does not like.

    A key of digits must be an identifier that was read, once, and not one that belongs into the path of a GTIN; other keys are ignored.
    """
    read = dict(pairs)
    seen = set(_PATH_ONLY) if pairs[0][0] == "01" else set()
    for attribute in uri.partition("#")[0].partition("?")[2].split("&"):
        key = attribute.partition("=")[0]
        if not key.isdigit():
            continue
        if key not in read or key in seen:
            return "gs1_syntax"
        seen.add(key)
    return None


_PATH_ONLY = frozenset({"22", "10", "21", "235"})
_VARIABLE_MEASURE = ("30", "31", "32", "35", "36")


def _fault(pairs: list[tuple[str, str]]) -> Fault | None:
    """Return what a till must not accept although it can be parsed."""
    values: dict[str, str] = {}
    for ai, value in pairs:
        if not value:
            return "gs1_syntax"  # biip lets a count of no digits through
        if has_control(value) or not value.isascii():
            return "control_character"
        if values.setdefault(ai, value) != value:
            return "gs1_contradiction"
    if _contradicts(values):
        return "gs1_contradiction"
    try:
        for ai in ("01", "02"):
            if ai in values:
                gtin14(values[ai])
        if "00" in values and int(values["00"][-1]) != check_digit(values["00"][:-1]):
            return "check_digit"
    except NotAGtin:
        return "check_digit"
    return None


def _contradicts(values: dict[str, str]) -> bool:
    """Tell whether identifiers exclude each other or lack one that they need (the rules for what a shop meets, not all of GS1's)."""
    if "01" in values and ("02" in values or "37" in values):
        return True
    if "02" in values and not ("37" in values and "00" in values):
        return True
    measures = [ai[:3] for ai in values if len(ai) == 4 and ai[0] == "3"]
    if len(set(measures)) != len(measures):
        return True  # the same measure with two positions of the decimal point
    return any(m in ("392", "393") for m in measures) and not any(ai.startswith(_VARIABLE_MEASURE) for ai in values)
