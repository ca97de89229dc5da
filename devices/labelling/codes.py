"""How wide codes become, in modules: a printer leaves out a symbol that does not fit, without a word."""

import bisect
import itertools
from typing import Literal, NamedTuple

from qrcode import util

from devices.label import Symbology
from domain.catalogue import check_digit, is_digits
from domain.gs1 import GS

QUIET = {Symbology.EAN13: (11, 7), Symbology.EAN8: (7, 7), Symbology.CODE128: (10, 10), Symbology.GS1_128: (10, 10)}
"""Modules of white that a scanner needs left and right of the bars (GS1 General Specifications; ISO/IEC 15417)."""
_EAN_DIGITS = {Symbology.EAN13: 13, Symbology.EAN8: 8}
_EAN_MODULES = {Symbology.EAN13: 95, Symbology.EAN8: 67}
_QR_LEVELS = {"L": 1, "M": 0, "Q": 3, "H": 2}  # as ISO/IEC 18004 numbers them
_QR_QUIET, _DATAMATRIX_QUIET = 4, 2
# Data codewords and modules of the square symbols of DataMatrix ECC 200 (ISO/IEC 16022, table 7).
_DATAMATRIX = (
    (3, 10), (5, 12), (8, 14), (12, 16), (18, 18), (22, 20), (30, 22), (36, 24), (44, 26), (62, 32), (86, 36),
    (114, 40), (144, 44), (174, 48), (204, 52), (280, 64), (368, 72), (456, 80), (576, 88), (696, 96), (816, 104),
)  # fmt: skip


class Chunk(NamedTuple):
    """A stretch of a Code 128 in one code set; ``GS`` in ``text`` stands for FNC1."""

    code_set: Literal["B", "C"]
    text: str


def checked(symbology: Symbology, data: str) -> str:
    """Return ``data`` if the symbology can carry it.

    Raises:
        ValueError: wrong digits, or characters that it does not have.
    """
    if symbology in _EAN_DIGITS:
        digits = _EAN_DIGITS[symbology]
        if len(data) != digits or not is_digits(data) or int(data[-1]) != check_digit(data[:-1]):
            raise ValueError(f"{symbology.value} {data!r} is not {digits} digits with the right check digit")
    elif symbology is not Symbology.QR:
        separators = GS if symbology in (Symbology.GS1_128, Symbology.GS1_DATAMATRIX) else ""
        if odd := {character for character in data if not " " <= character <= "~" and character not in separators}:
            raise ValueError(f"{symbology.value} {data!r} holds {sorted(odd)}, which it cannot carry")
    return data


def chunks(data: str, *, gs1: bool) -> list[Chunk]:
    """Return ``data`` as stretches of code set B and C: C where it saves bars, FNC1 in front of GS1 data.

    >>> chunks("ABC123456", gs1=False)
    [Chunk(code_set='B', text='ABC'), Chunk(code_set='C', text='123456')]
    """
    data = GS + data if gs1 else data
    found: list[Chunk] = []
    at = 0
    while at < len(data):
        pairs = _pairs(data, at)
        least = 4 if at == 0 or at + len(pairs) == len(data) else 6
        digits = len(pairs) - pairs.count(GS)
        if digits >= least or (digits == len(data) and digits):
            found.append(Chunk("C", pairs))
            at += len(pairs)
            continue
        end = at + 1
        while end < len(data) and not _worth_c(data, end):
            end += 1
        found.append(Chunk("B", data[at:end]))
        at = end
    return found


def _worth_c(data: str, at: int) -> bool:
    pairs = _pairs(data, at)
    digits = len(pairs) - pairs.count(GS)
    return digits >= (4 if at + len(pairs) == len(data) else 6)


def _pairs(data: str, at: int) -> str:
    """Return what of ``data`` from ``at`` goes into set C: pairs of digits, and FNC1 between them."""
    end = at
    while end < len(data):
        if data[end] == GS:
            end += 1
        elif is_digits(data[end : end + 2]) and end + 2 <= len(data):
            end += 2
        else:
            break
    return data[at:end].rstrip(GS) if at else data[at:end]


def linear_modules(symbology: Symbology, data: str) -> int:
    """Return the bars' width in modules, without quiet zones."""
    if symbology in _EAN_MODULES:
        return _EAN_MODULES[symbology]
    parts = chunks(data, gs1=symbology is Symbology.GS1_128)
    symbols = sum(_symbols(part) for part in parts) + len(parts) - 1  # and one to change from set to set
    return 11 * (symbols + 2) + 13


def _symbols(part: Chunk) -> int:
    marks = part.text.count(GS)
    return marks + ((len(part.text) - marks) // 2 if part.code_set == "C" else len(part.text) - marks)


def matrix_modules(symbology: Symbology, data: str, level: str = "M") -> tuple[int, int]:
    """Return side and quiet zone in modules; printers that compress better may draw a smaller symbol, never a larger.

    Raises:
        ValueError: too much data for any symbol.
    """
    if symbology is Symbology.QR:
        return 17 + 4 * _qr_version(len(data.encode()), level), _QR_QUIET
    words = _codewords(data) + (symbology is Symbology.GS1_DATAMATRIX)
    at = bisect.bisect_left(_DATAMATRIX, (words, 0))
    if at == len(_DATAMATRIX):
        raise ValueError(f"{symbology.value} of {len(data)} characters is over {_DATAMATRIX[-1][0]} codewords")
    return _DATAMATRIX[at][1], _DATAMATRIX_QUIET


def _qr_version(size: int, level: str) -> int:
    limits = util.BIT_LIMIT_TABLE[_QR_LEVELS[level]]
    for version in range(1, 41):
        if 4 + (8 if version < 10 else 16) + 8 * size <= limits[version]:
            return version
    raise ValueError(f"QR data of {size} bytes at level {level} is over {(limits[40] - 20) // 8}")


def _codewords(data: str) -> int:
    """Return the codewords of ASCII encodation: a pair of digits takes one."""
    return sum((len(run) + 1) // 2 if digits else len(run) for digits, run in _runs(data))


def _runs(data: str) -> list[tuple[bool, str]]:
    return [(digits, "".join(run)) for digits, run in itertools.groupby(data, key=is_digits)]
