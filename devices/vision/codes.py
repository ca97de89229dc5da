"""What a decoder read, in one form: families of a shop, check digits proved, one text per code; and what a shop can mean.

UPC-A and UPC-E become 13 digits; GS1 element strings keep GS between fields and lose the leading FNC1;
DataBar is ``01`` and a GTIN-14. Decoders differ in all of this, and each invents codes of its own.
"""

import unicodedata
from typing import NamedTuple

_AIM = {
    "EAN13": "]E0", "UPCA": "]E0", "UPCE": "]E0", "EAN8": "]E4", "CODE128": "]C0", "ITF": "]I1",
    "DATABAR": "]e0", "DATABAREXP": "]e0", "QR": "]Q1", "DM": "]d1",
}  # fmt: skip
SHORT = ("EAN8", "UPCE")
"""Families that are easily found in a part of a longer code."""
MAX_TEXT = 4096
_MIN_CODE_128 = 4


class Reading(NamedTuple):
    """One code as one decoder read it in one picture.

    Attributes:
        family: ``EAN13``, ``EAN8``, ``UPCA``, ``UPCE``, ``CODE128``, ``ITF``, ``DATABAR``, ``DATABAREXP``, ``QR``, ``DM``.
        text: what it says, in our form.
        symbology: its AIM identifier.
        votes: 2 when two different clean-ups of the picture agreed on it or it corrects its own errors, else 1.
        decoder: which library read it.
    """

    family: str
    text: str
    symbology: str
    votes: int = 1
    decoder: str = "zxing-cpp"


def normalise(family: str, text: str, symbology: str | None = None) -> Reading | None:
    """Return a decoder's result in our form; None if it is of no family of a shop or proves itself wrong.

    >>> normalise("UPCE", "04252614")
    Reading(family='UPCE', text='0042100005264', symbology=']E0', votes=1, decoder='zxing-cpp')
    """
    if family not in _AIM or len(text) > MAX_TEXT:
        return None
    body = _body(family, text)
    if body is None or not body or any(unicodedata.category(c) == "Cc" for c in body if c != "\x1d"):
        return None
    aim = symbology if symbology and family not in ("EAN13", "UPCA", "UPCE", "EAN8") else _AIM[family]
    return Reading(family, body, aim)


def _body(family: str, text: str) -> str | None:
    if family in ("EAN13", "UPCA"):
        return _gtin_13(text)
    if family == "UPCE":
        return _gtin_13(expand_upc_e(text) if len(text) == 8 else text)
    if family == "EAN8":
        return _proved(text, 8)
    if family == "ITF":
        return text if text.isascii() and text.isdigit() else None
    plain = text.strip("\x1d \r\n\t")
    if family == "DATABAR":
        digits = plain.replace("(01)", "01", 1) if plain.startswith("(") else plain
        digits = digits.removeprefix("01") if len(digits) == 16 else digits
        proved = _proved(digits, 14)
        return None if proved is None else "01" + proved
    return plain


def _gtin_13(digits: str) -> str | None:
    return _proved("0" + digits if len(digits) == 12 else digits, 13)


def _proved(digits: str, length: int) -> str | None:
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        return None
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return digits if total % 10 == 0 else None


def expand_upc_e(text: str) -> str:
    """Return the 12 digits of UPC-A for 8 digits of UPC-E (number system, six digits, check digit).

    >>> expand_upc_e("04252614")
    '042100005264'
    """
    system, digits, check = text[0], text[1:7], text[7:]
    match digits[5]:
        case "0" | "1" | "2":
            body = digits[:2] + digits[5] + "0000" + digits[2:5]
        case "3":
            body = digits[:3] + "00000" + digits[3:5]
        case "4":
            body = digits[:4] + "00000" + digits[4]
        case _:
            body = digits[:5] + "0000" + digits[5]
    return system + body + check


def retail(reading: Reading) -> bool:
    """Return whether a shop can mean this text: odd and short symbologies are where decoders invent codes.

    ITF is a carton's 14 digits with their check digit, since half of a wider code passes as a short ITF easily. GS1 gives
    out UPC-E with number system 0 only. This takes away two thirds of the wrong texts and no retail code.

    >>> retail(Reading("ITF", "901985", "]I1")), retail(Reading("ITF", "00012345678905", "]I1"))
    (False, True)
    """
    match reading.family:
        case "ITF":
            return _proved(reading.text, 14) is not None
        case "UPCE":
            return reading.text.startswith("00")
        case "CODE128":
            return len(reading.text) >= _MIN_CODE_128
        case _:
            return True


def chosen(readings: list[Reading]) -> list[Reading]:
    """Return each text once, with its most votes; beside a long retail code a short one counts only when it is sure."""
    unique = list({reading.text: reading for reading in sorted(readings, key=lambda one: one.votes)}.values())
    if any(reading.family in ("EAN13", "UPCA") for reading in unique):
        return [reading for reading in unique if reading.votes > 1 or reading.family not in SHORT]
    return unique
