"""Glyphs for the paper: one font file with Chinese and fixed-width Latin letters, found on the machine."""

from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

CANDIDATES = (
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 1),  # index 1 is the fixed-width face
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/opentype/noto/NotoSansMonoCJK-Regular.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 5),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
)


class FontMissing(RuntimeError):
    """No font with Chinese glyphs is installed."""


def find_font() -> tuple[str, int]:
    """Return path and face of the first font that exists.

    Raises:
        FontMissing: none of them does.
    """
    for path, face in CANDIDATES:
        if Path(path).is_file():
            return path, face
    looked = ", ".join(Path(path).name for path, _ in CANDIDATES)
    raise FontMissing(f"no font with Chinese glyphs found (looked for {looked}): apt install fonts-wqy-microhei")


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path, face = find_font()
    return ImageFont.truetype(path, size, index=face)


@lru_cache(maxsize=4096)
def glyph(character: str, width: int, height: int, *, bold: bool) -> Image.Image:
    """Return ``character`` drawn black (0) on white (255) in a cell of ``width`` × ``height`` dots, mode ``L``."""
    # A little smaller than the cell, on a baseline that leaves room for the feet of g and y.
    size, foot = (22, 18.5) if character.isascii() else (23, 19.5)
    font, baseline = _font(round(height * size / 24)), round(height * foot / 24)
    natural = max(1, round(font.getlength(character)))
    drawn = width if 0.85 * width <= natural <= width else natural
    cell = Image.new("L", (drawn, height), 255)
    draw = ImageDraw.Draw(cell)
    left = (drawn - natural) // 2
    for shift in (0, max(1, height // 24)) if bold else (0,):
        draw.text((left + shift, baseline), character, fill=0, font=font, anchor="ls")
    if drawn != width:
        cell = cell.resize((width, height), Image.Resampling.LANCZOS)
    return cell
