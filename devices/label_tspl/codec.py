r"""TSPL: marks into lines, and status bytes into values. Sans-I/O.

Texts stand in quotes, a quote of the text as ``\["]``; no control character, and no sequence that a printer obeys at
once wherever it stands (``ESC !``, ``~!``), comes from data: not from texts, and not from the dots of a picture.
"""

from collections.abc import Iterable
from typing import Literal

import qrcode
from PIL import Image

from devices.label import Align, Symbology
from devices.label_tspl.model import TsplModel
from devices.labelling.codes import chunks
from devices.labelling.lettering import LEADING, Bitmap, bits_of
from devices.labelling.setting import Bars, Dots, Frame, Letters, Mark, Square
from devices.meaning import Meaning
from devices.ports.label import LabelStatus
from domain.gs1 import GS

ASK_BYTE, ASK_LINE = b"\x1b!?", b"\x1b!S"
AT_ONCE = (b"\x1b!", b"~!")
"""What a printer obeys at once, in whatever it stands (reference §2.2; compare §0 trap 4)."""
FONT_DOTS = 24
MAX_FRAME_BYTES = 8
_CRLF = b"\r\n"
_STX = 0x02


def quoted(text: str) -> bytes:
    r"""Return ``text`` in quotes, in two-byte Chinese.

    Raises:
        ValueError: a character that is no printable text here, or a sequence that is obeyed at once.

    >>> quoted('12" x').decode()
    '"12\\["] x"'
    """
    encoded = text.encode("gb18030")
    if any(byte < 0x20 or byte == 0x7F for byte in encoded) or any(sequence in encoded for sequence in AT_ONCE):
        raise ValueError(f"label text {text!r} cannot be sent as text")
    return b'"' + encoded.replace(b'"', b'\\["]') + b'"'


def format_of(marks: Iterable[Mark], width_mm: float, height_mm: float, copies: int, model: TsplModel) -> bytes:
    """Return the lines that print ``copies`` labels.

    Raises:
        ValueError: a code whose data this language cannot carry.
    """
    lines = [f"SIZE {width_mm:g} mm,{height_mm:g} mm".encode()]
    if model.gap_mm or model.mark_mm:
        kind, length = ("GAP", model.gap_mm) if model.gap_mm else ("BLINE", model.mark_mm)
        lines.append(f"{kind} {length:g} mm,0 mm".encode())
    lines += [f"DIRECTION {model.direction}".encode(), b"REFERENCE 0,0", b"CLS"]
    lines += (line for mark in marks for line in _lines(mark, model))
    lines.append(f"PRINT 1,{copies}".encode())
    # A line end in front: whatever an earlier connection left half-said ends here.
    return _CRLF + _CRLF.join(lines) + _CRLF


def _lines(mark: Mark, model: TsplModel) -> list[bytes]:
    match mark:
        case Letters():
            return [_text(mark, number, model) for number in range(len(mark.setting.lines))]
        case Dots(x, y, bitmap):
            return [picture(x, y, bitmap)]
        case Bars():
            return [_bars(mark, model)]
        case Square():
            return [_square(mark)]
        case Frame(x, y, width, height, 0):
            return [f"BAR {x},{y},{width},{height}".encode()]
        case Frame(x, y, width, height, line):
            return [f"BOX {x},{y},{x + width},{y + height},{line}".encode()]


