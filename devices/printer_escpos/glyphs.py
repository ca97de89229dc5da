"""Text drawn dot by dot, for characters that a printer has no glyphs of: rare names, emoji, Chinese on printers without Chinese.

Pillow is imported when the first such character comes: most stores never need it.
"""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageFont

# Fixed-width and Chinese first; the others fill in what those have not (𠮷 and emoji need Noto CJK or Unifont, and Symbola).
FONTS: tuple[tuple[str, int], ...] = (
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 1),
    ("/usr/share/fonts/opentype/noto/NotoSansMonoCJK-Regular.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 7),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/noto/NotoEmoji-Regular.ttf", 0),
    ("/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0),
    ("/usr/share/fonts/opentype/unifont/unifont.otf", 0),
    ("/usr/share/fonts/opentype/unifont/unifont_upper.otf", 0),
)
_CELL_ROWS = 24
_NO_CHARACTER = "\U0010fffe"  # no font has it, so it shows what a font draws for what it has not


DrawnLine = Sequence[tuple[str, int]]
"""One line to draw: each character with the columns it takes."""


class Glyphs:
    """Fonts of this machine, asked in order."""

    def __init__(self, fonts: Sequence[tuple[str, int]] = FONTS) -> None:
        self._fonts = [(path, face) for path, face in fonts if Path(path).is_file()]
        self._found: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Whether there is any font at all."""
        return bool(self._fonts)

    def knows(self, character: str) -> bool:
        """Whether a font has a glyph of ``character``."""
        return self._font_of(character) >= 0

    def draw(
        self, lines: Sequence[DrawnLine], cell_dots: int, scale: tuple[int, int], width_dots: int, *, bold: bool
    ) -> bytes:
        """Return ``lines`` one below the other as rows of bits, each ``width_dots`` (by 8) wide; ``scale`` is (wider, taller)."""
        return b"".join(_bits(self._sheet(line, cell_dots, scale, bold=bold), width_dots) for line in lines)

    def _sheet(self, line: DrawnLine, cell_dots: int, scale: tuple[int, int], *, bold: bool) -> "Image.Image":
        from PIL import Image

        wide, tall = scale
        # Drawn as tall as it shall be and then stretched sideways: two scales of one outline, no doubled dots.
        width = max(1, sum(columns for _, columns in line)) * cell_dots * tall
        sheet, x = Image.new("L", (width, line_rows(tall)), 255), 0
        for character, columns in line:
            box = (columns * cell_dots * tall, _CELL_ROWS * tall)
            if character != " ":
                sheet.paste(self._glyph(character, box, bold=bold), (x, 0))
            x += box[0]
        return sheet if wide == tall else sheet.resize((sheet.width * wide // tall, sheet.height))

    def _glyph(self, character: str, box: tuple[int, int], *, bold: bool) -> "Image.Image":
        return _drawn(self._fonts[max(0, self._font_of(character))], character, box, bold)

    def _font_of(self, character: str) -> int:
        found = self._found.get(character)
        if found is None:
            found = next((i for i, font in enumerate(self._fonts) if _has(font, character)), -1)
            if len(self._found) < 8192:
                self._found[character] = found
        return found


@functools.lru_cache(maxsize=32)
def _opened(font: tuple[str, int], size: int) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    return ImageFont.truetype(font[0], size, index=font[1])


@functools.lru_cache(maxsize=16)
def _missing(font: tuple[str, int]) -> tuple[tuple[int, int], bytes]:
    mask = _opened(font, _CELL_ROWS).getmask(_NO_CHARACTER, mode="1")
    return mask.size, bytes(mask)


def _has(font: tuple[str, int], character: str) -> bool:
    mask = _opened(font, _CELL_ROWS).getmask(character, mode="1")
    return character == " " or (bool(mask.getbbox()) and (mask.size, bytes(mask)) != _missing(font))


@functools.lru_cache(maxsize=2048)
def _drawn(font: tuple[str, int], character: str, box: tuple[int, int], bold: bool) -> "Image.Image":
    from PIL import Image, ImageDraw

    width, height = box
    opened = _opened(font, round(height * 0.92))
    natural = max(1, round(opened.getlength(character)))
    cell = Image.new("L", (max(width, natural), height), 255)
    draw = ImageDraw.Draw(cell)
    for shift in (0, max(1, height // 24)) if bold else (0,):
        draw.text(
            ((cell.width - natural) // 2 + shift, round(height * 0.8)), character, fill=0, font=opened, anchor="ls"
        )
    return cell if cell.width == width else cell.resize((width, height))


def _bits(sheet: "Image.Image", width_dots: int) -> bytes:
    from PIL import Image

    padded = Image.new("L", (width_dots, sheet.height), 255)
    padded.paste(sheet, (0, 0))
    return padded.point(lambda level: 255 if level < 150 else 0).convert("1").tobytes()


def line_rows(tall: int) -> int:
    """Return the rows of one drawn line, as far from the next as the printer's own lines are."""
    return _CELL_ROWS * tall + 6
