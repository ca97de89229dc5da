"""Codes as pictures, with what a reader should find in them."""

import re
from typing import Any, NamedTuple

import qrcode
from PIL import Image, ImageDraw
from qrcode import constants
from qrcode.exceptions import DataOverflowError

from firmware_sim.label import linear

GS = "\x1d"
_LARGEST = 6000
_MOST_BARS = 3000
_LEVELS = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}


class Code(NamedTuple):
    """A code on a label; ``text`` is what a reader finds, FNC1 inside as GS."""

    kind: str
    text: str


class Symbol(NamedTuple):
    """A code and its picture: ink is 255, mode ``L``; ``readable`` is what stands below it."""

    code: Code
    ink: Image.Image
    readable: str = ""


def bars(widths: linear.Widths, module: int, height: int) -> Image.Image:
    """Return bars ``height`` dots high; a wide element is rounded to whole dots, as the head can only print those."""
    dots = [max(1, round(width * module)) for width in widths[:_MOST_BARS]]
    # Wider than any head: the rest is never printed.
    image = Image.new("L", (min(sum(dots), 2 * _LARGEST), max(1, min(height, _LARGEST // 4))))
    draw, x = ImageDraw.Draw(image), 0
    for number, width in enumerate(dots):
        if number % 2 == 0:
            draw.rectangle((x, 0, x + width - 1, height - 1), fill=255)
        x += width
    return image


def retail(kind: str, data: str, module: int, height: int) -> Symbol | None:
    """Return EAN-13, EAN-8, UPC-A or UPC-E; None for data that a printer answers with nothing at all.

    Too many digits are cut, too few filled with zeros in front, as Zebra documents it.
    """
    digits = re.sub(r"\D", "", data)
    if not digits:
        return None
    body = {"ean13": 12, "ean8": 7, "upca": 11, "upce": 10}[kind]
    digits = digits[:body].zfill(body)
    if kind == "upce":
        return _upc_e(digits, module, height)
    whole = digits + linear.check_digit(digits)
    widths = linear.ean8(whole) if kind == "ean8" else linear.ean13(whole.zfill(13))
    return Symbol(Code(kind, whole), bars(widths, module, height), whole)


def _upc_e(ten: str, module: int, height: int) -> Symbol | None:
    maker, item = ten[:5], ten[5:]
    if maker[2:] in ("000", "100", "200") and item.startswith("00"):
        six = maker[:2] + item[2:] + maker[2]
    elif maker[3:] == "00" and item.startswith("000"):
        six = maker[:3] + item[3:] + "3"
    elif maker[4] == "0" and item.startswith("0000"):
        six = maker[:4] + item[4] + "4"
    elif item[:4] == "0000" and item[4] >= "5":
        six = maker + item[4]
    else:
        return None
    check = linear.check_digit("0" + ten)
    text = "0" + six + check
    return Symbol(Code("upce", text), bars(linear.upc_e(six, check), module, height), text)


def code128(values: list[int], module: int, height: int) -> Symbol:
    """Return a Code 128 of symbol values; with FNC1 behind the start it is GS1-128."""
    text = text_of_128(values)
    gs1 = len(values) > 1 and values[1] == linear.FNC1
    text = text.removeprefix(GS) if gs1 else text
    kind = "gs1_128" if gs1 else "code128"
    return Symbol(Code(kind, text), bars(linear.code128(values), module, height), text.replace(GS, ""))


def text_of_128(values: list[int]) -> str:
    """Return what a reader finds in symbol values."""
    code_set, text = {linear.START_A: "A", linear.START_B: "B", linear.START_C: "C"}[values[0]], ""
    for value in values[1:]:
        if value == linear.FNC1:
            text += GS
        elif value in (linear.TO_A, linear.TO_B, linear.TO_C) and code_set != {99: "C", 100: "B", 101: "A"}[value]:
            code_set = {99: "C", 100: "B", 101: "A"}[value]
        elif code_set == "C":
            text += f"{value:02d}"
        elif value < 96:
            text += chr(value + 32) if code_set == "B" or value < 64 else chr(value - 64)
    return text


def values_of(text: str, *, gs1: bool = False) -> list[int]:
    """Return symbol values for ``text`` as a printer's automatic mode chooses them: pairs of digits in set C."""
    text = (GS if gs1 else "") + "".join(character for character in text if " " <= character <= "~" or character == GS)
    values: list[int] = []
    code_set, at = "", 0
    while at < len(text):
        digits = re.match(rf"{GS}*\d*", text[at:])
        run = len(digits[0].strip(GS)) if digits else 0
        wanted = "C" if run >= (2 if code_set == "C" else 4) else "B"
        if wanted != code_set:
            changes = {"B": linear.START_B, "C": linear.START_C} if not values else {"B": linear.TO_B, "C": linear.TO_C}
            values.append(changes[wanted])
            code_set = wanted
        if text[at] == GS:
            values.append(linear.FNC1)
            at += 1
        elif code_set == "C":
            values.append(int(text[at : at + 2]))
            at += 2
        else:
            values.append(ord(text[at]) - 32)
            at += 1
    return values or [linear.START_B]


def qr(text: str, level: str, module: int) -> Symbol:
    """Return a QR code without quiet zone."""
    drawn = qrcode.QRCode(error_correction=_LEVELS.get(level, constants.ERROR_CORRECT_M), border=0)
    drawn.add_data(text.encode() or b" ")
    try:
        drawn.make(fit=True)
    except (DataOverflowError, ValueError):
        return Symbol(Code("qr (not drawn: the data does not fit)", text), _crossed(module * 20, module * 20))
    matrix = drawn.get_matrix()
    module = max(1, min(module, _LARGEST // len(matrix)))
    image = Image.new("L", (len(matrix), len(matrix)))
    image.putdata([255 if dark else 0 for row in matrix for dark in row])
    return Symbol(Code("qr", text), image.resize((len(matrix) * module,) * 2, Image.Resampling.NEAREST))


def by_library(kind: str, text: str, width: int, height: int, **options: object) -> Symbol:
    """Return a code that zxing-cpp draws (DataMatrix, PDF417, MaxiCode, Aztec, Codabar), modules ``width`` × ``height`` dots.

    Without the library the place is marked by a crossed box, and the code's kind says so.
    """
    width, height = min(width, 40), min(height, 40)
    try:
        import zxingcpp
    except ImportError:
        return Symbol(Code(f"{kind} (not drawn: zxing-cpp is not installed)", text), _crossed(width * 20, height * 20))
    name = {
        "datamatrix": "DataMatrix",
        "pdf417": "PDF417",
        "maxicode": "MaxiCode",
        "aztec": "Aztec",
        "codabar": "Codabar",
    }[kind]
    try:
        made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name), **options)
    except (ValueError, RuntimeError):
        return Symbol(Code(f"{kind} (not drawn: the data does not fit)", text), _crossed(width * 20, height * 20))
    picture: Any = made.to_image(scale=1, add_quiet_zones=False)
    rows, columns = picture.shape
    image = Image.frombytes("L", (columns, rows), bytes(255 - level for level in memoryview(picture).tobytes()))
    return Symbol(Code(kind, text), image.resize((columns * width, rows * height), Image.Resampling.NEAREST))


def _crossed(width: int, height: int) -> Image.Image:
    image = Image.new("L", (max(2, width), max(2, height)))
    draw = ImageDraw.Draw(image)
    box = (0, 0, image.width - 1, image.height - 1)
    draw.rectangle(box, outline=255)
    draw.line(box, fill=255)
    return image


_AI_DIGITS = {
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"), 4),
}
_FIXED = {
    **{"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16},
    **{str(ai): 8 for ai in range(11, 20)},
    **{str(ai): 10 for ai in range(31, 37)},
}


def bracketed(elements: str) -> str:
    """Return GS1 element strings with their identifiers in brackets, as a drawing library wants them.

    >>> bracketed("0106901234567892" "10AB")
    '(01)06901234567892(10)AB'
    """
    found = ""
    rest = elements.strip(GS)
    while rest:
        size = _FIXED.get(rest[:2], len(rest))
        end = rest.find(GS)
        if rest[:2] not in _FIXED and end >= 0:
            size = end
        digits = _AI_DIGITS.get(rest[:2], 2)
        found += f"({rest[:digits]}){rest[digits:size]}"
        rest = rest[size:].removeprefix(GS)
    return found


def datamatrix(text: str, module: int, *, gs1: bool = False) -> Symbol:
    """Return a DataMatrix; GS1 data carries its separators as GS."""
    if not gs1:
        return by_library("datamatrix", text, module, module, forceSquare=True)
    drawn = by_library("datamatrix", bracketed(text), module, module, gs1=True, forceSquare=True)
    kind = drawn.code.kind.replace("datamatrix", "gs1_datamatrix")
    return Symbol(Code(kind, text.strip(GS)), drawn.ink)
