"""Letters as dots: text broken, shrunk and drawn for printers that lack its glyphs.

A printer without a glyph prints nothing in its place and says nothing (reference §2.1), so Chinese text goes as a
picture unless a model is known to have the font.
"""

import functools
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from devices.breaking import seemly
from devices.errors import DeviceMisconfigured
from devices.receipt import Align

FONTS = (
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
)
ELLIPSIS = "…"
LEADING = 1.18
"""Line pitch as a multiple of the size: less and Chinese lines touch."""
_SMALLEST = 0.7  # of the size asked for; below it a text is cut instead, since nobody reads it from the aisle
# Grey that becomes black: thinner strokes break up on thermal paper, thicker ones clog small characters.
_INK_BELOW = 140
_DOUBLE_STRUCK = 18
"""Dots to the em from which a bold character is struck twice."""


class Bitmap(NamedTuple):
    """Dots: rows from the top, each ``width_bytes`` long, most significant bit left, 1 = black."""

    width_bytes: int
    rows: int
    data: bytes


class Setting(NamedTuple):
    """How a text fits its box: its lines and the size in dots."""

    lines: tuple[str, ...]
    size: int


def clean(text: str) -> str:
    """Return ``text`` without control characters and without characters that turn figures around or stand on others."""
    composed = unicodedata.normalize("NFC", text).replace("\t", " ").replace("¥", "￥")
    return "".join(
        character for character in composed if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )


Measure = Callable[[str, int], int]
"""The width in dots of a text at a size in dots."""


def fit(text: str, size: int, width: int, lines: int, measure: Measure, *, whole: bool = False) -> Setting:
    """Return ``text`` broken into at most ``lines`` lines of ``width`` dots, smaller or cut if it must be; never cut if ``whole``."""
    least = max(8, round(size * _SMALLEST)) if not whole else 8
    while True:
        broken = _broken(text, width, functools.partial(_measured, measure, size))
        if len(broken) <= lines:
            return Setting(tuple(broken), size)
        if size <= least:
            rest = _cut(" ".join(broken[lines - 1 :]), width, functools.partial(_measured, measure, size))
            return Setting((*broken[: lines - 1], rest), size)
        size -= max(1, size // 16)


def _measured(measure: Measure, size: int, text: str) -> int:
    return measure(text, size)


def _broken(text: str, width: int, measure: Callable[[str], int]) -> list[str]:
    broken = []
    while measure(text) > width and len(text) > 1:
        at = _break(text, max(1, _fitting(text, width, measure)))
        broken.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*broken, text]


def _break(text: str, end: int) -> int:
    """Return where the first line ends: at a space, beside a Chinese character, or in need anywhere."""
    for at in range(end, end // 2, -1):
        if text[at] == " " or text[at - 1] == " " or _wide(text[at]) or _wide(text[at - 1]):
            return seemly(text, at)
    return end


def _fitting(text: str, width: int, measure: Callable[[str], int]) -> int:
    """Return how many characters of ``text``, which is too wide, fit."""
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= width else (low, middle - 1)
    return low


def _cut(text: str, width: int, measure: Callable[[str], int]) -> str:
    if measure(text) <= width:
        return text
    return text[: _fitting(text + ELLIPSIS, width - measure(ELLIPSIS), measure)].rstrip() + ELLIPSIS


class Lettering:
    """Draws with one font file."""

    def __init__(self, path: str, face: int = 0) -> None:
        self._path, self._face = path, face
        self._font = functools.lru_cache(maxsize=64)(self._load)

    def _load(self, size: int) -> ImageFont.FreeTypeFont:
        # The plain layout: the same on every machine, and it takes every text.
        return ImageFont.truetype(self._path, size, index=self._face, layout_engine=ImageFont.Layout.BASIC)

    def width(self, text: str, size: int) -> int:
        """Return the width in dots of ``text`` set with ``size`` dots to the em."""
        return round(self._font(size).getlength(text))

    def draw(self, setting: Setting, width: int, align: Align, *, bold: bool = False, inverse: bool = False) -> Bitmap:
        """Return the lines as dots in a box of ``width`` dots."""
        pitch, size = round(setting.size * LEADING), setting.size
        picture = Image.new("L", (width, pitch * len(setting.lines)), 255)
        pen = ImageDraw.Draw(picture)
        for number, line in enumerate(setting.lines):
            spare = max(0, width - self.width(line, size))
            left = {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[align]
            baseline = number * pitch + round(size * 0.95)
            self.write(pen, (left, baseline), line, size, bold=bold)
        return bits_of(picture.point(lambda level: 255 - level) if inverse else picture)

    def write(self, pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, *, bold: bool = False) -> None:
        """Write ``text`` in black, its baseline beginning ``at``."""
        # The fonts that stores have come without a bold face. A stroke all around makes one, but fills small characters
        # up: those are struck twice, one dot apart, and the smallest not at all.
        stroke = size // 40 if bold else 0
        pen.text(at, text, fill=0, font=self._font(size), anchor="ls", stroke_width=stroke)
        if bold and not stroke and size >= _DOUBLE_STRUCK:
            pen.text((at[0] + 1, at[1]), text, fill=0, font=self._font(size), anchor="ls")


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def bits_of(picture: Image.Image) -> Bitmap:
    """Return a grey picture (0 = black) as dots."""
    black = picture.point(lambda level: 255 if level < _INK_BELOW else 0).convert("1", dither=Image.Dither.NONE)
    return Bitmap((picture.width + 7) // 8, picture.height, black.tobytes())


@functools.cache
def lettering(path: str = "", face: int = 0) -> Lettering:
    """Return the lettering of the font file at ``path``; without one, of the first known font that is installed.

    Raises:
        DeviceMisconfigured: no such file, or no font with Chinese glyphs is installed.
    """
    found = [(path, face)] if path else [known for known in FONTS if Path(known[0]).is_file()]
    try:
        ImageFont.truetype(found[0][0], 16, index=found[0][1])
    except IndexError:
        looked = ", ".join(Path(known).name for known, _ in FONTS)
        raise DeviceMisconfigured(
            f"no font with Chinese glyphs is installed (looked for {looked}): apt install fonts-wqy-microhei"
        ) from None
    except OSError as error:
        raise DeviceMisconfigured(f"label font {path} cannot be read: {error}") from error
    return Lettering(*found[0])
