"""Text as a Chinese receipt printer can print it: cleaned, encoded, measured in columns, wrapped.

The one seam where data becomes printer bytes. What leaves ``encode_text`` is 20–7E, or a GB18030 pair 81–FE 40–FE:
no byte of data is ever a command (fault F42; python-escpos 3.1 ``text()`` passes ESC p through).
"""

import functools
import unicodedata
from collections.abc import Callable

from devices.breaking import seemly
from devices.printer_escpos.profile import Chinese
from devices.receipt import columns

_REPLACED = str.maketrans({"¥": "￥", "\t": " ", "\u00a0": " ", "\u2028": "\n", "\u2029": "\n", "\r": "\n"})
_NARROW_UNKNOWN, _WIDE_UNKNOWN = "?", "□"
_SKIN_TONES = range(0x1F3FB, 0x1F400)  # they colour the emoji before them; paper has no colours

Knows = Callable[[str], bool]
Measure = Callable[[str], int]


def _nothing(_: str) -> bool:
    return False


def clean(text: str, chinese: Chinese = Chinese.GB18030, drawable: Knows = _nothing) -> str:
    """Return ``text`` with only line feeds and characters that the printer knows, or that ``drawable`` says can be drawn.

    ``¥`` U+00A5 becomes ``￥`` (its four GB18030 bytes print as "0 6"); control and format characters vanish;
    what nobody knows loses its accents, or becomes ``?`` (narrow) or ``□`` (wide).
    """
    composed = unicodedata.normalize("NFC", text).translate(_REPLACED)
    return "".join(
        character if character == "\n" else _known(character, chinese, drawable)
        for character in composed
        if character == "\n" or _has_a_shape(character)
    )


def needs_drawing(cleaned: str, chinese: Chinese) -> bool:
    """Whether cleaned text holds a character that the printer has no glyph of."""
    return not cleaned.isascii() and any(c != "\n" and not printable(c, chinese) for c in cleaned)


@functools.lru_cache(maxsize=8192)
def printable(character: str, chinese: Chinese) -> bool:
    """Whether a printer prints ``character`` by itself: ASCII, or two bytes of its Chinese set."""
    if " " <= character <= "~":
        return True
    if chinese is Chinese.NONE:
        return False
    try:
        encoded = character.encode(chinese.value)
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and 0x81 <= encoded[0] <= 0xFE and 0x40 <= encoded[1] <= 0xFE and encoded[1] != 0x7F


@functools.lru_cache(maxsize=8192)
def _has_a_shape(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Mn", "Me") and ord(character) not in _SKIN_TONES


def _known(character: str, chinese: Chinese, drawable: Knows) -> str:
    if printable(character, chinese) or drawable(character):
        return character
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if " " <= c <= "~")
    if plain:
        return plain
    boxes = printable(_WIDE_UNKNOWN, chinese) or drawable(_WIDE_UNKNOWN)
    return _WIDE_UNKNOWN if boxes and drawn_columns(character) == 2 else _NARROW_UNKNOWN


def encode_text(line: str) -> bytes:
    """Return one cleaned line as bytes.

    Raises:
        ValueError: the line was not cleaned; better no receipt than a command made of data.
    """
    encoded = line.encode("gb18030")
    if any(byte < 0x20 or byte == 0x7F for byte in encoded) or len(encoded) != columns(line):
        raise ValueError(f"text {line!r} holds bytes that are no printable text")
    return encoded


def drawn_columns(text: str) -> int:
    """Return how many columns ``text`` takes when it is drawn: a font has narrow letters beyond ASCII too.

    >>> drawn_columns("Ærø 龘")
    6
    """
    return sum(2 if unicodedata.east_asian_width(character) in ("W", "F") else 1 for character in text)


def wrap(text: str, width: int, measure: Measure = columns) -> list[str]:
    """Break cleaned ``text`` into lines of at most ``width`` (2 or more) columns; a wide character is never split.

    Lines break at spaces where there are any, otherwise anywhere, as Chinese does, but not before a closing mark. Never returns an
    empty list.

    >>> wrap("绿茶 green tea", 8)
    ['绿茶', 'green', 'tea']
    """
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, width, measure)]


def _wrap_paragraph(text: str, width: int, measure: Measure) -> list[str]:
    lines = []
    while measure(text) > width:
        head = _fitting(text, width, measure)
        space = text.rfind(" ", 0, len(head) + 1)
        at = space if space > 0 and text[len(head)].isascii() and head.strip(" ") else seemly(text, len(head))
        lines.append(text[:at].rstrip(" "))
        text = text[at:].lstrip(" ")
    lines.append(text)
    return lines


def _fitting(text: str, width: int, measure: Measure) -> str:
    used = 0
    for index, character in enumerate(text):
        used += measure(character)
        if used > width:
            return text[: max(index, 1)]
    return text


def pad(text: str, width: int, align: str, measure: Measure = columns) -> str:
    """Fill cleaned ``text`` with spaces to ``width`` columns: ``left``, ``center`` or ``right``."""
    free = max(0, width - measure(text))
    before = {"left": 0, "center": free // 2, "right": free}[align]
    return " " * before + text + " " * (free - before)
