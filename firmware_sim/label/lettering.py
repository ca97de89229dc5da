"""What printers' fonts look like, roughly: cells of the right size, glyphs of what this machine has.

A glyph that the printer's font lacks stays blank, as on a real one.
"""

import functools
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from firmware_sim.printer.fonts import find_font

_LATIN = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
)
_PLAIN = ImageFont.Layout.BASIC  # one glyph after the other, as printers set them; the other one fails on some texts
_CONDENSED = 0.82  # font 0 is narrower than the one that it is drawn with
_LONGEST_DOTS = 12_000  # far beyond any label: what is farther right is never seen
_MONO = ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",)


class Face(NamedTuple):
    """A font of a printer.

    Attributes:
        cell: height and width of a bitmap font's cell; None for one that scales.
        chinese: has Chinese glyphs, twice as wide as ASCII.
        foot: where the baseline is, as a part of the height.
    """

    cell: tuple[int, int] | None = None
    chinese: bool = False
    foot: float = 0.8


@functools.lru_cache(maxsize=64)
def _font(size: int, *, mono: bool, chinese: bool) -> ImageFont.FreeTypeFont:
    if not chinese:
        for path in _MONO if mono else _LATIN:
            if Path(path).is_file():
                return ImageFont.truetype(path, size, layout_engine=_PLAIN)
    path, face = find_font()
    return ImageFont.truetype(path, size, index=face if mono else 0, layout_engine=_PLAIN)


def line_of(text: str, face: Face, height: int, width: int) -> Image.Image:
    """Return one line as ink (255) in a picture ``height`` dots high; ``width`` is that of a cell, or of an em."""
    height, width = max(1, min(height, 2000)), max(1, min(width, 2000))
    text = text[: max(1, _LONGEST_DOTS // max(1, width // 4))]
    if face.cell is not None or face.chinese:
        return _cells(text, face, height, width)
    drawn = _blanked(text)
    font = _font(max(4, round(height * 0.92)), mono=False, chinese=False)
    natural = max(1, round(font.getlength(drawn)))
    image = Image.new("L", (natural, height))
    ImageDraw.Draw(image).text((0, round(height * face.foot)), drawn, fill=255, font=font, anchor="ls")
    # A width other than the height stretches it.
    return image.resize((max(1, round(natural * _CONDENSED * width / height)), height), Image.Resampling.LANCZOS)


def width_of(text: str, face: Face, height: int, width: int) -> int:
    """Return how wide ``line_of`` would be."""
    if face.cell is not None or face.chinese:
        return width * sum(_wide(character, face) for character in text)
    font = _font(max(4, round(height * 0.92)), mono=False, chinese=False)
    return round(font.getlength(_blanked(text)) * _CONDENSED * width / max(1, height))


def _wide(character: str, face: Face) -> int:
    return 2 if face.chinese and ord(character) >= 0x2E80 else 1


def _blanked(text: str) -> str:
    return "".join(character if ord(character) < 0x250 else " " for character in text)


def _cells(text: str, face: Face, height: int, width: int) -> Image.Image:
    """Characters in cells: ASCII one, Chinese two; ``width`` is that of a cell."""
    wide = [_wide(character, face) for character in text]
    image = Image.new("L", (max(1, sum(wide) * width), height))
    pen, x = ImageDraw.Draw(image), 0
    for character, cells in zip(text if face.chinese else _blanked(text), wide, strict=True):
        size = max(4, round(min(height, cells * width * (1.0 if face.chinese and cells == 2 else 1.65)) * 0.95))
        pen.text(
            (x + cells * width // 2, round(height * face.foot)),
            character,
            fill=255,
            font=_font(size, mono=True, chinese=face.chinese),
            anchor="ms",
        )
        x += cells * width
    return image
