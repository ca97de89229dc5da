"""The libraries as they are, on the whole frame: what our reader is measured against, in the same run."""

from collections.abc import Callable
from typing import Any

import zxingcpp
from pyzbar import pyzbar

from benchmarks.rig.camera import Frame
from devices.vision.codes import normalise

_FORM = zxingcpp.BarcodeFormat
_FORMATS: Any = zxingcpp.BarcodeFormats(
    [_FORM.EANUPC, _FORM.Code128, _FORM.ITF, _FORM.DataBar, _FORM.QRCode, _FORM.DataMatrix]
)
_SYMBOLS = [
    pyzbar.ZBarSymbol[name]
    for name in ("EAN13", "EAN8", "UPCA", "UPCE", "CODE128", "I25", "DATABAR", "DATABAR_EXP", "QRCODE")
]
_NO_GS = str.maketrans("", "", "\x1d()[]")
_RETAIL = ("EAN-13", "UPC-A", "UPC-E", "ISBN")


def bare(text: str) -> str:
    """Return ``text`` as truth is written: without separators and brackets."""
    return text.translate(_NO_GS).replace("\r\n", "\n").strip()


def zxing_all(frame: Frame) -> set[str]:
    """Return the texts of zxing-cpp, with rotate, downscale and invert, of our formats."""
    found = zxingcpp.read_barcodes(frame, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return {_text("UPCE" if str(code.format) == "UPC-E" else "", str(code.format), code.text) for code in found}


def zbar(frame: Frame) -> set[str]:
    """Return the texts of pyzbar, with every symbology of ours that it knows."""
    found = pyzbar.decode(frame, symbols=_SYMBOLS)
    return {_text("", code.type, code.data.decode("utf-8", "replace")) for code in found}


def _text(family: str, form: str, text: str) -> str:
    if family or form in _RETAIL or form in ("EAN13", "UPCA", "UPCE"):
        known = normalise(family or ("UPCE" if len(text) == 8 else "EAN13"), text)
        return known.text if known else text
    digits = bare(text)
    return (
        "01" + digits
        if form.upper().startswith("DATABAR") and "EXP" not in form.upper() and len(digits) == 14
        else digits
    )


PEERS: dict[str, Callable[[Frame], set[str]]] = {"zxing-cpp, all options": zxing_all, "pyzbar": zbar}
