"""What the till makes of a scanned text, field by field: for installers, and for anyone with a strange label."""

import contextlib
import re
from datetime import date
from typing import Any, Literal

from domain.gs1 import GS, DigitalLink, ElementString
from domain.labels import LabelLayout, WeighedLabel
from domain.limits import has_control
from domain.money import Language, format_figures
from domain.scan import ItemCode, PaymentCode, Refused, Scan, ScanState, Unknown, classify, masked
from domain.symbology import is_aim, symbology_name
from edge_agent.texts import Texts

Explained = dict[str, Any]

_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})|\{GS\}")
_SHOWN = 80
_DATES: tuple[tuple[str, Literal["11", "13", "15", "16", "17"]], ...] = (
    ("produced", "11"),
    ("packed", "13"),
    ("best_before", "15"),
    ("sell_by", "16"),
    ("expiry", "17"),
)
# Who gives numbers out, by the first three digits of a GTIN-13 (GS1 prefixes).
_RANGES = (
    ("in_store", ("020", "029")),
    ("in_store", ("040", "049")),
    ("in_store", ("200", "299")),
    ("taiwan", ("471", "471")),
    ("hong_kong", ("489", "489")),
    ("china", ("690", "699")),
    ("issn", ("977", "977")),
    ("isbn", ("978", "979")),
    ("refund_receipt", ("980", "980")),
    ("coupon", ("981", "984")),
    ("coupon", ("990", "999")),
)


def unescaped(text: str) -> str:
    r"""Return ``text`` with ``{GS}`` and ``\x1d`` (any two hexadecimal digits) as the characters that they stand for.

    >>> unescaped(r"10A{GS}21B\x1d")
    '10A\x1d21B\x1d'
    """
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else GS, text)


def explained(data: str, aim: str | None, state: ScanState, layouts: tuple[LabelLayout, ...], today: date) -> Explained:
    """Return what ``data`` is in this state of the till; what a field does not apply to is left out.

    A GS1 message whose expiry date is before ``today`` is refused as ``expired``. A payment code is told without its middle.
    """
    scan = classify(data, aim, state, layouts)
    if aim is None and is_aim(data[:3]):
        aim, data = data[:3], data[3:]
    told: Explained = {
        "data": shown(data),
        "aim": aim,
        "symbology": symbology_name(aim) if aim else None,
        "state": state,
        **_fields(scan, today),
    }
    return {name: value for name, value in told.items() if value is not None}


def shown(data: str) -> str:
    """Return a scanned text as it may stand on a screen: short, control characters as escapes, no payment code in full."""
    text = masked(data).replace(GS, "{GS}")
    if has_control(text):
        text = "".join(c.encode("unicode_escape").decode("ascii") if has_control(c) else c for c in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _fields(scan: Scan, today: date) -> Explained:
    match scan:
        case ItemCode(code, gtin14, alternative):
            told = {"kind": "item", "code": code, "gtin14": gtin14, "alternative_gtin14": alternative}
            return told | {"range": range_of(gtin14)}
        case WeighedLabel():
            return {
                "kind": "weighed_label",
                "prefix": scan.prefix,
                "plu": scan.plu,
                "weight_g": scan.weight_g,
                "amount_minor": scan.amount_minor,
                "count": scan.count,
            }
        case ElementString():
            return _message(scan, today)
        case PaymentCode():
            return {"kind": "payment_code", "channel": scan.channel, "masked": scan.masked}
        case Unknown(reason):
            return {"kind": "unknown", "reason": reason}
        case Refused(reason):
            return {"kind": "refused", "reason": reason}


def _message(scan: ElementString, today: date) -> Explained:
    dates: dict[str, str] = {}
    for name, ai in _DATES:
        with contextlib.suppress(ValueError):  # a day that its month does not have
            if day := scan.day(ai, today.year):
                dates[name] = day.isoformat()
    kind = "digital_link" if isinstance(scan, DigitalLink) else "gs1_message"
    return {
        "kind": kind,
        "reason": "expired" if scan.is_expired(today) else None,
        "gtin14": scan.gtin14,
        "batch": scan.batch,
        "serial": scan.serial,
        "count": scan.count,
        "weight_g": scan.weight_g,
        "amount_minor": scan.amount_minor(2),
        **dates,
        "range": range_of(scan.gtin14),
        "ais": scan.ais,
    }


def range_of(gtin14: str | None) -> str | None:
    """Return who gave a number out, where that says something about it.

    >>> range_of("06901234567892"), range_of("05901234123457")
    ('china', None)
    """
    if gtin14 is None or gtin14.startswith("000000"):
        return None
    prefix = gtin14[1:4]
    return next((name for name, (first, last) in _RANGES if first <= prefix <= last), None)


def lines_of(told: Explained, texts: Texts, lang: Language) -> list[str]:
    """Return ``told`` as a person reads it, the verdict first."""
    kind = texts[f"scan.kind.{told['kind']}"].format(state=texts[f"word.{told['state']}"])
    reason = f": {texts['word.' + told['reason']]}" if "reason" in told else ""
    lines = [told["data"] or '""', f"  {kind}{reason}"]
    for name, value in told.items():
        if title := texts.get(f"scan.field.{name}"):
            lines.append(f"  {title}: {_said(name, value, texts, lang)}")
    lines += [f"  ({ai}) {_ai(ai, texts)}: {shown(value)}" for ai, value in told.get("ais", {}).items()]
    return lines


def _said(name: str, value: Any, texts: Texts, lang: Language) -> str:
    match name:
        case "amount_minor":
            return format_figures(value, "CNY")
        case "weight_g":
            return f"{value} g"
        case "range" | "channel":
            return texts[f"scan.{name}.{value}"]
        case "symbology":
            return texts.get(f"scan.symbology.{value}", str(value))
        case _:
            return str(value)


def _ai(ai: str, texts: Texts) -> str:
    return texts.get(f"ai.{ai}") or texts.get(f"ai.{ai[:3]}n") or texts.get(f"ai.{ai[:2]}") or texts["ai.other"]
