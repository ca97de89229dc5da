"""A TSPL printer, written from the reference (§2.2) and never from the driver."""

import re
from collections import Counter
from collections.abc import Callable

from PIL import Image

from firmware_sim.label import linear, symbols
from firmware_sim.label.canvas import Canvas, box, diagonal, dots, ellipse, turned
from firmware_sim.label.lettering import Face, line_of
from firmware_sim.label.machine import Job
from firmware_sim.label.model import LabelModel
from firmware_sim.label.symbols import GS, Code, Symbol
from firmware_sim.label.tspl_parser import Command, Parser

# Height and width of the cells of the built-in fonts at 203 dpi.
_FONTS = {
    "1": (12, 8),
    "2": (20, 12),
    "3": (24, 16),
    "4": (32, 24),
    "5": (48, 32),
    "6": (19, 14),
    "7": (27, 21),
    "8": (25, 14),
}
_CHINESE = {"TSS24.BF2": 24, "TSS20.BF2": 20, "TSS16.BF2": 16, "TST24.BF2": 24}
_IGNORED_NAMES = (
    "DIRECTION GAP BLINE OFFSET SPEED DENSITY SHIFT SET CODEPAGE COUNTRY SOUND FEED BACKFEED FORMFEED HOME CUT LIMITFEED "
    "SELFTEST EOJ DELAY DISPLAY INITIALPRINTER BEEP REFERENCE"
)
_IGNORED = frozenset(_IGNORED_NAMES.split())
_TURNS = {0: "N", 90: "R", 180: "I", 270: "B"}


