"""Barcode and QR commands whose symbols fit the paper: a printer leaves out a symbol that does not, without a word."""

import bisect
import unicodedata

from escpos import constants as c

from devices.printer_escpos.profile import Barcodes, PrinterProfile
from devices.receipt import Barcode, Qr

# Bytes that QR versions 1 to 20 hold in byte mode (ISO/IEC 18004; compared with another library in the tests).
QR_CAPACITY = {
    "L": (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792, 858),
    "M": (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666),
    "Q": (11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241, 258, 292, 322, 364, 394, 442, 482),
    "H": (7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177, 194, 220, 250, 280, 310, 338, 382),
}
QUIET_QR, QUIET_LINEAR, MIN_LINEAR = 8, 20, 2
_LEVELS = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}
# Our kinds, python-escpos' names, and the modules of n characters with the widest bars that printers make (3 to 1).
_NAMES = {
    "upca": "UPC-A", "upce": "UPC-E", "ean13": "EAN13", "ean8": "EAN8", "code39": "CODE39", "itf": "ITF",
    "codabar": "NW7", "code93": "CODE93", "code128": "CODE128",
}  # fmt: skip
_ONE_IN_CODE93 = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%")  # the others take two
_FIXED_MODULES = {"ean13": 95, "ean8": 67, "upca": 95, "upce": 51}


def qr_text(qr: Qr) -> bytes:
    """Return what the code says as bytes, without anything that a printer could obey.

    Raises:
        ValueError: too much data for a code that a phone reads from this paper.
    """
    data = "".join(ch for ch in qr.data if unicodedata.category(ch) not in ("Cc", "Cs")).encode()
    limit = QR_CAPACITY[qr.level][-1]
    if not 1 <= len(data) <= limit:
        raise ValueError(f"QR data of {len(data)} bytes at level {qr.level} is not within 1 to {limit}")
    return data


def qr_module(qr: Qr, size: int, dots: int) -> int:
    """Return the dots of a module for ``size`` bytes: no more than asked and than the paper allows."""
    version = bisect.bisect_left(QR_CAPACITY[qr.level], size) + 1
    return min(qr.module_dots, dots // (17 + 4 * version + QUIET_QR))


def qr_commands(qr: Qr, dots: int) -> bytes:
    """Return GS ( k commands for ``qr``.

    Raises:
        ValueError: too much data for a code that a phone reads from this paper.
    """
    data = qr_text(qr)
    return b"".join(
        [
            _function(b"\x31\x41\x32\x00"),
            _function(b"\x31\x43" + bytes([qr_module(qr, len(data), dots)])),
            _function(b"\x31\x45" + bytes([_LEVELS[qr.level]])),
            _function(b"\x31\x50\x30" + data),
            _function(b"\x31\x51\x30"),
        ]
    )


def _function(body: bytes) -> bytes:
    return b"\x1d\x28\x6b" + len(body).to_bytes(2, "little") + body


def prints_itself(code: Barcode, profile: PrinterProfile) -> bool:
    """Whether the model makes this kind of code."""
    match profile.barcodes:
        case Barcodes.FORM_B:
            return True
        case Barcodes.FORM_A:
            return _NAMES[code.kind] in c.BARCODE_TYPE_A
        case Barcodes.NONE:
            return False


def barcode_command(code: Barcode, profile: PrinterProfile) -> bytes:
    """Return the commands for a linear code that the model makes itself.

    Raises:
        ValueError: the code is wider than the paper even with the narrowest modules.
    """
    data, modules = _code128(code.data) if code.kind == "code128" else (code.data.encode(), _modules(code))
    look = [
        c.BARCODE_HEIGHT + bytes([code.height_dots]),
        c.BARCODE_WIDTH + bytes([linear_module(code, modules, profile.dots)]),
        c.BARCODE_FONT_A,
        c.BARCODE_TXT_BLW,
    ]
    name = _NAMES[code.kind]
    if profile.barcodes is Barcodes.FORM_A:
        return b"".join([*look, c.BARCODE_TYPE_A[name], data, b"\x00"])
    return b"".join([*look, c.BARCODE_TYPE_B[name], bytes([len(data)]), data])


def linear_module(code: Barcode, modules: int, dots: int) -> int:
    """Return the dots of a module: no more than asked and than the paper allows.

    Raises:
        ValueError: not even the narrowest fit.
    """
    module = min(code.module_dots, dots // (modules + QUIET_LINEAR))
    if module < MIN_LINEAR:
        raise ValueError(f"{code.kind} {code.data!r} of {modules} modules does not fit on {dots} dots")
    return module


def _modules(code: Barcode) -> int:
    size = len(code.data)
    match code.kind:
        case "itf":
            return 9 * size + 9
        case "code39":
            return 16 * (size + 2)
        case "codabar":
            return 14 * size
        case "code93":
            return 9 * (size + sum(each not in _ONE_IN_CODE93 for each in code.data) + 4) + 1
        case kind:
            return _FIXED_MODULES[kind]


def _code128(text: str) -> tuple[bytes, int]:
    """Return the data with its code set, and the number of modules (start, check and stop are 35)."""
    if text.isdigit() and len(text) % 2 == 0:
        pairs = bytes(int(text[i : i + 2]) for i in range(0, len(text), 2))
        # Set C sends values, not digits: 16 is DLE, and with 04, 05 or 20 behind it a real-time command.
        if 0x10 not in pairs:
            return b"{C" + pairs, 11 * len(pairs) + 35
    return b"{B" + text.replace("{", "{{").encode("ascii"), 11 * len(text) + 35
