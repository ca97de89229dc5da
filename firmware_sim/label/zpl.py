"""A ZPL II printer, written from the reference (§2.1) and never from the driver."""

import contextlib
import re
from collections import Counter
from collections.abc import Callable

from PIL import Image

from firmware_sim.label import zpl_codes, zpl_text
from firmware_sim.label.canvas import MAX_SIDE, Canvas, dots
from firmware_sim.label.machine import Job
from firmware_sim.label.model import LabelModel
from firmware_sim.label.zpl_draw import IGNORED, draw, number_of
from firmware_sim.label.zpl_field import Field
from firmware_sim.label.zpl_graphics import picture_bytes
from firmware_sim.label.zpl_parser import Command, Parser

MAX_STORED = 64
MAX_FIELDS = 2000


class ZplPrinter:
    """Reads the stream and composes labels; ``emit`` takes what is ready, ``obey`` what is to be done at once.

    Attributes:
        unknown: commands that it does not know, and how often they came.
    """

    def __init__(self, model: LabelModel, emit: Callable[[Job], None], obey: Callable[[str], None]) -> None:
        self.unknown: Counter[str] = Counter()
        self._model, self._emit, self._obey = model, emit, obey
        self._parser = Parser()
        self._pictures: dict[str, Image.Image] = {}
        self._formats: dict[str, list[Command]] = {}
        self._width, self._length = model.width_dots, model.length_dots
        self._home, self._default_font, self._size = (0, 0), ("A", 9, 5), 0
        self._encoding = "cp850"
        self._inside = False
        self._begin()

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        self._size += len(data)
        for command in self._parser.feed(data):
            self._execute(command)

    def reset(self) -> None:
        """Be as if just switched on; what was stored in its memory is gone."""
        self._parser.reset()
        self._pictures.clear()
        self._formats.clear()
        self._home, self._default_font, self._encoding = (0, 0), ("A", 9, 5), "cp850"
        self._begin()
        self._inside = False

    def _begin(self) -> None:
        self._fields: list[Field] = []
        self._field = self._fresh()
        self._values: dict[str, bytes] = {}
        self._copies, self._upside_down, self._reversed = 1, False, False
        self._orientation, self._bar = "N", (2, 3.0, 10)
        self._recording: list[Command] | None = None
        self._recalled = False
        self._inside = True

    def _fresh(self) -> Field:
        return Field(home=self._home)

    # ── commands ──

    def _execute(self, command: Command) -> None:
        name, data = command
        if name[0] == "~" and name not in ("~DG", "~DY") and name not in IGNORED:
            return self._immediate(name)
        if self._recording is not None and name not in ("^XZ", "^XA"):
            if len(self._recording) < MAX_FIELDS:
                self._recording.append(command)
            return None
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, data)
        elif name in zpl_codes.CODES:
            self._field = self._field.with_code(name, self._parser.split(data))
        elif name not in IGNORED:
            self.unknown[_printable(name)] += 1
            if len(self.unknown) > 200:
                self.unknown.clear()
        return None

    def _immediate(self, name: str) -> None:
        word = {
            "~HS": "status",
            "~HI": "identity",
            "~JA": "cancel",
            "~JR": "reset",
            "~PS": "start",
            "~PP": "pause",
        }.get(name)
        if word is None:
            self.unknown[_printable(name)] += 1
            return
        self._obey(word)
        if word == "reset":
            self.reset()

    def _start(self, _: bytes) -> None:
        self._begin()

    def _end(self, _: bytes) -> None:
        if not self._inside:
            return
        self._close_field()
        self._inside = False
        recorded, self._recording = self._recording, None
        if recorded is None and self._fields:
            self._print()
        self._size = 0

    def _print(self) -> None:
        length = self._length
        canvas = Canvas(self._width, length)
        pen = zpl_text.Position()
        for field in self._fields:
            draw(field, self._data_of(field), canvas, pen, self._model)
        image = canvas.finished()
        image = image.transpose(Image.Transpose.ROTATE_180) if self._upside_down else image
        self._emit(Job(image, self._copies, tuple(canvas.texts), tuple(canvas.codes), self._size))

    def _data_of(self, field: Field) -> bytes | None:
        return field.data if field.number is None else self._values.get(field.number, field.data)

    def _close_field(self) -> None:
        field, self._field = self._field, self._fresh()
        if field.number is not None and field.data is not None:
            self._values.setdefault(field.number, field.data)
            if self._recalled and not field.placed:
                return
        if field.prints and len(self._fields) < MAX_FIELDS:
            self._fields.append(field)

    def _origin(self, data: bytes, *, baseline: bool) -> None:
        given = self._parser.split(data)
        place = tuple(number_of(value, 0) for value in (*given, "", "")[:2]) if any(given[:2]) else None
        justify = number_of(given[2], 0) if len(given) > 2 else 0
        self._field = self._field.at(place, baseline=baseline, justify=justify)

    def _field_data(self, data: bytes) -> None:
        font, height, width = self._default_font
        defaults = zpl_text.Font(font, height, width, self._orientation)
        self._field = self._field.with_data(data, self._encoding, defaults, self._bar, reverse=self._reversed)

    def _font(self, data: bytes) -> None:
        given = self._parser.split(data)
        self._field = self._field.with_font(zpl_text.font_of(given, self._default_font, self._orientation))

    def _change_font(self, data: bytes) -> None:
        given = [*self._parser.split(data), "", "", ""]
        font, height, width = self._default_font
        letter = given[0][:1].upper() or font
        new_height = number_of(given[1], 0)
        new_width = number_of(given[2], 0)
        self._default_font = (letter, new_height or new_width or height, new_width or new_height or width)

    def _bar_defaults(self, data: bytes) -> None:
        given = [*self._parser.split(data), "", "", ""]
        module, ratio, height = self._bar
        with contextlib.suppress(ValueError):
            ratio = min(3.0, max(2.0, float(given[1]))) if given[1] else ratio
        self._bar = (max(1, min(10, number_of(given[0], module))), ratio, max(1, number_of(given[2], height)))

    def _block(self, data: bytes) -> None:
        given = [*self._parser.split(data), "", "", "", ""]
        self._field = self._field.with_block(
            zpl_text.Block(
                max(0, min(MAX_SIDE, number_of(given[0], 0))),
                max(1, min(zpl_text.MAX_LINES, number_of(given[1], 1))),
                max(-999, min(999, number_of(given[2], 0))),
                given[3][:1].upper() or "L",
                max(0, min(MAX_SIDE, number_of(given[4], 0))),
            )
        )

    def _graphic(self, data: bytes, *, shape: str) -> None:
        self._field = self._field.with_shape(shape, self._parser.split(data))

    def _graphic_field(self, data: bytes) -> None:
        parts = data.split(bytes([self._parser.comma]), 4)
        if len(parts) < 5:
            return
        kind = parts[0].strip().upper()
        total, row_bytes = (number_of(part.decode("latin-1"), 0) for part in parts[2:4])
        raw = parts[4] if kind == b"B" else picture_bytes(parts[4], row_bytes, total)
        if raw and row_bytes:
            self._field = self._field.with_picture(dots(raw, row_bytes))

    def _download(self, data: bytes) -> None:
        parts = data.split(bytes([self._parser.comma]), 3)
        if len(parts) == 4 and len(self._pictures) < MAX_STORED:
            total, row_bytes = (number_of(part.decode("latin-1"), 0) for part in parts[1:3])
            self._pictures[_object(parts[0], "GRF")] = dots(picture_bytes(parts[3], row_bytes, total), row_bytes)

    def _recall_picture(self, data: bytes) -> None:
        given = [*self._parser.split(data), "", ""]
        picture = self._pictures.get(_object(given[0].encode("latin-1"), "GRF"))
        if picture is not None:
            times = [max(1, min(10, number_of(value, 1))) for value in given[1:3]]
            box = min(picture.width * times[0], MAX_SIDE), min(picture.height * times[1], MAX_SIDE)
            self._field = self._field.with_picture(picture.resize(box, Image.Resampling.NEAREST))

    def _store_format(self, data: bytes) -> None:
        if len(self._formats) < MAX_STORED:
            self._recording = self._formats[_object(data, "ZPL")] = []

    def _recall_format(self, data: bytes) -> None:
        self._recalled = True
        for command in self._formats.get(_object(data, "ZPL"), []):
            if command.name != "^XF":
                self._execute(command)

    def _numbered(self, data: bytes) -> None:
        digits = re.match(rb"\s*(\d{1,4})", data)
        self._field = self._field.numbered(digits[1].decode() if digits else "0")

    def _encode(self, data: bytes) -> None:
        number = number_of(self._parser.split(data)[0], 0)
        self._encoding = {27: "cp1252", 28: "utf-8", 29: "utf-16-be", 30: "utf-16-le", 24: "big5", 26: "gb18030"}.get(
            number, "cp850"
        )

    def _set_home(self, data: bytes) -> None:
        given = [*self._parser.split(data), "", ""]
        self._home = (number_of(given[0], 0), number_of(given[1], 0))
        if not self._field.placed:
            self._field = self._fresh().like(self._field)

    def _quantity(self, data: bytes) -> None:
        self._copies = max(1, min(99_999_999, number_of(self._parser.split(data)[0], 1)))

    def _set(self, name: str, data: bytes) -> None:
        given = self._parser.split(data)
        match name:
            case "^PW":
                self._width = max(2, min(number_of(given[0], self._width), self._model.width_dots))
            case "^LL":
                self._length = max(2, min(number_of(given[0], self._length), 6000))
            case "^PO":
                self._upside_down = given[0][:1].upper() == "I"
            case "^FW":
                self._orientation = given[0][:1].upper() or self._orientation
            case "^LR":
                self._reversed = given[0][:1].upper() == "Y"
            case "^FH":
                self._field = self._field.escaped(data[:1].strip() or b"_")
            case "^FR":
                self._field = self._field.reversed_out()
            case _:
                pass


