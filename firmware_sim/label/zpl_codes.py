"""Codes of ZPL fields: parameters and data of each command into a symbol."""

import re
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from firmware_sim.label import linear, symbols
from firmware_sim.label.canvas import turned
from firmware_sim.label.lettering import Face, line_of
from firmware_sim.label.symbols import GS, Code, Symbol
from firmware_sim.label.zpl_field import Field
from firmware_sim.label.zpl_text import decoded

_HRI = Face(cell=(18, 10))


class Drawn(NamedTuple):
    """A symbol as it lies on the label; ``drop`` is how far below its top a baseline origin (^FT) points."""

    code: Code
    ink: Image.Image
    drop: int


class _Given:
    """The parameters of a code command, by place, with what holds when they are missing."""

    def __init__(self, field: Field) -> None:
        self._given = field.parameters
        self.module, self.ratio, self._height = field.bar
        self.orientation = self.word(0, "N")[:1].upper()

    def word(self, place: int, otherwise: str) -> str:
        return self._given[place] if place < len(self._given) and self._given[place] else otherwise

    def number(self, place: int, otherwise: int, most: int = 9999) -> int:
        found = re.match(r"\d{1,6}", self.word(place, ""))
        return max(1, min(most, int(found[0]))) if found else otherwise

    def yes(self, place: int, *, otherwise: bool) -> bool:
        return self.word(place, "Y" if otherwise else "N")[:1].upper() == "Y"

    def height(self, place: int) -> int:
        return self.number(place, self._height)


def draw(field: Field, data: bytes) -> Drawn | None:
    """Return the field's code, None for data that the printer answers with nothing."""
    text = decoded(data, field.escape, field.encoding)
    given = _Given(field)
    maker, readable, above = CODES[field.code]
    symbol = maker(given, text)
    if symbol is None:
        return None
    shown = given.yes(readable, otherwise=True) if readable else False
    over = shown and above > 0 and given.yes(above, otherwise=False)
    ink = _with_text(symbol, given.module, over=over) if shown and symbol.readable else symbol.ink
    drop = symbol.ink.height + (ink.height - symbol.ink.height if over else 0)
    whole = turned(ink, given.orientation)
    return Drawn(symbol.code, whole, drop if given.orientation == "N" else whole.height)


