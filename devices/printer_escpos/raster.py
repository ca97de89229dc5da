"""Pictures as a printer takes them: in strips, and never with a real-time command among their bytes."""

import re

from devices.printer_escpos.profile import Pictures, PrinterProfile
from devices.receipt import Picture

_REAL_TIME = re.compile(rb"\x10(?=[\x04\x05\x14])")
_BAND = 24
# Less than a band in every unit that printers count in (1/360, 1/203, 1/180 inch): they then feed by the height of the band itself.
LINE_SPACING_BAND, LINE_SPACING_DEFAULT = b"\x1b\x33\x10", b"\x1b\x32"


def harmless(data: bytes) -> bytes:
    """Return picture bytes in which nothing reads as DLE EOT, DLE ENQ or DLE DC4: one dot more is black where it did.

    A printer obeys these wherever they stand, in the middle of a picture too (reference §0 trap 4), and switching them
    off (GS ( D) is known to few.
    """
    return _REAL_TIME.sub(b"\x18", data)


def picture_commands(picture: Picture, profile: PrinterProfile, *, left_dots: int | None = None) -> bytes:
    """Return the commands that print ``picture``, in the middle unless ``left_dots`` says where.

    The paper left of it is part of the picture: many clones do not align pictures.

    Raises:
        ValueError: it is wider than the paper, or the model takes no pictures.
    """
    if picture.width_dots > profile.dots:
        raise ValueError(f"a picture of {picture.width_dots} dots does not fit on {profile.dots} dots")
    left = (profile.dots - picture.width_dots) // 2 if left_dots is None else left_dots
    stride = picture.width_dots // 8
    rows = [bytes(left // 8) + picture.data[at : at + stride] for at in range(0, len(picture.data), stride)]
    match profile.pictures:
        case Pictures.RASTER:
            return _raster(rows, profile.strip_rows)
        case Pictures.COLUMN:
            return _columns(rows)
        case Pictures.NONE:
            raise ValueError("this printer takes no pictures")


def _raster(rows: list[bytes], strip_rows: int) -> bytes:
    out = bytearray()
    for at in range(0, len(rows), strip_rows):
        strip = rows[at : at + strip_rows]
        out += b"\x1d\x76\x30\x00" + len(strip[0]).to_bytes(2, "little") + len(strip).to_bytes(2, "little")
        out += harmless(b"".join(strip))
    return bytes(out)


def _columns(rows: list[bytes]) -> bytes:
    out = bytearray(LINE_SPACING_BAND)
    width = len(rows[0]) * 8
    blank = bytes(len(rows[0]))
    for at in range(0, len(rows), _BAND):
        band = (rows[at : at + _BAND] + [blank] * _BAND)[:_BAND]
        out += b"\x1b\x2a\x21" + width.to_bytes(2, "little") + harmless(_turned(band, width)) + b"\n"
    return bytes(out) + LINE_SPACING_DEFAULT


def _turned(band: list[bytes], width: int) -> bytes:
    """Turn 24 rows into columns of three bytes, most significant bit on top."""
    numbers = [int.from_bytes(row, "big") for row in band]
    columns = (
        sum(((number >> (width - 1 - x)) & 1) << (_BAND - 1 - y) for y, number in enumerate(numbers))
        for x in range(width)
    )
    return b"".join(column.to_bytes(3, "big") for column in columns)