class TsplPrinter:
    """Reads the stream and composes labels; ``emit`` takes what is ready.

    Attributes:
        unknown: commands that it does not know, and how often they came.
    """

    def __init__(self, model: LabelModel, emit: Callable[[Job], None]) -> None:
        self.unknown: Counter[str] = Counter()
        self._model, self._emit = model, emit
        self._parser = Parser()
        self._width, self._height = model.width_dots, model.length_dots
        self._origin = (0, 0)
        self._canvas = Canvas(self._width, self._height)
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._size += len(data)
        for command in self._parser.feed(data):
            self._execute(command)

    def reset(self) -> None:
        """Be as if just switched on."""
        self._parser.clear()
        self._width, self._height, self._origin = self._model.width_dots, self._model.length_dots, (0, 0)
        self._clear()

    def _clear(self) -> None:
        self._canvas = Canvas(self._width, self._height)

    def _execute(self, command: Command) -> None:
        name, given = command.name, (*command.parameters, *[""] * 8)
        content = command.parameters[-1] if command.parameters else ""
        symbol = self._symbol(name, given, content)
        if symbol is not None:
            self._canvas.codes.append(symbol[0].code)
            self._put(symbol[1], given)
            return
        match name:
            case "SIZE":
                self._width = min(self._length(given[0], self._width), self._model.width_dots)
                self._height = self._length(given[1], self._height)
            case "REFERENCE":
                self._origin = (_number(given[0]), _number(given[1]))
            case "CLS":
                self._clear()
            case "TEXT":
                self._text(given, [part for part in command.parameters[6:] if part][-1:])
            case "BLOCK":
                self._text((*given[:2], *given[4:8]), [part for part in command.parameters[8:] if part][-1:])
            case "BITMAP":
                self._bitmap(given, command.data)
            case "PRINT":
                copies = max(1, _number(given[0], 1)) * max(1, _number(given[1], 1))
                canvas = self._canvas
                self._emit(Job(canvas.finished(), copies, tuple(canvas.texts), tuple(canvas.codes), self._size))
                self._size = 0
            case _ if (ink := _shape(name, given)) is not None:
                x, y = min(_number(given[0]), _number(given[2])), min(_number(given[1]), _number(given[3]))
                place = (x, y) if name in ("BOX", "DIAGONAL") else (_number(given[0]), _number(given[1]))
                self._canvas.ink(ink, *self._moved(place), white=name == "ERASE", reverse=name == "REVERSE")
            case _ if name not in _IGNORED and not self._unprinted(name):
                self.unknown[name[:24]] += 1
                if len(self.unknown) > 200:
                    self.unknown.clear()

    def _unprinted(self, name: str) -> bool:
        return name in ("BARCODE", "QRCODE", "DMATRIX", "PDF")

    def _length(self, text: str, otherwise: int) -> int:
        """Return a length in dots: ``40 mm``, ``320 dot``, or inches."""
        found = re.match(r"\s*(\d{1,4}(?:\.\d{1,3})?)\s*(mm|dot)?", text)
        if found is None:
            return otherwise
        scale = {"mm": self._model.dots_per_mm, "dot": 1, None: 25.4 * self._model.dots_per_mm}[found[2]]
        return max(8, round(float(found[1]) * scale))

    def _moved(self, place: tuple[int, int]) -> tuple[int, int]:
        return place[0] + self._origin[0], place[1] + self._origin[1]

    def _put(self, ink: Image.Image, given: tuple[str, ...]) -> None:
        self._canvas.ink(ink, *self._moved((_number(given[0]), _number(given[1]))))

    def _text(self, given: tuple[str, ...], content: list[str]) -> None:
        font, turn = given[2].upper(), _TURNS.get(_number(given[3]), "N")
        wide, tall = (max(1, min(10, _number(value, 1))) for value in given[4:6])
        if not content:
            return
        text = "".join(character for character in content[0] if character.isprintable())
        if font in _CHINESE and font in self._model.fonts:
            cell = _CHINESE[font]
            ink = line_of(text, Face(chinese=True, foot=0.86), cell * tall, cell // 2 * wide)
        elif font in _FONTS:
            height, width = _FONTS[font]
            ink = line_of(text, Face(cell=(height, width), foot=0.78), height * tall, width * wide)
        elif font in ("0", "ROMAN.TTF"):
            size = round(_number(given[5], 12) * self._model.dots_per_mm * 25.4 / 72)  # in points
            ink = line_of(text, Face(), size, size)
        else:
            self.unknown[f"font {font}"[:24]] += 1  # a font that is not there prints nothing
            return
        self._canvas.texts.append(text)
        self._put(turned(ink, turn), given)

    def _bitmap(self, given: tuple[str, ...], data: bytes) -> None:
        row_bytes = _number(given[2])
        if row_bytes and data:
            ink = dots(bytes(byte ^ 0xFF for byte in data), row_bytes)  # here 0 is black
            place = self._moved((_number(given[0]), _number(given[1])))
            self._canvas.ink(ink, *place, reverse=given[4] == "2")

    def _symbol(self, name: str, given: tuple[str, ...], content: str) -> tuple[Symbol, Image.Image] | None:
        match name:
            case "QRCODE":
                symbol = symbols.qr(content, given[2].upper(), max(1, min(10, _number(given[3], 4))))
                return symbol, turned(symbol.ink, _TURNS.get(_number(given[5]), "N"))
            case "DMATRIX":
                return self._datamatrix(given, content)
            case "BARCODE":
                return self._bars(given, content)
            case _:
                return None

    def _datamatrix(self, given: tuple[str, ...], content: str) -> tuple[Symbol, Image.Image]:
        module, escape = 4, ""
        for option in given[4:8]:
            if found := re.fullmatch(r"x(\d{1,2})", option):
                module = max(1, int(found[1]))
            elif found := re.fullmatch(r"c(\d{1,3})", option):
                escape = chr(int(found[1]) % 256)
        gs1 = bool(escape) and content.startswith(f"{escape}1")
        text = content.replace(f"{escape}1", GS) if escape else content
        symbol = symbols.datamatrix(text.removeprefix(GS) if gs1 else text, module, gs1=gs1)
        return symbol, symbol.ink

    def _bars(self, given: tuple[str, ...], content: str) -> tuple[Symbol, Image.Image] | None:
        kind, height, readable = given[2].upper(), _number(given[3], 40), _number(given[4])
        narrow, wide = max(1, _number(given[6], 2)), max(1, _number(given[7], 2))
        symbol = _linear(kind, content, narrow, wide / narrow, min(max(height, 1), 2000))
        if symbol is None:
            return None
        ink = _below(symbol) if readable else symbol.ink
        return symbol, turned(ink, _TURNS.get(_number(given[5]), "N"))


def _linear(kind: str, content: str, narrow: int, ratio: float, height: int) -> Symbol | None:
    retail = {"EAN13": "ean13", "EAN8": "ean8", "UPCA": "upca", "UPCE": "upce"}
    if kind in retail:
        return symbols.retail(retail[kind], content, narrow, height)
    if kind in ("128", "EAN128", "128M"):
        values = _by_hand(content) if kind == "128M" else symbols.values_of(content, gs1=kind == "EAN128")
        return symbols.code128(values, narrow, height)
    if kind in ("39", "39C"):
        return Symbol(
            Code("code39", content), symbols.bars(linear.code39(content, max(2, ratio)), narrow, height), content
        )
    if kind == "93":
        return Symbol(Code("code93", content), symbols.bars(linear.code93(content), narrow, height), content)
    if kind in ("25", "25C") and (digits := re.sub(r"\D", "", content)):
        widths = linear.interleaved(digits, max(2, ratio))
        return Symbol(
            Code("itf", digits.zfill(len(digits) + len(digits) % 2)), symbols.bars(widths, narrow, height), digits
        )
    return None


def _by_hand(content: str) -> list[int]:
    """Return symbol values of type 128M: ``!`` and three digits are a value, everything else goes by the set in force."""
    values: list[int] = []
    code_set, at = "B", 0
    while at < len(content):
        if order := re.match(r"!(\d{3})", content[at:]):
            values.append(min(int(order[1]), 105))
            code_set = {99: "C", 105: "C", 100: "B", 104: "B"}.get(values[-1], code_set)
            at += 4
        elif code_set == "C" and content[at : at + 2].isdecimal() and len(content[at : at + 2]) == 2:
            values.append(int(content[at : at + 2]))
            at += 2
        else:
            values.append(max(0, min(94, ord(content[at]) - 32)))
            at += 1
    return values if values and values[0] >= linear.START_A else [linear.START_B, *values]


def _below(symbol: Symbol) -> Image.Image:
    text = line_of(symbol.readable, Face(cell=(20, 12), foot=0.78), 20, 12)
    if text.width > symbol.ink.width:
        text = text.resize((symbol.ink.width, text.height))
    whole = Image.new("L", (symbol.ink.width, symbol.ink.height + 4 + text.height))
    whole.paste(symbol.ink, (0, 0))
    whole.paste(text, ((whole.width - text.width) // 2, symbol.ink.height + 4))
    return whole


def _shape(name: str, given: tuple[str, ...]) -> Image.Image | None:
    first = [_number(value) for value in given[:6]]
    across, down = abs(first[2] - first[0]), abs(first[3] - first[1])
    match name:
        case "BOX":
            return box(across, down, max(1, first[4]), first[5])
        case "BAR" | "ERASE" | "REVERSE":
            return box(first[2], first[3], max(first[2], first[3], 1)).crop((0, 0, max(1, first[2]), max(1, first[3])))
        case "CIRCLE":
            return ellipse(first[2], first[2], max(1, first[3]))
        case "ELLIPSE":
            return ellipse(first[2], first[3], max(1, first[4]))
        case "DIAGONAL":
            return diagonal(across, down, max(1, first[4]), falling=(first[2] > first[0]) == (first[3] > first[1]))
        case _:
            return None


def _number(text: str, otherwise: int = 0) -> int:
    # Only the digits: int() does not take every kind of space that a pattern takes.
    found = re.match(r"\s*(-?[0-9]{1,7})", text)
    return int(found[1]) if found else otherwise
