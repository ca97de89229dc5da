"""Codes as pictures, for printers that make none themselves. The libraries that python-escpos brings along draw them when one is needed."""

from devices.printer_escpos.profile import PrinterProfile
from devices.printer_escpos.symbols import linear_module, qr_module, qr_text
from devices.receipt import Barcode, Picture, Qr

_NAMES = {
    "ean13": "ean13", "ean8": "ean8", "upca": "upca", "itf": "itf", "code39": "code39", "codabar": "codabar", "code128": "code128",
}  # fmt: skip
_OPTIONS: dict[str, dict[str, int]] = {
    "code39": {"add_checksum": 0},
    "itf": {"narrow": 1, "wide": 3},
    "codabar": {"narrow": 1, "wide": 3},
}


def qr_picture(qr: Qr, profile: PrinterProfile) -> Picture:
    """Return ``qr`` as a picture.

    Raises:
        ValueError: too much data for a code that a phone reads from this paper.
    """
    import qrcode
    from qrcode import constants as levels

    data = qr_text(qr)
    level = {
        "L": levels.ERROR_CORRECT_L,
        "M": levels.ERROR_CORRECT_M,
        "Q": levels.ERROR_CORRECT_Q,
        "H": levels.ERROR_CORRECT_H,
    }
    code = qrcode.QRCode(error_correction=level[qr.level], border=0)
    code.add_data(data)
    code.make(fit=True)
    return _blocks(code.get_matrix(), qr_module(qr, len(data), profile.dots))


def barcode_picture(code: Barcode, profile: PrinterProfile) -> Picture:
    """Return ``code`` as a picture without its text.

    Raises:
        ValueError: wider than the paper, or a kind that we cannot draw (UPC-E, Code 93).
    """
    import barcode

    if code.kind not in _NAMES:
        raise ValueError(f"this printer makes no {code.kind}: choose another kind of code")
    options = _OPTIONS.get(code.kind, {})
    data = code.data[:-1] if code.kind in ("ean13", "ean8", "upca") else code.data
    modules = "".join(barcode.get_barcode_class(_NAMES[code.kind])(data, **options).build())
    row = [module == "1" for module in modules]
    return _blocks([row], linear_module(code, len(row), profile.dots), code.height_dots)


def _blocks(matrix: list[list[bool]], module: int, height: int | None = None) -> Picture:
    """Return modules as squares of ``module`` dots, or as bars of ``height`` dots."""
    width = (len(matrix[0]) * module + 7) // 8 * 8
    lines = [_row(row, module, width) * (height or module) for row in matrix]
    return Picture(width, b"".join(lines))


def _row(row: list[bool], module: int, width: int) -> bytes:
    bits = "".join(("1" if dark else "0") * module for dark in row).ljust(width, "0")
    return int(bits, 2).to_bytes(width // 8, "big")
