"""Barcode and QR commands whose symbols fit the paper: a printer leaves out a symbol that does not, without a word."""

import bisect
import unicodedata

from escpos import constants as c

from devices.receipt import Barcode, Qr

# Bytes that QR versions 1 to 20 hold in byte mode (ISO/IEC 18004; compared with another library in the tests).
QR_CAPACITY = {
    "L": (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858),
    "M": (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
    "Q": (11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241, 258, 292, 322, 364, 394, 442, 482),
    "H": (7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177, 194, 220, 250, 280, 310, 338, 382),
}
_LEVELS = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}
_QUIET_QR, _QUIET_LINEAR, _MIN_LINEAR = 8, 20, 2
_NAMES = {"ean13": "EAN13", "ean8": "EAN8", "code128": "CODE128"}


def qr_commands(qr: Qr, dots: int) -> bytes:
    """Return GS ( k commands for ``qr``, its modules no larger than asked and than the paper allows.

    Raises:
        ValueError: too much data for a code that a phone reads from this paper.
    """
    data = "".join(ch for ch in qr.data if unicodedata.category(ch) not in ("Cc", "Cs")).encode()
    capacity = QR_CAPACITY[qr.level]
    version = bisect.bisect_left(capacity, len(data)) + 1
    if not data or version > len(capacity):
        raise ValueError(f"QR data of {len(data)} bytes at level {qr.level} is not within 1 to {capacity[-1]}")
    module = min(qr.module_dots, dots // (17 + 4 * version + _QUIET_QR))
    return b"".join(
        [
            _function(b"\x31\x41\x32\x00"),
            _function(b"\x31\x43" + bytes([module])),
            _function(b"\x31\x45" + bytes([_LEVELS[qr.level]])),
            _function(b"\x31\x50\x30" + data),
            _function(b"\x31\x51\x30"),
        ]
    )


def _function(body: bytes) -> bytes:
    return b"\x1d\x28\x6b" + len(body).to_bytes(2, "little") + body


def barcode_command(code: Barcode, dots: int) -> bytes:
    """Return the commands for a linear code, its modules no wider than asked and than the paper allows.

    Raises:
        ValueError: the code is wider than the paper even with the narrowest modules.
    """
    data, modules = _code128(code.data) if code.kind == "code128" else (code.data.encode(), _retail_modules(code.kind))
    module = min(code.module_dots, dots // (modules + _QUIET_LINEAR))
    if module < _MIN_LINEAR:
        raise ValueError(f"{code.kind} {code.data!r} of {modules} modules does not fit on {dots} dots")
    return b"".join(
        [
            c.BARCODE_HEIGHT + bytes([code.height_dots]),
            c.BARCODE_WIDTH + bytes([module]),
            c.BARCODE_FONT_A,
            c.BARCODE_TXT_BLW,
            c.BARCODE_TYPE_B[_NAMES[code.kind]] + bytes([len(data)]) + data,
        ]
    )


def _retail_modules(kind: str) -> int:
    return 95 if kind == "ean13" else 67


def _code128(text: str) -> tuple[bytes, int]:
    """Return the data with its code set, and the number of modules (start, check and stop are 35)."""
    if text.isdigit() and len(text) % 2 == 0:
        pairs = bytes(int(text[i : i + 2]) for i in range(0, len(text), 2))
        # Set C sends values, not digits: 16 is DLE, and with 04, 05 or 20 behind it a real-time command.
        if 0x10 not in pairs:
            return b"{C" + pairs, 11 * len(pairs) + 35
    return b"{B" + text.replace("{", "{{").encode("ascii"), 11 * len(text) + 35
