"""What stands on labels: texts of every symbology of a shop, in the mix in which a till meets them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import zint

Rng = np.random.Generator


class Symbol(NamedTuple):
    """One code to draw.

    Attributes:
        kind: as in ``KINDS``.
        symbology: zint's.
        data: for zint.
        gs1: ``data`` is an element string in square brackets.
        truth: the text that a reader must give, without separators.
        human: the line below the bars.
    """

    kind: str
    symbology: zint.Symbology
    data: str
    gs1: bool
    truth: str
    human: str


MIX = {
    "EAN13": 38, "UPCA": 8, "EAN8": 8, "UPCE": 5, "C128": 7, "GS1128": 7, "ITF14": 6, "QR": 8, "DM": 6, "DATABAR": 3,
    "DATABAREXP": 2, "DATABARSTK": 2,
}  # fmt: skip
KINDS = list(MIX)
SHARES = np.array(list(MIX.values()), float) / sum(MIX.values())
MATRIX = ("QR", "DM")
_PREFIXES = ["30", "40", "50", "76", "87", "54", "20", "21", "978", "80"]
_LETTERS = list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789-")
_LOT_LETTERS = list("ABCDEFGHJK0123456789")


def check_digit(body: str) -> str:
    """Return the GS1 check digit for the digits before it."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(body)))
    return str(-total % 10)


def symbol(rng: Rng, kind: str) -> Symbol:
    """Return a random code of ``kind``."""
    if kind in _SIMPLE:
        return _SIMPLE[kind](rng)
    carton = _digits(rng, 13, "0" if rng.random() < 0.7 else "1")
    return _OF_A_CARTON[kind](rng, carton + check_digit(carton))


def _digits(rng: Rng, count: int, first: str = "") -> str:
    drawn = "".join(str(int(digit)) for digit in rng.integers(0, 10, count))
    return first + drawn[len(first) :]


def _ean_13(rng: Rng) -> Symbol:
    body = _digits(rng, 12, str(rng.choice(_PREFIXES)))
    text = body + check_digit(body)
    return Symbol("EAN13", zint.Symbology.EANX, text, False, text, text)


def _ean_8(rng: Rng) -> Symbol:
    body = _digits(rng, 7)
    text = body + check_digit(body)
    return Symbol("EAN8", zint.Symbology.EANX, body, False, text, text)


def _upc_a(rng: Rng) -> Symbol:
    body = _digits(rng, 11, str(rng.choice(["0", "7", "8", "2"])))
    text = body + check_digit(body)
    return Symbol("UPCA", zint.Symbology.UPCA, text, False, "0" + text, text)


def _upc_e(rng: Rng) -> Symbol:
    text = "0" + _digits(rng, 6)
    if text[6] == "3" and text[3] in "012":  # the rules of zero suppression forbid some digits
        text = text[:3] + "7" + text[4:]
    if text[6] == "4" and text[4] == "0":
        text = text[:4] + "5" + text[5:]
    if text[6] > "4" and text[5] == "0":
        text = text[:5] + "8" + text[6:]
    body = _expanded(text)
    return Symbol("UPCE", zint.Symbology.UPCE, text, False, "0" + body + check_digit(body), text)


def _expanded(text: str) -> str:
    """Return the 11 digits of UPC-A, without check digit, for 7 digits of UPC-E."""
    system, digits = text[0], text[1:]
    if digits[5] in "012":
        return system + digits[:2] + digits[5] + "0000" + digits[2:5]
    if digits[5] == "3":
        return system + digits[:3] + "00000" + digits[3:5]
    if digits[5] == "4":
        return system + digits[:4] + "00000" + digits[4]
    return system + digits[:5] + "0000" + digits[5]


def _code_128(rng: Rng) -> Symbol:
    text = "".join(rng.choice(_LETTERS, int(rng.integers(6, 14))))
    return Symbol("C128", zint.Symbology.CODE128, text, False, text, text)


def _gs1_128(rng: Rng, carton: str) -> Symbol:
    lot = "".join(rng.choice(_LOT_LETTERS, int(rng.integers(4, 9))))
    rest = f"[10]{lot}" if rng.random() < 0.7 else f"[17]27{int(rng.integers(1, 13)):02d}15"
    text = f"[01]{carton}{rest}"
    return Symbol("GS1128", zint.Symbology.GS1_128, text, True, _bare(text), text)


def _itf_14(_: Rng, carton: str) -> Symbol:
    return Symbol("ITF14", zint.Symbology.ITF14, carton[:13], False, carton, carton)


def _qr(rng: Rng, carton: str) -> Symbol:
    text = f"https://id.gs1.org/01/{carton}" + (f"/10/{_digits(rng, 5)}" if rng.random() < 0.4 else "")
    return Symbol("QR", zint.Symbology.QRCODE, text, False, text, "")


def _data_matrix(rng: Rng, carton: str) -> Symbol:
    text = f"[01]{carton}[17]27{int(rng.integers(1, 13)):02d}15[10]{_digits(rng, int(rng.integers(4, 8)))}"
    return Symbol("DM", zint.Symbology.DATAMATRIX, text, True, _bare(text), "")


def _databar(_: Rng, carton: str) -> Symbol:
    return Symbol("DATABAR", zint.Symbology.DBAR_OMN, carton[:13], False, "01" + carton, carton)


def _databar_expanded(kind: str, symbology: zint.Symbology) -> Callable[[Rng, str], Symbol]:
    def draw(rng: Rng, _: str) -> Symbol:
        body = "9" + _digits(rng, 12)
        text = f"[01]{body}{check_digit(body)}[3103]{int(rng.integers(50, 9999)):06d}"
        return Symbol(kind, symbology, text, True, _bare(text), "")

    return draw


def _bare(text: str) -> str:
    return text.replace("[", "").replace("]", "")


_SIMPLE = {"EAN13": _ean_13, "EAN8": _ean_8, "UPCA": _upc_a, "UPCE": _upc_e, "C128": _code_128}
_OF_A_CARTON: dict[str, Callable[[Rng, str], Symbol]] = {
    "GS1128": _gs1_128,
    "ITF14": _itf_14,
    "QR": _qr,
    "DM": _data_matrix,
    "DATABAR": _databar,
    "DATABAREXP": _databar_expanded("DATABAREXP", zint.Symbology.DBAR_EXP),
    "DATABARSTK": _databar_expanded("DATABARSTK", zint.Symbology.DBAR_EXPSTK),
}
