"""zxing-cpp and pyzbar behind one signature, loaded on first use.

What reads small crops or frames takes zxing-cpp where it is installed and pyzbar elsewhere (32-bit systems have no
wheel of zxing-cpp). pyzbar is never asked for ITF and DataBar, which it invents, and knows no DataMatrix.
"""

from functools import cache
from typing import Any, NamedTuple

from devices.errors import DeviceUnavailable
from devices.vision.codes import Reading, normalise
from devices.vision.picture import vision_module

_ZXING = {
    "EAN-13": "EAN13", "ISBN": "EAN13", "EAN-8": "EAN8", "UPC-A": "UPCA", "UPC-E": "UPCE", "Code 128": "CODE128", "ITF": "ITF",
    "ITF-14": "ITF", "QR Code": "QR", "QR Code Model 1": "QR", "QR Code Model 2": "QR", "Data Matrix": "DM",
    "DataBar": "DATABAR", "DataBar Omni": "DATABAR", "DataBar Stacked": "DATABAR", "DataBar Stacked Omni": "DATABAR",
    "DataBar Limited": "DATABAR", "DataBar Expanded": "DATABAREXP", "DataBar Expanded Stacked": "DATABAREXP",
}  # fmt: skip
_ZBAR = {
    "EAN13": "EAN13", "ISBN13": "EAN13", "EAN8": "EAN8", "UPCA": "UPCA", "UPCE": "UPCE", "CODE128": "CODE128",
    "QRCODE": "QR",
}  # fmt: skip
_BARS = ("EAN13", "EAN8", "UPCA", "UPCE", "CODE128")


def linear(image: Any) -> list[Reading]:
    """Read the linear codes of a crop (height, width, uint8) whose bars stand upright."""
    if _zxing() is None:
        return zbar(image, _BARS)
    return _read(image, "bars", turned=False, thorough=False)


def matrix(image: Any, *, turned: bool = False) -> list[Reading]:
    """Read the QR and DataMatrix codes of a crop; ``turned`` tries DataMatrix from all four sides."""
    if _zxing() is None:
        return zbar(image, ("QRCODE",))
    return _read(image, "blocks", turned=turned, thorough=False)


def across(image: Any) -> list[Reading]:
    """Read the linear codes of a whole picture that stand about upright, from every other row: quick enough for a live frame.

    Raises:
        DeviceUnavailable: neither zxing-cpp nor pyzbar is installed.
    """
    return linear(image[::2].copy())


def squares(image: Any) -> list[Reading]:
    """Read the QR codes of a whole picture.

    Raises:
        DeviceUnavailable: neither zxing-cpp nor pyzbar is installed.
    """
    if _zxing() is None:
        return zbar(image, ("QRCODE",))
    return _read(image, "squares", turned=False, thorough=False)


def whole(image: Any, *, thorough: bool = False) -> list[Reading]:
    """Read a whole picture; ``thorough`` also turned, shrunk and inverted.

    Raises:
        DeviceUnavailable: neither zxing-cpp nor pyzbar is installed.
    """
    if _zxing() is None:
        return zbar(image)
    return _read(image, "all", turned=thorough, thorough=thorough)


def zbar(image: Any, symbols: tuple[str, ...] = (*_BARS, "QRCODE")) -> list[Reading]:
    """Read ``image`` with pyzbar.

    Raises:
        DeviceUnavailable: pyzbar or its library libzbar0 is not installed.
    """
    library = vision_module("pyzbar.pyzbar")
    found = library.decode(image, symbols=[library.ZBarSymbol[name] for name in symbols])
    return [reading for code in found if (reading := _from_zbar(code)) is not None]


def decoder_in_use() -> str:
    """Return the name of the decoder that reads, for status and `doctor`."""
    return "pyzbar" if _zxing() is None else "zxing-cpp"


class _Zxing(NamedTuple):
    read: Any
    plain: Any
    formats: dict[str, Any]


@cache
def _zxing() -> _Zxing | None:
    try:
        library = vision_module("zxingcpp")
    except DeviceUnavailable:
        vision_module("pyzbar.pyzbar")  # without either, say what to install
        return None
    form = library.BarcodeFormat
    bars, blocks = [form.EANUPC, form.Code128, form.ITF, form.DataBar], [form.QRCode, form.DataMatrix]
    formats = {"bars": bars, "squares": [form.QRCode], "blocks": blocks, "all": bars + blocks}
    named = {name: library.BarcodeFormats(wanted) for name, wanted in formats.items()}
    return _Zxing(library.read_barcodes, library.TextMode.Plain, named)


def _read(image: Any, formats: str, *, turned: bool, thorough: bool) -> list[Reading]:
    zxing = _zxing()
    assert zxing is not None  # noqa: S101 - asked by every caller
    found = zxing.read(
        image,
        formats=zxing.formats[formats],
        try_rotate=turned,
        try_downscale=thorough,
        try_invert=thorough,
        text_mode=zxing.plain,
    )
    return [reading for code in found if (reading := _from_zxing(code)) is not None]


def _from_zxing(code: Any) -> Reading | None:
    return normalise(_ZXING.get(str(code.format), ""), code.text, code.symbology_identifier or None)


def _from_zbar(code: Any) -> Reading | None:
    try:
        text = code.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    reading = normalise(_ZBAR.get(code.type, ""), text)
    return None if reading is None else reading._replace(decoder="pyzbar")
