"""One line being set: glyphs and pictures side by side, then a strip of dots and a line of text."""

import dataclasses
import unicodedata

from PIL import Image, ImageChops

from firmware_sim.printer.fonts import glyph
from firmware_sim.printer.paper import COLUMN_DOTS


@dataclasses.dataclass
class Style:
    """The modes that ESC @ resets.

    Attributes:
        align: 0 left, 1 centre, 2 right.
        wide, tall: multiples 1 to 8.
        small: font B.
        double_byte: characters of two bytes take two columns; in single-byte mode every character takes one.
        spacing_dots: from line to line.
    """

    align: int = 0
    wide: int = 1
    tall: int = 1
    bold: bool = False
    underline: bool = False
    inverse: bool = False
    small: bool = False
    double_byte: bool = False
    spacing_dots: int = 30
    gap_dots: int = 0
    margin_dots: int = 0
    width_dots: int = 0

    def cell(self, character: str) -> tuple[int, int]:
        """Return width and height in dots of one character."""
        base, height = (9, 17) if self.small else (12, 24)
        if self.double_byte and is_wide(character):
            base, height = 24, 24
        return base * self.wide, height * self.tall


def is_wide(character: str) -> bool:
    """Whether a printer in double-byte mode gives it two columns: all that GB18030 writes in two bytes or four."""
    return len(character.encode("gb18030", "replace")) >= 2


@dataclasses.dataclass
class _Piece:
    x: int
    text: str
    width: int
    height: int
    style: Style | None = None
    image: Image.Image | None = None


class Line:
    """Collects pieces at dot positions; ``width`` is the printable width in dots."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._pieces: list[_Piece] = []
        self.x = 0

    def __bool__(self) -> bool:
        """Whether anything stands on the line."""
        return bool(self._pieces)

    def fits(self, width: int) -> bool:
        """Whether ``width`` more dots fit; the first piece always does."""
        return not self._pieces or self.x + width <= self.width

    def add_character(self, character: str, style: Style) -> None:
        """Set one character."""
        width, height = style.cell(character)
        self._pieces.append(_Piece(self.x, character, width, height, dataclasses.replace(style)))
        self.x += width + style.gap_dots

    def add_image(self, image: Image.Image, text: str) -> None:
        """Set a picture; ``text`` stands for it in the journal."""
        self._pieces.append(_Piece(self.x, text, image.width, image.height, None, image))
        self.x += image.width

    def text(self, align: int, margin: int) -> str:
        """Return the line as text, its position kept in columns of font A."""
        offset = self._offset(align) + margin
        line, at = "", 0
        for piece in self._pieces:
            gap = (offset + piece.x) // COLUMN_DOTS - at
            line += " " * max(0, gap)
            line += piece.text
            at = max(at, (offset + piece.x) // COLUMN_DOTS) + max(1, piece.width // COLUMN_DOTS)
        return line

    def height(self) -> int:
        """Return the height in dots of what stands on the line."""
        return max((piece.height for piece in self._pieces), default=0)

    def strip(self, align: int, margin: int, dots: int, rows: int) -> Image.Image:
        """Return the line as dots, ``rows`` high, feet aligned."""
        strip = Image.new("L", (dots, rows), 255)
        offset, foot = self._offset(align) + margin, self.height()
        for piece in self._pieces:
            image = piece.image if piece.image is not None else _drawn(piece)
            strip.paste(image, (offset + piece.x, foot - piece.height))
        return strip

    def _offset(self, align: int) -> int:
        used = max((piece.x + piece.width for piece in self._pieces), default=0)
        free = max(0, self.width - used)
        return {0: 0, 1: free // 2, 2: free}[align]


def _drawn(piece: _Piece) -> Image.Image:
    style = piece.style or Style()
    character = piece.text if unicodedata.category(piece.text)[0] != "C" else " "
    image = glyph(character, piece.width, piece.height, bold=style.bold)
    if style.underline:
        image = image.copy()
        image.paste(0, (0, piece.height - 2, piece.width, piece.height))
    return ImageChops.invert(image) if style.inverse else image
