"""From millimetres to dots: where each mark stands, with codes as large as their boxes allow."""

from typing import NamedTuple, Protocol

from PIL import Image, ImageDraw

from devices.label import Align, BigPrice, Box, Element, LabelDocument, Linear, Matrix, Picture, Symbology, Text
from devices.labelling.codes import QUIET, checked, linear_modules, matrix_modules
from devices.labelling.lettering import LEADING, Bitmap, Lettering, Setting, bits_of, clean, fit

MIN_MODULE_DOTS = 2
"""Narrowest module that thermal printers print and scanners read: at 203 dpi 0.25 mm."""
_READABLE_MODULES = 12  # what the figures below the bars need, in modules of the code
_NEAR = 0.8  # a font of fixed sizes is used down to this part of the size asked for


class Dots(NamedTuple):
    """Black dots from a picture or from drawn letters."""

    x: int
    y: int
    bitmap: Bitmap


class Letters(NamedTuple):
    """Text in the printer's own font: lines from the top, ``size`` dots to the em, in a box of ``width`` dots."""

    x: int
    y: int
    width: int
    setting: Setting
    align: Align
    bold: bool


class Bars(NamedTuple):
    """A linear code; ``height`` is that of the bars, figures come below."""

    x: int
    y: int
    symbology: Symbology
    data: str
    module: int
    height: int
    readable: bool


class Square(NamedTuple):
    """A matrix code without its quiet zone."""

    x: int
    y: int
    symbology: Symbology
    data: str
    module: int
    side: int
    level: str


class Frame(NamedTuple):
    """A box of lines ``line`` dots thick, filled when ``line`` is 0."""

    x: int
    y: int
    width: int
    height: int
    line: int


Mark = Dots | Letters | Bars | Square | Frame


class OwnFonts(Protocol):
    """Which texts a printer sets by itself, and how wide they get."""

    def covers(self, text: str, *, bold: bool) -> bool:
        """Whether the printer has every glyph of ``text``, in bold if it is to be."""

    def size(self, wanted: int) -> int:
        """Return the size in dots that comes nearest to ``wanted`` from below."""

    def width(self, text: str, size: int) -> int:
        """Return the width of ``text`` in dots, rather too large than too small."""


class NoFonts:
    """A printer whose fonts are not used: every text is drawn here."""

    def covers(self, text: str, *, bold: bool) -> bool:
        """No text."""
        return False

    def size(self, wanted: int) -> int:
        """Return ``wanted``."""
        return wanted

    def width(self, text: str, size: int) -> int:
        """Return the width of square characters."""
        return len(text) * size


