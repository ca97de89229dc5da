"""Which data a linear barcode can hold: checked before it is sent, since a printer leaves a wrong code out without a word."""

import re
from collections.abc import Callable

_RETAIL = {"ean13": 13, "ean8": 8, "upca": 12}
_CODE39 = re.compile(r"[0-9A-Z \-.$/+%]{1,24}")
_CODABAR = re.compile(r"[A-D][0-9\-$:/.+]{1,24}[A-D]")
_ASCII = re.compile(r"[ -~]{1,40}")


def check_digit_holds(digits: str) -> bool:
    """Whether the last of ``digits`` completes the others (weights 3 and 1 from the right).

    >>> check_digit_holds("6901234567892")
    True
    """
    if not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(reversed(digits))) % 10 == 0


def upca_of(upce: str) -> str:
    """Return the twelve digits that eight of UPC-E stand for: number system, six digits, check digit.

    >>> upca_of("04252614")
    '042100005264'
    """
    system, six, check = upce[0], upce[1:7], upce[7]
    match six[5]:
        case "0" | "1" | "2":
            body = f"{six[:2]}{six[5]}0000{six[2:5]}"
        case "3":
            body = f"{six[:3]}00000{six[3:5]}"
        case "4":
            body = f"{six[:4]}00000{six[4]}"
        case last:
            body = f"{six[:5]}0000{last}"
    return system + body + check


def fault_of_barcode(kind: str, data: str) -> str:
    """Return what is wrong with ``data`` as a code of ``kind``, empty if nothing is."""
    if kind in _RETAIL:
        digits = len(data) == _RETAIL[kind] and check_digit_holds(data)
        return "" if digits else f"takes {_RETAIL[kind]} digits with their check digit"
    judge = _JUDGES.get(kind)
    return judge(data) if judge else f"is not one of {', '.join(sorted([*_RETAIL, *_JUDGES]))}"


def _upce(data: str) -> str:
    right = (
        len(data) == 8 and data.isascii() and data.isdigit() and data[0] in "01" and check_digit_holds(upca_of(data))
    )
    return "" if right else "takes 8 digits, 0 or 1 first, with their check digit"


def _itf(data: str) -> str:
    if not (data.isascii() and data.isdigit() and len(data) % 2 == 0 and 2 <= len(data) <= 30):
        return "takes an even number of 2 to 30 digits"
    return "takes 14 digits only with their check digit" if len(data) == 14 and not check_digit_holds(data) else ""


def _matching(pattern: re.Pattern[str], wish: str) -> Callable[[str], str]:
    return lambda data: "" if pattern.fullmatch(data) else f"takes {wish}"


_JUDGES: dict[str, Callable[[str], str]] = {
    "upce": _upce,
    "itf": _itf,
    "code39": _matching(_CODE39, "1 to 24 of 0-9, A-Z, space and - . $ / + %"),
    "codabar": _matching(_CODABAR, "A to D, 1 to 24 of 0-9 - $ : / . +, and A to D again"),
    "code93": _matching(_ASCII, "1 to 40 printable ASCII characters"),
    "code128": _matching(_ASCII, "1 to 40 printable ASCII characters"),
}
