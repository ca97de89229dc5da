"""ZPL II: marks into formats, and status lines into values. Sans-I/O.

Everything that leaves is printable ASCII, and no character of data is ``^`` or ``~``: field data goes as hexadecimal
escapes (``^FH_``) wherever it is not a plain letter, digit or harmless sign (fault F43).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from devices.label import Align, Symbology
from devices.label_zpl.model import ZplModel
from devices.labelling.codes import chunks
from devices.labelling.lettering import LEADING, Bitmap
from devices.labelling.setting import Bars, Dots, Frame, Letters, Mark, Square
from devices.meaning import Meaning
from devices.ports.label import LabelStatus
from domain.gs1 import GS

ASK_STATUS, ASK_IDENTITY = b"~HS\r\n", b"~HI\r\n"
MAX_FRAME_BYTES = 256
_STX, _ETX = b"\x02", b"\x03"
# What ^FD takes as it is: no ^ and ~ (commands), _ (our escape), \ (line break in ^FB), > (code set in ^BC).
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;!?/()+-*=%&#@$'\"[]{}|<")
_ALIGN = {Align.LEFT: "L", Align.CENTER: "C", Align.RIGHT: "R"}
_MEDIA = {"": "", "gap": "^MNY", "mark": "^MNM", "continuous": "^MNN"}
_THERMAL = {"": "", "direct": "^MTD", "transfer": "^MTT"}


def field_data(text: str) -> str:
    """Return ``text`` as ^FH and ^FD: UTF-8, escaped byte by byte where a byte is not plain.

    >>> field_data("A^XZ茶")
    '^FH_^FDA_5EXZ_E8_8C_B6'
    """
    return "^FH_^FD" + "".join(chr(byte) if byte in _PLAIN else f"_{byte:02X}" for byte in text.encode())


def format_of(marks: Iterable[Mark], width: int, height: int, copies: int, model: ZplModel) -> bytes:
    """Return one format, ^XA to ^XZ, that prints ``copies`` labels of ``width`` × ``height`` dots."""
    head = f"^XA^CI28{_MEDIA[model.media]}{_THERMAL[model.thermal]}^PW{width}^LL{height}^LH0,0^LS0^FWN^PON^JZY\r\n"
    fields = "".join(_field(mark, model) + "^FS\r\n" for mark in marks)
    return f"{head}{fields}^PQ{copies},0,1,N^XZ\r\n".encode("ascii")


def _field(mark: Mark, model: ZplModel) -> str:
    match mark:
        case Letters():
            return "^FS\r\n".join(_line(mark, number, model) for number in range(len(mark.setting.lines)))
        case Dots(x, y, bitmap):
            return f"^FO{x},{y}{graphic(bitmap)}"
        case Bars(x, y):
            return f"^FO{x},{y}^BY{mark.module},2,{mark.height}{_bars(mark)}"
        case Square(x, y):
            return f"^FO{x},{y}{_square(mark)}"
        case Frame(x, y, width, height, line):
            return f"^FO{x},{y}^GB{width},{height},{line or min(width, height)}"


def _line(mark: Letters, number: int, model: ZplModel) -> str:
    text, size = mark.setting.lines[number], mark.setting.size
    top = mark.y + round(number * size * LEADING)
    font = f"^A0N,{size},{size}" if text.isascii() else f"^A@N,{size},{size},{model.chinese_font}"
    block = "" if mark.align is Align.LEFT else f"^FB{mark.width},1,0,{_ALIGN[mark.align]},0"
    return f"^FO{mark.x},{top}{font}{block}{field_data(text)}"


def _bars(mark: Bars) -> str:
    readable = "Y" if mark.readable else "N"
    if mark.symbology is Symbology.EAN13:
        return f"^BEN,{mark.height},{readable},N{field_data(mark.data[:12])}"
    if mark.symbology is Symbology.EAN8:
        return f"^B8N,{mark.height},{readable},N{field_data(mark.data[:7])}"
    gs1 = mark.symbology is Symbology.GS1_128
    return f"^BCN,{mark.height},{readable},N,N,N" + _invocations(mark.data, gs1=gs1)


def _invocations(data: str, *, gs1: bool) -> str:
    """Return Code 128 data with ``>`` invocations: start B or C, change to B or C, FNC1, and ``>`` itself as ``>0``."""
    parts = []
    for number, (code_set, text) in enumerate(chunks(data, gs1=gs1)):
        parts.append({("B", 0): ">:", ("C", 0): ">;", ("B", 1): ">6", ("C", 1): ">5"}[code_set, min(number, 1)])
        parts += ({">": ">0", GS: ">8"}.get(character, character) for character in text)
    return field_data("".join(parts)).replace("_3E", ">")


def _square(mark: Square) -> str:
    if mark.symbology is Symbology.QR:
        return f"^BQN,2,{mark.module}{field_data(f'{mark.level}A,{mark.data}')}"
    data = mark.data.replace("_", "__").replace(GS, "_1")
    first = "_1" if mark.symbology is Symbology.GS1_DATAMATRIX else ""
    return f"^BXN,{mark.module},200,,,,_{field_data(first + data)}"


def graphic(bitmap: Bitmap) -> str:
    """Return ^GFA with the compressed hexadecimal form: repeat counts, ``,`` and ``!`` to the row's end, ``:`` as above."""
    total = bitmap.width_bytes * bitmap.rows
    rows, before = [], ""
    for at in range(0, total, bitmap.width_bytes):
        row = bitmap.data[at : at + bitmap.width_bytes].hex().upper()
        rows.append(":" if row == before else _packed_row(row))
        before = row
    return f"^GFA,{total},{total},{bitmap.width_bytes}," + "".join(rows)