class Setter:
    """Sets documents for one printer."""

    def __init__(self, dots_per_mm: int, letters: Lettering, own: OwnFonts) -> None:
        self._dots_per_mm, self._letters, self._own = dots_per_mm, letters, own

    def dots(self, length_mm: float) -> int:
        """Return a length in dots."""
        return round(length_mm * self._dots_per_mm)

    def set(self, document: LabelDocument) -> list[Mark]:
        """Return the marks of a label.

        Raises:
            ValueError: data that no such code carries, a code that does not fit its box, or nothing to print at all.
        """
        marks = [mark for element in document.elements for mark in self._marks(element)]
        if not marks:  # printers answer an empty label with no label, and the count would be wrong
            raise ValueError("there is nothing on the label")
        return marks

    def _marks(self, element: Element) -> list[Mark]:
        x, y = self.dots(element.x_mm), self.dots(element.y_mm)
        match element:
            case Text():
                return self._text(element, x, y)
            case BigPrice():
                return [Dots(x, y, self._price(element))]
            case Linear():
                return [self._bars(element, x, y)]
            case Matrix():
                return [self._square(element, x, y)]
            case Box():
                sides = max(1, self.dots(element.width_mm)), max(1, self.dots(element.height_mm))
                line = max(1, self.dots(element.line_mm)) if element.line_mm else 0
                return [Frame(x, y, *sides, line)]
            case Picture():
                return [Dots(x, y, self._picture(element))]

    def _text(self, element: Text, x: int, y: int) -> list[Mark]:
        text, width, size = clean(element.text), self.dots(element.width_mm), self.dots(element.size_mm)
        if not text.strip():
            return []
        if own := self._in_own_font(element, text, size, width):
            return [Letters(x, y, width, own, element.align, element.bold)]
        setting = fit(text, size, width, element.lines, self._letters.width, whole=element.whole)
        bitmap = self._letters.draw(setting, width, element.align, bold=element.bold, inverse=element.inverse)
        # Smaller than asked for: it stands in the middle of the height that was planned for it.
        return [Dots(x, y + max(0, round((size - setting.size) * LEADING) // 2), bitmap)]

    def _in_own_font(self, element: Text, text: str, size: int, width: int) -> Setting | None:
        """Return how the printer itself sets the text, None where it cannot or would set it much smaller than asked."""
        own = self._own
        if element.inverse or not own.covers(text, bold=element.bold):
            return None
        setting = fit(text, own.size(size), width, element.lines, own.width, whole=element.whole)
        whole = all(own.covers(line, bold=element.bold) for line in setting.lines)
        near = own.size(setting.size) == setting.size >= size * _NEAR
        return setting if whole and near else None

    def _price(self, element: BigPrice) -> Bitmap:
        width, height = self.dots(element.width_mm), self.dots(element.height_mm)
        size = round(height * 1.2)  # figures are three quarters of the em high
        while size > 16 and self._price_width(element, size) > width:
            size -= max(1, size // 24)
        picture = Image.new("L", (width, height), 255)
        pen = ImageDraw.Draw(picture)
        spare = width - self._price_width(element, size)
        left = {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[element.align]
        left += max(1, size // 24)  # the stroke that makes it bold
        small, foot = round(size * 0.55), (height + round(size * 0.72)) // 2
        for text, em, rise in self._price_parts(element, size, small):
            self._letters.write(pen, (left, foot - rise), text, em, bold=True)
            left += self._letters.width(text, em) + max(1, size // 24)
        return bits_of(picture)

    def _price_parts(self, element: BigPrice, size: int, small: int) -> list[tuple[str, int, int]]:
        """Return text, size and height above the baseline of each part: the symbol small, the decimals raised."""
        fraction = [("." + element.fraction, small, round((size - small) * 0.72))] if element.fraction else []
        # The wide sign of the yuan leaves a gap as wide as a figure; this one stands close.
        symbol = element.symbol.replace("￥", "¥")
        return [(symbol, small, 0), (element.whole, size, 0), *fraction]

    def _price_width(self, element: BigPrice, size: int) -> int:
        parts = self._price_parts(element, size, round(size * 0.55))
        return max(1, size // 24) + sum(self._letters.width(text, em) + max(1, size // 24) for text, em, _ in parts)

    def _bars(self, element: Linear, x: int, y: int) -> Bars:
        data = checked(element.symbology, element.data)
        modules, (left, right) = linear_modules(element.symbology, data), QUIET[element.symbology]
        room = self.dots(element.width_mm)
        module = min(room // (modules + left + right), 6)
        if module < MIN_MODULE_DOTS:
            raise ValueError(
                f"{element.symbology.value} {data!r} of {modules} modules with quiet zones does not fit on {room} dots"
            )
        spare = room - module * (modules + left + right)
        shift = {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[element.align]
        height = self.dots(element.height_mm) - (_READABLE_MODULES * module if element.readable else 0)
        if height < self.dots(3):
            raise ValueError(f"bars {element.height_mm} mm high with their figures are too low to be scanned")
        return Bars(x + shift + left * module, y, element.symbology, data, module, height, element.readable)

    def _square(self, element: Matrix, x: int, y: int) -> Square:
        data = checked(element.symbology, clean(element.data) if element.symbology is Symbology.QR else element.data)
        side, quiet = matrix_modules(element.symbology, data, element.level)
        room = self.dots(element.size_mm)
        module = min(room // (side + 2 * quiet), 10)
        if module < MIN_MODULE_DOTS:
            raise ValueError(
                f"{element.symbology.value} of {side} modules with quiet zones does not fit on {room} dots"
            )
        inset = (room - module * side) // 2
        return Square(x + inset, y + inset, element.symbology, data, module, side, element.level)

    def _picture(self, element: Picture) -> Bitmap:
        stride = (element.columns + 7) // 8
        whole = Image.frombytes("1", (element.columns, len(element.bits) // stride), element.bits)
        box = max(1, self.dots(element.width_mm)), max(1, self.dots(element.height_mm))
        return bits_of(whole.convert("L").resize(box, Image.Resampling.NEAREST).point(lambda level: 255 - level))