def _with_text(symbol: Symbol, module: int, *, over: bool) -> Image.Image:
    del module
    times = max(1, min(3, symbol.ink.width // (12 * max(1, len(symbol.readable)))))
    text = line_of(symbol.readable, _HRI, 18 * times, 12 * times)
    if text.width > symbol.ink.width * 1.2:
        text = text.resize((symbol.ink.width, text.height))
    gap = 4
    width, shift = max(symbol.ink.width, text.width), max(0, text.width - symbol.ink.width) // 2
    whole = Image.new("L", (width, symbol.ink.height + gap + text.height))
    whole.paste(symbol.ink, (shift, text.height + gap if over else 0))
    whole.paste(text, ((width - text.width) // 2, 0 if over else symbol.ink.height + gap))
    return whole.crop((shift, 0, whole.width, whole.height)) if shift and not over else whole


def _retail(kind: str) -> "_Maker":
    return lambda given, text: symbols.retail(kind, text, given.module, given.height(1))


def _code128(given: _Given, text: str) -> Symbol:
    mode = given.word(5, "N")[:1].upper()
    if mode == "N" or text.startswith(">"):
        values = _invoked(text)
    elif mode == "U":
        values = symbols.values_of(re.sub(r"\D", "", text)[:19], gs1=True)
    elif mode == "D":
        values = symbols.values_of(re.sub(r"[() ]", "", text).replace(">8", GS), gs1=True)
    else:
        values = symbols.values_of(text)
    return symbols.code128(values, given.module, given.height(1))


_STARTS = {">9": linear.START_A, ">:": linear.START_B, ">;": linear.START_C}
_INVOKED = {">1": 95, ">2": 96, ">3": 97, ">4": 98, ">5": 99, ">6": 100, ">7": 101, ">8": 102, ">=": 94, ">0": 30}


def _invoked(text: str) -> list[int]:
    """Return symbol values of mode N: set B unless the data says otherwise, sets changed by ``>5`` to ``>7``."""
    start = _STARTS.get(text[:2], linear.START_B)
    rest = text[2:] if text[:2] in _STARTS else text
    values, code_set = [start], {linear.START_A: "A", linear.START_B: "B", linear.START_C: "C"}[start]
    at = 0
    while at < len(rest):
        pair = rest[at : at + 2]
        if pair in _INVOKED:
            values.append(_INVOKED[pair])
            code_set = {">5": "C", ">6": "B", ">7": "A"}.get(pair, code_set)
            at += 2
        elif code_set == "C":
            if pair.isascii() and pair.isdigit() and len(pair) == 2:
                values.append(int(pair))
            at += 2
        else:
            value = ord(rest[at]) - 32
            values += [value] if 0 <= value < 95 else []
            at += 1
    return values


def _code39(given: _Given, text: str) -> Symbol:
    widths = linear.code39(text, given.ratio, check=given.yes(1, otherwise=False))
    return Symbol(
        Code("code39", text.upper()), symbols.bars(widths, given.module, given.height(2)), f"*{text.upper()}*"
    )


def _code93(given: _Given, text: str) -> Symbol:
    shown = text.upper()
    return Symbol(Code("code93", shown), symbols.bars(linear.code93(shown), given.module, given.height(1)), shown)


def _interleaved(given: _Given, text: str) -> Symbol | None:
    digits = re.sub(r"\D", "", text)
    if not digits:
        return None
    digits = digits if len(digits) % 2 == 0 else "0" + digits
    widths = linear.interleaved(digits, given.ratio)
    return Symbol(Code("itf", digits), symbols.bars(widths, given.module, given.height(1)), digits)


def _codabar(given: _Given, text: str) -> Symbol:
    start, stop = given.word(5, "A")[:1], given.word(6, "A")[:1]
    return symbols.by_library("codabar", f"{start}{text}{stop}", given.module, max(1, given.height(2) // 50))


def _qr(given: _Given, text: str) -> Symbol:
    # Error correction, how the mode is chosen, a comma: QA, MM,B0005 … (Q and automatic where they are missing).
    found = re.match(r"([HQML]?)([AM]),(?:([NA])|B\d{4})?", text) if re.match(r"[HQML]?[AM],", text) else None
    level = (found[1] if found else "") or given.word(3, "Q")
    data = text
    if found:
        data = text[found.end() :] if found[2] == "M" else text[text.index(",") + 1 :]
    return symbols.qr(data, level, given.number(2, 3, 100))


def _datamatrix(given: _Given, text: str) -> Symbol:
    escape = given.word(6, "_")[:1]
    gs1 = text.startswith(f"{escape}1")
    mark = re.escape(escape)

    def meant(found: re.Match[str]) -> str:
        if found[1] == "1":
            return GS
        return chr(int(found[1][1:])) if found[1][0] == "d" else found[1]

    data = re.sub(rf"{mark}(1|d\d{{3}}|{mark})", meant, text)
    return symbols.datamatrix(data.removeprefix(GS) if gs1 else data, given.number(1, 4, 40), gs1=gs1)


def _pdf417(given: _Given, text: str) -> Symbol:
    options: dict[str, object] = {}
    if (level := given.word(2, "")).isdigit() and int(level) <= 8:
        options["ec_level"] = level
    if (columns := given.word(3, "")).isdigit() and 1 <= int(columns) <= 30:
        options["columns"] = int(columns)
    # The library draws rows three modules high; the command gives the height of a row in dots.
    return symbols.by_library("pdf417", text, given.module, max(1, round(given.number(1, 6) / 3)), **options)


def _maxicode(given: _Given, text: str) -> Symbol:
    return symbols.by_library("maxicode", text, 2, 2)


def _aztec(given: _Given, text: str) -> Symbol:
    module = given.number(1, 3, 10)
    return symbols.by_library("aztec", text, module, module)


def _undrawn(name: str) -> "_Maker":
    return lambda given, text: Symbol(
        Code(f"{name} (not drawn)", text), symbols.bars([1.0, 1.0] * 30 + [1.0], given.module, given.height(1)), text
    )


_Maker = Callable[[_Given, str], Symbol | None]
CODES: dict[str, tuple[_Maker, int, int]] = {
    # what draws it, and at which places the command says whether it is readable and whether above the bars
    "^BC": (_code128, 2, 3),
    "^BE": (_retail("ean13"), 2, 3),
    "^B8": (_retail("ean8"), 2, 3),
    "^BU": (_retail("upca"), 2, 3),
    "^B9": (_retail("upce"), 2, 3),
    "^B3": (_code39, 3, 4),
    "^BL": (_code39, 0, 0),
    "^BA": (_code93, 2, 3),
    "^B2": (_interleaved, 2, 3),
    "^BK": (_codabar, 0, 0),
    "^BQ": (_qr, 0, 0),
    "^BX": (_datamatrix, 0, 0),
    "^B7": (_pdf417, 0, 0),
    "^BD": (_maxicode, 0, 0),
    "^B0": (_aztec, 0, 0),
    "^BO": (_aztec, 0, 0),
    **{f"^B{letter}": (_undrawn(f"^B{letter}"), 2, 0) for letter in "1456FBIJMPRSTZ"},
}