def _packed_row(row: str) -> str:
    end = ""
    for nibble, mark in (("0", ","), ("F", "!")):
        if row.endswith(nibble):
            row, end = row.rstrip(nibble), mark
            break
    return re.sub(r"(.)\1*", lambda run: _repeated(run[1], len(run[0])), row) + end


def _repeated(nibble: str, times: int) -> str:
    """Return ``nibble`` so often: g to z are 20 to 400, G to Y are 1 to 19."""
    packed = ""
    while times >= 20:
        step = min(times // 20, 20)
        packed += chr(ord("f") + step)
        times -= 20 * step
    packed += chr(ord("F") + times) if times > 1 or (times and packed) else ""
    return packed + nibble


class Latin:
    """Widths of font 0, on the safe side: the makers give none, these are those of a bold condensed face and a tenth."""

    def __init__(self, model: ZplModel) -> None:
        self._latin, self._chinese = model.latin, bool(model.chinese_font)

    def covers(self, text: str, *, bold: bool) -> bool:
        """Whether every glyph is on the printer; font 0 is bold anyway, of a Chinese font only what GBK has is counted on."""
        if text.isascii():
            return self._latin
        return self._chinese and not bold and all(len(ch.encode("gbk", "ignore")) in (1, 2) for ch in text)

    def size(self, wanted: int) -> int:
        """Return ``wanted``: these fonts scale."""
        return wanted

    def width(self, text: str, size: int) -> int:
        """Return the width in dots."""
        if not text.isascii():
            return sum(size if not character.isascii() else (size + 1) // 2 for character in text)
        return round(size * sum(_ADVANCE.get(character, 0.62) for character in text))


_ADVANCE = dict.fromkeys("iIjlt.,:;!'|()[]1 ", 0.34) | dict.fromkeys("mMW@%w", 0.92)


class Identity(NamedTuple):
    """What ~HI answers: model, firmware, and the rest as it came."""

    model: str
    firmware: str
    rest: str


class ReplyDecoder:
    """Cuts STX … ETX frames out of what the printer says.

    Attributes:
        noise: bytes that belonged to no frame.
    """

    def __init__(self) -> None:
        self.noise = 0
        self._buffer = b""
        self._lines: dict[int, list[str]] = {}

    def feed(self, data: bytes) -> list[LabelStatus | Identity]:
        """Return the answers completed by ``data``, oldest first; half an answer waits for the rest."""
        self._buffer += data
        found: list[LabelStatus | Identity] = []
        while (frame := self._frame()) is not None:
            if answer := self._take(frame):
                found.append(answer)
        return found

    def _frame(self) -> str | None:
        start = self._buffer.find(_STX)
        skipped = self._buffer[: start if start >= 0 else len(self._buffer)]
        self.noise += len(skipped.strip(b"\r\n"))
        self._buffer = self._buffer[len(skipped) :]
        end = self._buffer.find(_ETX)
        again = self._buffer.rfind(_STX, 1, end if end >= 0 else None)
        if again > 0 or (end < 0 and len(self._buffer) > MAX_FRAME_BYTES):
            # A frame that begins again, or never ends: its front is garbage.
            lost = again if again > 0 else len(self._buffer)
            self.noise += lost
            self._buffer = self._buffer[lost:]
            return self._frame() if again > 0 else None
        if end < 0:
            return None
        frame, self._buffer = self._buffer[1:end], self._buffer[end + 1 :]
        return frame.decode("ascii", "replace")

    def _take(self, frame: str) -> LabelStatus | Identity | None:
        fields = frame.split(",")
        if len(fields) in (4, 5) and not fields[0].isdigit():
            texts = [re.sub(r"[^ -~]", "?", field)[:40] for field in fields]
            return Identity(texts[0], texts[1], ",".join(texts[2:]))
        if len(fields) not in (12, 11, 2) or not all(re.fullmatch(r"[0-9]{1,10}", field) for field in fields):
            self.noise += len(frame)
            return None
        self._lines = {} if len(fields) == 12 else self._lines  # the first of three
        self._lines[len(fields)] = fields
        if len(fields) != 2 or len(self._lines) < 3:
            return None
        answer, self._lines = _status(self._lines[12], self._lines[11]), {}
        return answer


def _status(first: list[str], second: list[str]) -> LabelStatus:
    """Read the first two lines of ~HS: aaa,b,c,dddd,eee,f,g,h,iii,j,k,l and mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www."""
    paper, paused, formats, full = first[1] != "0", first[2] != "0", int(first[4]), first[5] != "0"
    head, ribbon, remaining = second[2] != "0", second[3] != "0", int(second[8])
    cold, hot = first[10] != "0", first[11] != "0"
    fault = ", ".join(word for word, holds in (("head too cold", cold), ("head too hot", hot)) if holds)
    return LabelStatus(
        ready=not (paper or paused or full or head or ribbon or hot or cold),
        paper_out=paper,
        head_open=head,
        ribbon_out=ribbon,
        paused=paused,
        busy=formats > 0 or remaining > 0,
        formats=formats,
        remaining=remaining,
        fault=fault,
    )


def explain(data: bytes) -> list[Meaning]:
    """Say what a printer's answer means, for people."""
    found, decoder = [], ReplyDecoder()
    for answer in decoder.feed(data):
        if isinstance(answer, Identity):
            found.append(Meaning(f"{answer.model}, firmware {answer.firmware}", {"model": answer.model}))
        else:
            said = answer.stopped_by or ("prints" if answer.busy else "ready")
            fields: dict[str, str | int | bool] = {"formats": answer.formats or 0, "remaining": answer.remaining or 0}
            found.append(Meaning(f"{said}, {fields['formats']} formats held, {fields['remaining']} to come", fields))
    if decoder.noise:
        found.append(Meaning(f"{decoder.noise} bytes that belong to no answer", {"noise": decoder.noise}))
    return found
