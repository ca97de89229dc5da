"""zxing-cpp first, pyzbar for what it missed: the libraries behind one signature, loaded on first use."""

from collections.abc import Iterator
from typing import Any

from devices.errors import DeviceUnavailable
from devices.vision.codes import Reading, normalise
from devices.vision.picture import vision_module

_ZXING = {
    "EAN13": "EAN13", "ISBN": "EAN13", "EAN8": "EAN8", "UPCA": "UPCA", "UPCE": "UPCE", "CODE128": "CODE128", "ITF": "ITF",
    "ITF14": "ITF", "QRCODE": "QR", "QRCODEMODEL1": "QR", "QRCODEMODEL2": "QR", "DATAMATRIX": "DM", "DATABAR": "DATABAR",
    "DATABAROMNI": "DATABAR", "DATABARSTK": "DATABAR", "DATABARSTKOMNI": "DATABAR", "DATABAREXP": "DATABAREXP",
    "DATABAREXPSTK": "DATABAREXP", "DATABAREXPANDED": "DATABAREXP",
}  # fmt: skip
_ZBAR = {
    "EAN13": "EAN13", "ISBN13": "EAN13", "EAN8": "EAN8", "UPCA": "UPCA", "UPCE": "UPCE", "CODE128": "CODE128",
    "DATABAR": "DATABAR", "QRCODE": "QR",
}  # fmt: skip


def zxing(image: Any, *, thorough: bool) -> list[Reading]:
    """Read ``image`` (height, width, uint8) with zxing-cpp; ``thorough`` also turned, shrunk and inverted.

    Raises:
        DeviceUnavailable: zxing-cpp is not installed.
    """
    library = vision_module("zxingcpp")
    form = library.BarcodeFormat
    wanted = [form.EANUPC, form.Code128, form.ITF, form.DataBar, form.QRCode, form.DataMatrix]
    found = library.read_barcodes(
        image,
        formats=library.BarcodeFormats(wanted),
        try_rotate=thorough,
        try_downscale=thorough,
        try_invert=thorough,
        text_mode=library.TextMode.Plain,
    )
    return [reading for code in found if (reading := _from_zxing(code)) is not None]


def _from_zxing(code: Any) -> Reading | None:
    name = str(code.format).removeprefix("BarcodeFormat.").replace(" ", "").replace("-", "").replace("_", "").upper()
    return normalise(_ZXING.get(name, ""), code.text, code.symbology_identifier or None)


def zbar(image: Any) -> list[Reading]:
    """Read ``image`` with pyzbar; without ITF and DataBar Expanded, which it misreads (reference §8).

    Raises:
        DeviceUnavailable: pyzbar or its library libzbar0 is not installed.
    """
    library = vision_module("pyzbar.pyzbar")
    symbols = [library.ZBarSymbol[name] for name in ("EAN13", "EAN8", "UPCA", "UPCE", "CODE128", "DATABAR", "QRCODE")]
    return [reading for code in library.decode(image, symbols=symbols) if (reading := _from_zbar(code)) is not None]


def _from_zbar(code: Any) -> Reading | None:
    try:
        text = code.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return normalise(_ZBAR.get(code.type, ""), text)


def cascade(image: Any) -> list[Reading]:
    """Return the codes of ``image``: the quick pass, then the thorough one, then the second opinion.

    A short code (EAN-8, UPC-E), easily "found" in a damaged long one, is believed only when two passes agree.

    Raises:
        DeviceUnavailable: no decoder is installed.
    """
    seen: list[Reading] = []
    for readings in _passes(image):
        believed = [r for r in readings if r.family not in ("EAN8", "UPCE") or r.text in {s.text for s in seen}]
        if believed:
            return believed
        seen += readings
    return []


def _passes(image: Any) -> Iterator[list[Reading]]:
    yield zxing(image, thorough=False)
    yield zxing(image, thorough=True)
    try:
        yield zbar(image)
    except DeviceUnavailable:
        return  # the second opinion is optional; zxing-cpp is not