def _object(name: bytes, extension: str) -> str:
    """Return an object's whole name: drive R and the extension unless they are given."""
    text = name.decode("latin-1").strip().upper()[:40]
    text = text if ":" in text else f"R:{text}"
    return text if "." in text else f"{text}.{extension}"


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)


_Handler = Callable[[ZplPrinter, bytes], None]


def _setting(name: str) -> _Handler:
    return lambda printer, data: printer._set(name, data)


def _shape(name: str) -> _Handler:
    return lambda printer, data: printer._graphic(data, shape=name)


_HANDLERS: dict[str, _Handler] = {
    "^XA": ZplPrinter._start,
    "^XZ": ZplPrinter._end,
    "^FS": lambda printer, _: printer._close_field(),
    "^FO": lambda printer, data: printer._origin(data, baseline=False),
    "^FT": lambda printer, data: printer._origin(data, baseline=True),
    "^FD": ZplPrinter._field_data,
    "^FV": ZplPrinter._field_data,
    "^A": ZplPrinter._font,
    "^CF": ZplPrinter._change_font,
    "^BY": ZplPrinter._bar_defaults,
    "^FB": ZplPrinter._block,
    "^TB": ZplPrinter._block,
    "^GF": ZplPrinter._graphic_field,
    "~DG": ZplPrinter._download,
    "^XG": ZplPrinter._recall_picture,
    "^IM": ZplPrinter._recall_picture,
    "^IL": ZplPrinter._recall_picture,
    "^DF": ZplPrinter._store_format,
    "^XF": ZplPrinter._recall_format,
    "^FN": ZplPrinter._numbered,
    "^CI": ZplPrinter._encode,
    "^LH": ZplPrinter._set_home,
    "^PQ": ZplPrinter._quantity,
    "~DY": lambda printer, _: None,
    **{name: _setting(name) for name in ("^PW", "^LL", "^PO", "^FW", "^LR", "^FH", "^FR", "^LS")},
    **{name: _shape(name) for name in ("^GB", "^GC", "^GE", "^GD")},
    "^GS": ZplPrinter._font,
}
