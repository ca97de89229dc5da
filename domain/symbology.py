"""AIM symbology identifiers: ``]`` + a letter for the symbology + a modifier, the one language in which this house names symbologies.

Source: ISO/IEC 15424; GS1 General Specifications, symbology identifiers.
"""

import re

_PATTERN = re.compile(r"\][A-Za-z][0-9A-Za-z]")

_EXACT = {
    "]E0": "EAN-13, UPC-A or UPC-E",
    "]E1": "EAN add-on of 2 digits",
    "]E2": "EAN add-on of 5 digits",
    "]E3": "EAN with add-on",
    "]E4": "EAN-8",
    "]C1": "GS1-128",
    "]I1": "ITF-14",
    "]e0": "GS1 DataBar",
    "]d2": "GS1 DataMatrix",
    "]Q3": "GS1 QR Code",
    "]J1": "GS1 DotCode",
    "]X0": "typed by hand",
}
_LETTERS = {
    "A": "Code 39",
    "B": "Telepen",
    "C": "Code 128",
    "D": "Code One",
    "E": "EAN/UPC",
    "F": "Codabar",
    "G": "Code 93",
    "H": "Code 11",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "M": "MSI",
    "P": "Plessey",
    "Q": "QR Code",
    "R": "Straight 2 of 5 (two bars)",
    "S": "Straight 2 of 5 (three bars)",
    "T": "Code 49",
    "U": "MaxiCode",
    "X": "other",
    "Z": "no code",
    "d": "DataMatrix",
    "e": "GS1 composite",
    "h": "Han Xin",
    "z": "Aztec",
}


def is_aim(text: str) -> bool:
    """Tell whether ``text`` has the form of an identifier, known or not.

    >>> is_aim("]E0"), is_aim("E0")
    (True, False)
    """
    return _PATTERN.fullmatch(text) is not None


def symbology_name(aim: str) -> str:
    """Return the symbology's own name; ``aim`` itself when nobody knows it.

    >>> symbology_name("]C1"), symbology_name("]C2"), symbology_name("]y0")
    ('GS1-128', 'Code 128', ']y0')
    """
    return _EXACT.get(aim) or _LETTERS.get(aim[1:2], aim)