def _text(mark: Letters, number: int, model: TsplModel) -> bytes:
    text, size = mark.setting.lines[number], mark.setting.size
    times = size // FONT_DOTS
    spare = max(0, mark.width - BuiltIn(model).width(text, size))
    x = mark.x + {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[mark.align]
    y = mark.y + round(number * size * LEADING)
    return f'TEXT {x},{y},"{model.font}",0,{times},{times},'.encode() + quoted(text)


def picture(x: int, y: int, bitmap: Bitmap) -> bytes:
    """Return BITMAP with its dots, in which nothing can be taken for an order: one dot of such a pair turns white."""
    dots = bytes(byte ^ 0xFF for byte in bitmap.data)  # here 0 is black
    for sequence in AT_ONCE:
        dots = dots.replace(sequence, sequence[:1] + b"\x23")
    return f"BITMAP {x},{y},{bitmap.width_bytes},{bitmap.rows},0,".encode() + dots


def _bars(mark: Bars, model: TsplModel) -> bytes:
    kind, data = mark.symbology, mark.data
    if kind is Symbology.EAN13:
        name, data = "EAN13", data[:12]
    elif kind is Symbology.EAN8:
        name, data = "EAN8", data[:7]
    elif kind is Symbology.CODE128:
        name = "128"
    else:
        name, data = model.gs1, _by_hand(data) if model.gs1 == "128M" else data.replace(GS, "")
    head = f'BARCODE {mark.x},{mark.y},"{name}",{mark.height},{int(mark.readable)},0,{mark.module},{mark.module},'
    return head.encode() + quoted(data)


def _by_hand(data: str) -> str:
    """Return GS1-128 for type 128M: start sets, changes of set and FNC1 as ``!105``, ``!104``, ``!099``, ``!100``, ``!102``.

    Raises:
        ValueError: an exclamation mark, which this form cannot carry.
    """
    if "!" in data:
        raise ValueError(f"gs1_128 {data!r} holds '!', which a TSPL printer takes for a change of code set")
    parts = []
    for number, (code_set, text) in enumerate(chunks(data, gs1=True)):
        parts.append({("B", 0): "!104", ("C", 0): "!105", ("B", 1): "!100", ("C", 1): "!099"}[code_set, min(number, 1)])
        parts.append(text.replace(GS, "!102"))
    return "".join(parts)


def _square(mark: Square) -> bytes:
    if mark.symbology is Symbology.QR:
        if not _plain(mark.data):
            return picture(mark.x, mark.y, _drawn_qr(mark))
        head = f"QRCODE {mark.x},{mark.y},{mark.level},{mark.module},A,0,"
        return head.encode() + quoted(mark.data)
    if not _plain(mark.data.replace(GS, "")):
        raise ValueError(f"{mark.symbology.value} {mark.data!r} cannot be sent to a TSPL printer")
    gs1 = mark.symbology is Symbology.GS1_DATAMATRIX
    data = "~1" + mark.data.replace(GS, "~1") if gs1 else mark.data
    room, escape = mark.side * mark.module, "c126," if gs1 else ""
    return f"DMATRIX {mark.x},{mark.y},{room},{room},{escape}x{mark.module},".encode() + quoted(data)


def _plain(data: str) -> bool:
    r"""Whether a printer takes ``data`` in quotes as it is: in codes even ``\["]`` is in doubt."""
    return all(" " <= character <= "~" and character not in '"~\\' for character in data)


def _drawn_qr(mark: Square) -> Bitmap:
    levels = {"L": 1, "M": 0, "Q": 3, "H": 2}
    code = qrcode.QRCode(error_correction=levels[mark.level], border=0)
    code.add_data(mark.data.encode())
    code.make(fit=True)
    matrix = code.get_matrix()
    image = Image.new("L", (len(matrix), len(matrix)), 255)
    image.putdata([0 if dark else 255 for row in matrix for dark in row])
    return bits_of(image.resize((len(matrix) * mark.module,) * 2, Image.Resampling.NEAREST))


class BuiltIn:
    """The built-in font: 24 dots high, times 1 to 10; ASCII half as wide."""

    def __init__(self, model: TsplModel) -> None:
        self._font = model.font

    def covers(self, text: str, *, bold: bool) -> bool:
        """Whether every glyph is on the printer and none of the text is obeyed at once; the font has no bold."""
        return bool(self._font) and not bold and "~!" not in text and all(_known(character) for character in text)

    def size(self, wanted: int) -> int:
        """Return the multiple of 24 dots that is nearest from below."""
        return max(1, min(10, wanted // FONT_DOTS)) * FONT_DOTS

    def width(self, text: str, size: int) -> int:
        """Return the width in dots: exact, since every character has a cell."""
        return sum(size if not character.isascii() else size // 2 for character in text)


def _known(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    return len(character.encode("gb2312", "ignore")) == 2


class ReplyDecoder:
    """Reads status answers in the form that a model gives them.

    Attributes:
        noise: bytes that belonged to no answer.
    """

    def __init__(self, form: Literal["byte", "line", "none"]) -> None:
        self.noise = 0
        self._form = form
        self._buffer = b""

    def feed(self, data: bytes) -> list[LabelStatus]:
        """Return the answers completed by ``data``, oldest first."""
        if self._form != "line":
            return [status_of_byte(byte) for byte in data]
        self._buffer += data
        found = []
        while len(self._buffer) >= MAX_FRAME_BYTES or (self._buffer and self._buffer[0] != _STX):
            frame = self._buffer[:MAX_FRAME_BYTES]
            if frame[0] == _STX and frame[5:] == b"\x03\r\n" and all(0x40 <= byte < 0x80 for byte in frame[1:5]):
                found.append(status_of_line(frame[1:5]))
                self._buffer = self._buffer[MAX_FRAME_BYTES:]
            else:
                self.noise += 1
                self._buffer = self._buffer[1:]
        return found


_WORDS = {1: "jam", 7: "another error"}


def status_of_byte(value: int) -> LabelStatus:
    """Read the answer to <ESC>!?."""
    bit = [bool(value >> number & 1) for number in range(8)]
    fault = ", ".join(word for number, word in _WORDS.items() if bit[number])
    return LabelStatus(
        ready=not (value & 0b11011111),
        paper_out=bit[2],
        head_open=bit[0] or bit[6],
        ribbon_out=bit[3],
        paused=bit[4],
        busy=bit[5],
        fault=fault,
    )


_BUSY = frozenset(b"BCFPW")
_FAULTS_3 = {0x01: "head too hot", 0x02: "motor too hot", 0x08: "cutter jam", 0x10: "out of memory"}
_FAULTS_4 = {0x02: "jam", 0x08: "ribbon jam"}


def status_of_line(four: bytes) -> LabelStatus:
    """Read the four status bytes of the answer to <ESC>!S: message, warning, two of errors."""
    message, warning, third, fourth = four
    faults = [word for bit, word in _FAULTS_3.items() if third & bit] + [w for b, w in _FAULTS_4.items() if fourth & b]
    faults += {
        ord("E"): ["an error"],
        ord("K"): ["waiting for its key"],
        ord("L"): ["waiting for the label to be taken"],
    }.get(message, [])
    stopped = bool(fourth & 0x3F or third & 0x3F or faults) or message == 0x60 or bool(warning & 0x08)
    return LabelStatus(
        ready=not stopped,
        paper_out=bool(fourth & 0x01),
        head_open=bool(fourth & 0x20),
        ribbon_out=bool(fourth & 0x04),
        paused=message == 0x60,
        busy=message in _BUSY,
        fault=", ".join(faults),
    )


def explain(data: bytes) -> list[Meaning]:
    """Say what a printer's answer means, for people: frames of <ESC>!S, else single bytes of <ESC>!?."""
    decoder = ReplyDecoder("line" if data[:1] == bytes([_STX]) else "byte")
    found = []
    for status in decoder.feed(data):
        text = status.stopped_by or ("prints" if status.busy else "ready")
        found.append(Meaning(text, {"ready": bool(status.ready), "busy": bool(status.busy)}))
    if decoder.noise:
        found.append(Meaning(f"{decoder.noise} bytes that belong to no answer", {"noise": decoder.noise}))
    return found
