"""Pictures inside ZPL: hexadecimal with repeat counts, base 64 with and without compression, and binary."""

import base64
import binascii
import zlib

MAX_BYTES, MAX_ROW_BYTES = 1 << 20, 1024
_HEX = "0123456789ABCDEFabcdef"


def picture_bytes(data: bytes, row_bytes: int, total: int) -> bytes:
    """Return the rows of an A-type picture: ``:Z64:`` and ``:B64:``, or hexadecimal with ``G``-``z``, ``,``, ``!``, ``:``."""
    total = min(total, MAX_BYTES)
    text = data.decode("latin-1").strip()
    if text.startswith((":Z64:", ":B64:")):
        return _base64(text, total)
    return _hexadecimal(text, max(1, min(row_bytes, MAX_ROW_BYTES)), total)


def _base64(text: str, total: int) -> bytes:
    body = text[5:].split(":", 1)[0]
    try:
        raw = base64.b64decode(body)
        return zlib.decompressobj().decompress(raw, total) if text[1] == "Z" else raw[:total]
    except (binascii.Error, ValueError, zlib.error):
        return b""


def _hexadecimal(text: str, row_bytes: int, total: int) -> bytes:
    nibbles, row, repeat, before = row_bytes * 2, "", 0, "0" * (row_bytes * 2)
    rows: list[str] = []
    most = total // row_bytes + 1
    for character in text:
        if len(rows) >= most:
            break
        if "G" <= character <= "Y":
            repeat += ord(character) - ord("F")
        elif "g" <= character <= "z":
            repeat += (ord(character) - ord("f")) * 20
        elif character in _HEX:
            row += character * min(max(1, repeat), nibbles * most)
            repeat = 0
        elif character in ",!":
            row = row.ljust((len(row) // nibbles + 1) * nibbles, "0" if character == "," else "F")
            repeat = 0
        elif character == ":":
            rows.append(before)
        while len(row) >= nibbles:
            before, row = row[:nibbles], row[nibbles:]
            rows.append(before)
    if row:
        rows.append(row.ljust(nibbles, "0"))
    return bytes.fromhex("".join(rows))[:total]
