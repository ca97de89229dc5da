"""Barcodes and QR codes as modules, and pictures from printer bits. Libraries draw; the wire's rules are ours."""

from typing import Any, NamedTuple, cast

import barcode
import qrcode
from PIL import Image
from qrcode import constants

from firmware_sim.printer.retail import check_digit, code93_modules, upce_digits, upce_modules

_FORM_A = {0: "upca", 1: "upce", 2: "ean13", 3: "ean8", 4: "code39", 5: "itf", 6: "codabar"}
_FORM_B = {65 + number: name for number, name in _FORM_A.items()} | {
    72: "code93", 73: "code128", 74: "gs1-128", 75: "databar", 76: "databar", 77: "databar-limited", 78: "databar-expanded",
}  # fmt: skip
_DIGITS = {"upca": 11, "ean13": 12, "ean8": 7}
_LEVELS = {
    0x30: constants.ERROR_CORRECT_L,
    0x31: constants.ERROR_CORRECT_M,
    0x32: constants.ERROR_CORRECT_Q,
    0x33: constants.ERROR_CORRECT_H,
}


class LinearCode(NamedTuple):
    """A linear code: its kind, its readable text, and its modules (1 = bar), None where we cannot draw the kind."""

    kind: str
    text: str
    modules: str | None


def read_barcode(args: bytes) -> LinearCode | None:
    """Decode the parameters of GS k; None is what a printer prints for wrong data: nothing at all."""
    kind = (_FORM_A | _FORM_B).get(args[0])
    data = args[2:] if args[0] >= 65 else args[1:].rstrip(b"\0")
    if kind is None:
        return None
    if kind in _DIGITS:
        return _retail(kind, data)
    text = code128_text(data) if kind == "code128" else data.decode("ascii", "replace")
    return _drawn(kind, text) if text else None


def _drawn(kind: str, text: str) -> LinearCode | None:
    match kind:
        case "upce":
            digits = upce_digits(text)
            return None if digits is None else LinearCode(kind, digits, upce_modules(digits))
        case "code93":
            return LinearCode(kind, text, code93_modules(text))
        case "gs1-128":
            return LinearCode(kind, text, _modules("gs1_128", "".join(c for c in text if c not in "() *")))
        case "code39":
            return LinearCode(kind, text.strip("*"), _modules(kind, text.strip("*")))
        case "code128" | "itf" | "codabar":
            return LinearCode(kind, text, _modules(kind, text))
        case _:
            return LinearCode(kind, text, None)


def _retail(kind: str, data: bytes) -> LinearCode | None:
    digits, wanted = data.decode("ascii", "replace"), _DIGITS[kind]
    if not digits.isdigit() or len(digits) not in (wanted, wanted + 1):
        return None
    full = digits[:wanted] + check_digit(digits[:wanted])
    if len(digits) == wanted + 1 and digits != full:
        return None  # a wrong check digit prints nothing
    return LinearCode(kind, full, _modules(kind, full[:-1]))


def _modules(kind: str, text: str) -> str | None:
    thin_and_thick = {"narrow": 1, "wide": 3}
    options = {"code39": {"add_checksum": 0}, "itf": thin_and_thick, "codabar": thin_and_thick}.get(kind, {})
    try:
        return "".join(barcode.get_barcode_class(kind)(text, **options).build())
    except (barcode.errors.BarcodeError, KeyError, ValueError, IndexError):
        return None  # characters that the code does not know: the library says so in many ways


def code128_text(data: bytes) -> str:
    """Return the text of Code 128 data with its ``{A``, ``{B``, ``{C`` set changes; empty if it has no start.

    After ``{C`` each byte is a value 0 to 99, not two ASCII digits.
    """
    if data[:2] not in (b"{A", b"{B", b"{C"):
        return ""
    text, chosen, at = "", "", 0
    while at < len(data):
        if data[at] == ord("{") and at + 1 < len(data):
            mark = chr(data[at + 1])
            chosen = mark if mark in "ABC" else chosen
            text += "{" if mark == "{" else ""
            at += 2
            continue
        text += f"{data[at]:02d}" if chosen == "C" else chr(data[at])
        at += 1
    return text


def qr_image(data: bytes, level: int, module_dots: int) -> Image.Image:
    """Return a QR code without quiet zone, mode ``L``."""
    code = qrcode.QRCode(error_correction=_LEVELS.get(level, constants.ERROR_CORRECT_L), border=0)
    code.add_data(data)
    code.make(fit=True)
    matrix = code.get_matrix()
    image = Image.new("L", (len(matrix), len(matrix)), 255)
    image.putdata([0 if dark else 255 for row in matrix for dark in row])
    return image.resize((len(matrix) * module_dots,) * 2, Image.Resampling.NEAREST)


def pdf417_image(data: bytes, module_dots: int) -> Image.Image | None:
    """Return a PDF417 without quiet zone, mode ``L``; None without zxing-cpp, the one library here that writes it."""
    try:
        import zxingcpp
    except ImportError:
        return None
    drawn = zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.PDF417).to_image(scale=1, add_quiet_zones=False)
    height, width = drawn.shape
    image = Image.frombytes("L", (width, height), bytes(memoryview(cast(Any, drawn))))
    return image.resize((width * module_dots, height * module_dots), Image.Resampling.NEAREST)


def bars_image(modules: str, module_dots: int, height: int) -> Image.Image:
    """Return bars of ``modules``, mode ``L``."""
    image = Image.new("L", (len(modules), 1), 255)
    image.putdata([0 if module == "1" else 255 for module in modules])
    return image.resize((len(modules) * module_dots, height), Image.Resampling.NEAREST)


def raster_image(width_bytes: int, rows: int, data: bytes, scale_x: int = 1, scale_y: int = 1) -> Image.Image:
    """Return a raster picture (most significant bit left, 1 = black), mode ``L``."""
    inverted = bytes(byte ^ 0xFF for byte in data[: width_bytes * rows]).ljust(width_bytes * rows, b"\xff")
    image = Image.frombytes("1", (width_bytes * 8, rows), inverted).convert("L")
    return image.resize((image.width * scale_x, image.height * scale_y), Image.Resampling.NEAREST)


def column_image(mode: int, data: bytes) -> Image.Image:
    """Return a picture of ESC *: columns of 8 or 24 dots, most significant bit on top, mode ``L``, 24 dots high."""
    stride = 3 if mode in (32, 33) else 1
    columns = len(data) // stride
    image = Image.new("L", (max(1, columns), stride * 8), 255)
    for x in range(columns):
        bits = int.from_bytes(data[x * stride : (x + 1) * stride], "big")
        for y in range(stride * 8):
            if bits >> (stride * 8 - 1 - y) & 1:
                image.putpixel((x, y), 0)
    scale_x = 2 if mode in (0, 32) else 1
    return image.resize((image.width * scale_x, 24), Image.Resampling.NEAREST)


def stored_image(width: int, bands: int, data: bytes) -> Image.Image:
    """Return a picture of FS q: columns of ``bands`` bytes, most significant bit on top, mode ``L``."""
    image = Image.new("L", (max(1, width), max(1, bands * 8)), 255)
    for x in range(width):
        bits = int.from_bytes(data[x * bands : (x + 1) * bands], "big")
        for y in range(bands * 8):
            if bits >> (bands * 8 - 1 - y) & 1:
                image.putpixel((x, y), 0)
    return image
