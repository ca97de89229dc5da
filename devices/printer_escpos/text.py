"""Text as a Chinese receipt printer can print it: cleaned, encoded, measured in columns, wrapped.

The one seam where data becomes printer bytes. What leaves ``encode_text`` is 20–7E, or a GB18030 pair 81–FE 40–FE:
no byte of data is ever a command (fault F42; python-escpos 3.1 ``text()`` passes ESC p through).
"""

import unicodedata

from devices.printer_escpos.profile import Chinese

_REPLACED = str.maketrans({"¥": "￥", "\t": " ", "\u00a0": " ", "\u2028": "\n", "\u2029": "\n", "\r": "\n"})
_NARROW_UNKNOWN, _WIDE_UNKNOWN = "?", "□"


def clean(text: str, chinese: Chinese = Chinese.GB18030) -> str:
    """Return ``text`` with only line feeds and characters that the printer knows.

    ``¥`` U+00A5 becomes ``￥`` (its four GB18030 bytes print as "0 6"); control and format characters vanish;
    what the printer does not know loses its accents, or becomes ``?`` (narrow) or ``□`` (wide).
    """
    composed = unicodedata.normalize("NFC", text).translate(_REPLACED)
    return "".join(
        character if character == "\n" else _known(character, chinese)
        for character in composed
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Mn", "Me")
    )


def _known(character: str, chinese: Chinese) -> str:
    if " " <= character <= "~" or _pair(character, chinese):
        return character
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if " " <= c <= "~")
    if plain:
        return plain
    wide = unicodedata.east_asian_width(character) in ("W", "F") and chinese is not Chinese.NONE
    return _WIDE_UNKNOWN if wide else _NARROW_UNKNOWN


def _pair(character: str, chinese: Chinese) -> bool:
    if chinese is Chinese.NONE:
        return False
    try:
        encoded = character.encode(chinese.value)
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and 0x81 <= encoded[0] <= 0xFE and 0x40 <= encoded[1] <= 0xFE and encoded[1] != 0x7F


def encode_text(line: str) -> bytes:
    """Return one cleaned line as bytes.

    Raises:
        ValueError: the line was not cleaned; better no receipt than a command made of data.
    """
    encoded = line.encode("gb18030")
    if any(byte < 0x20 or byte == 0x7F for byte in encoded) or len(encoded) != columns(line):
        raise ValueError(f"text {line!r} holds bytes that are no printable text")
    return encoded


def columns(text: str) -> int:
    """Return how many columns cleaned ``text`` takes: 1 for ASCII, 2 for everything else.

    >>> columns("散装苹果0.455kg")
    15
    """
    return sum(1 if character.isascii() else 2 for character in text)


def wrap(text: str, width: int) -> list[str]:
    """Break cleaned ``text`` into lines of at most ``width`` (2 or more) columns; a wide character is never split.

    Lines break at spaces where there are any, otherwise anywhere, as Chinese does. Never returns an empty list.

    >>> wrap("绿茶 green tea", 8)
    ['绿茶', 'green', 'tea']
    """
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, width)]


def _wrap_paragraph(text: str, width: int) -> list[str]:
    lines = []
    while columns(text) > width:
        head = _fitting(text, width)
        space = text.rfind(" ", 0, len(head) + 1)
        at = space if space > 0 and text[len(head)].isascii() and head.strip(" ") else len(head)
        lines.append(text[:at].rstrip(" "))
        text = text[at:].lstrip(" ")
    lines.append(text)
    return lines


def _fitting(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            return text[: max(index, 1)]
    return text


def pad(text: str, width: int, align: str) -> str:
    """Fill cleaned ``text`` with spaces to ``width`` columns: ``left``, ``center`` or ``right``."""
    free = max(0, width - columns(text))
    before = {"left": 0, "center": free // 2, "right": free}[align]
    return " " * before + text + " " * (free - before)
