"""The readers of pictures, tried on a code that is drawn here: zxing-cpp, and pyzbar as the second opinion."""

import io
from collections.abc import Iterator

from devices.errors import DeviceUnavailable
from edge_agent.findings import Finding

CODE = "6901234567892"
_LEFT = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")
_INVERTED = str.maketrans("01", "10")
_MODULE, _HEIGHT, _QUIET = 3, 120, 12


def bars(code: str = CODE) -> str:
    """Return the modules of an EAN-13, 1 = black (GS1 General Specifications, 5.2.1)."""
    left = ""
    for digit, parity in zip(code[1:7], _PARITY[int(code[0])], strict=True):
        pattern = _LEFT[int(digit)]
        left += pattern if parity == "L" else pattern.translate(_INVERTED)[::-1]
    right = "".join(_LEFT[int(digit)].translate(_INVERTED) for digit in code[7:])
    return f"101{left}01010{right}101"


def drawn(code: str = CODE) -> bytes:
    """Return a picture of the code as PNG."""
    from PIL import Image

    modules = "0" * _QUIET + bars(code) + "0" * _QUIET
    row = bytes(0 if module == "1" else 255 for module in modules for _ in range(_MODULE))
    picture = Image.new("L", (len(row), _HEIGHT + 2 * _QUIET * _MODULE), 255)
    picture.paste(Image.frombytes("L", (len(row), _HEIGHT), row * _HEIGHT), (0, _QUIET * _MODULE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def look() -> Iterator[Finding]:
    """Yield what either reader makes of the drawn code."""
    try:
        first, second = _readings()
    except DeviceUnavailable as error:
        yield Finding("reader", "bad", "reader_missing", {"reason": error.reason}, "install_vision")
        return
    said = {"first": ", ".join(first) or "-", "second": "-" if second is None else ", ".join(second) or "-"}
    if first != [CODE]:
        yield Finding("reader", "bad", "reader_wrong", said, "install_vision")
    elif second is None:
        yield Finding("reader", "ok", "reader_alone", said)
    elif second != first:
        yield Finding("reader", "warn", "reader_disagrees", said, "install_vision")
    else:
        yield Finding("reader", "ok", "reader", said)


def _readings() -> tuple[list[str], list[str] | None]:
    """Return what the reader in use says, and the second opinion; None where there is no second one.

    Raises:
        DeviceUnavailable: no reader is installed.
    """
    from devices.vision.decoders import whole, zbar
    from devices.vision.picture import grey

    picture = grey(drawn())
    first = [reading.text for reading in whole(picture)]
    try:
        return first, [reading.text for reading in zbar(picture)]
    except DeviceUnavailable:
        return first, None
