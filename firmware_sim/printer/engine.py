"""Carries out commands: modes, lines, symbols, cuts, drawer pulses, and the queries that wait their turn."""

import contextlib
import dataclasses
from collections.abc import Callable

from PIL import Image
from qrcode.exceptions import DataOverflowError

from firmware_sim.printer import symbols
from firmware_sim.printer.answers import answer
from firmware_sim.printer.condition import Condition
from firmware_sim.printer.line import Line, Style
from firmware_sim.printer.model import PrinterModel
from firmware_sim.printer.modes import STYLE_COMMANDS
from firmware_sim.printer.paper import COLUMN_DOTS, Paper
from firmware_sim.printer.parser import TEXT, UNKNOWN, Command, Parser

# ESC t n → character set, as most printers have them (reference §1.2; shared printer database, profile "default").
_CODE_PAGES = {
    0: "cp437", 1: "shift_jis", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859-7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 20: "cp874", 21: "cp874", 26: "cp874", 32: "cp720", 33: "cp775",
    34: "cp855", 35: "cp861", 36: "cp862", 37: "cp864", 38: "cp869", 39: "iso8859-2", 40: "iso8859-15", 44: "cp1125",
    45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip
_KEPT_UNKNOWN = 1000
_MAX_QR_MODULE = 16


@dataclasses.dataclass
class _Symbol:
    height: int = 162
    module: int = 3
    text_at: int = 0
    qr_size: int = 3
    qr_level: int = 0x30
    qr_data: bytes = b""
    pdf_data: bytes = b""
    pdf_module: int = 3
    picture: Image.Image | None = None


class Engine:
    """One printer's mechanism. ``reply`` sends bytes to the host, if one listens."""

    def __init__(
        self,
        model: PrinterModel,
        paper: Paper,
        condition: Condition,
        reply: Callable[[bytes], None],
        pulsed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Set up; ``pulsed`` is told the connector pin of every pulse."""
        self._model, self._paper, self._condition, self._reply, self._pulsed = model, paper, condition, reply, pulsed
        self.parser = Parser(double_byte=model.chinese and model.chinese_on, unsupported=model.unsupported)
        self._stored: list[Image.Image] = []
        self.asb_mask = 0
        self.pulse_enabled = True
        self.drawer_pulses: list[int] = []
        self.unknown: list[bytes] = []
        self.cuts = 0
        self.lines_printed = 0
        self._selected = True
        self._reset()

    def _reset(self) -> None:
        self._style = Style()
        self._symbol = _Symbol()
        self._code_page = "cp437"
        self._tabs = list(range(8, 100, 8))
        self.parser.double_byte = self._model.chinese and self._model.chinese_on
        self._line = Line(self._paper.dots)
        self.asb_mask = 0  # automatic status lasts until ESC @ on Epson's printers, and a host has to live with that

    def execute(self, command: Command) -> int:
        """Carry out one command and return how many lines of paper it printed."""
        before = self.lines_printed
        if command.name == UNKNOWN:
            if len(self.unknown) < _KEPT_UNKNOWN:
                self.unknown.append(command.raw)
        elif command.name == "ESC =":
            self._selected = bool(command.args[0] & 1)
        elif self._selected:
            self._carry_out(command)
        return self.lines_printed - before

    def _carry_out(self, command: Command) -> None:
        with contextlib.suppress(
            IndexError, ValueError, DataOverflowError
        ):  # parameters that make no sense are ignored
            self._obey(command)

    def _obey(self, command: Command) -> None:
        if command.name in STYLE_COMMANDS:
            STYLE_COMMANDS[command.name](self._style, command.args)
        elif command.name in _HANDLERS:
            _HANDLERS[command.name](self, command.args)
        elif (reply := answer(command, self._model, self._condition)) is not None:
            self._reply(reply)

    def forget(self) -> None:
        """Throw away what waits to be printed, the line that is being set included."""
        self.parser.clear()
        self._line = Line(self._style.width_dots or self._paper.dots)

    def power_off(self) -> None:
        """Lose everything but the paper and what is stored."""
        self.forget()
        self.asb_mask = 0
        self._reset()

    def finish(self) -> None:
        """End the paper as switching off does: what stands on it becomes the last receipt."""
        self._end_line()
        self._paper.cut()

    # ── text ──

    def text(self, data: bytes) -> None:
        """Set characters, breaking the line where the paper ends."""
        self._style.double_byte = self.parser.double_byte
        for character in self._decode(data):
            if not self._line.fits(self._style.cell(character)[0]):
                self._end_line()
            self._line.add_character(character, self._style)

    def _decode(self, data: bytes) -> str:
        if not self.parser.double_byte:
            return data.decode(self._code_page, "replace")
        text = data.decode("gb18030", "replace")
        if self._model.four_byte:
            return text
        # A two-byte printer reads a four-byte character as two pairs of nonsense and prints their digits.
        return "".join(c if len(b := c.encode("gb18030", "replace")) < 4 else f"{b[1]:c}{b[3]:c}" for c in text)

    def _tab(self, _: bytes) -> None:
        column = self._line.x // COLUMN_DOTS
        self._line.x = next((tab for tab in self._tabs if tab > column), column + 1) * COLUMN_DOTS

    # ── paper ──

    def _feed(self, _: bytes) -> None:
        if self._line:
            self._end_line()
        else:
            self._blank(self._style.spacing_dots)

    def _end_line(self, rows: int = 0) -> None:
        if not self._line:
            return
        style, line = self._style, self._line
        rows = rows or max(style.spacing_dots, line.height() + (6 if line.height() > 24 else 0))
        strip = line.strip(style.align, style.margin_dots, self._paper.dots, rows) if self._paper.draws else None
        self._paper.add(line.text(style.align, style.margin_dots), strip, rows)
        self.lines_printed += 1
        self._line = Line(style.width_dots or self._paper.dots)

    def _blank(self, rows: int) -> None:
        self._paper.add("", None, rows)
        self.lines_printed += 1

    def _feed_lines(self, args: bytes) -> None:
        count = args[0]
        if self._line and count:
            self._end_line()
            count -= 1
        for _ in range(count):
            self._blank(self._style.spacing_dots)

    def _feed_dots(self, args: bytes) -> None:
        self._end_line()
        self._paper.add(None, None, args[0])

    def _cut(self, args: bytes) -> None:
        self._end_line()
        self.cuts += self._model.cutter
        self._paper.cut()

    def _put_picture(self, image: Image.Image, text: str) -> None:
        self._end_line()
        if image.width > self._paper.dots:
            image = image.crop((0, 0, self._paper.dots, image.height))
        self._line.add_image(image, text)
        self._end_line(rows=image.height)

    # ── symbols and pictures ──

    def _barcode(self, args: bytes) -> None:
        code = symbols.read_barcode(args)
        if code is None:
            return
        if code.modules is None:
            self._boxed(f"[{code.kind} {code.text}]")
            return
        bars = symbols.bars_image(code.modules, self._symbol.module, self._symbol.height)
        above, below = self._symbol.text_at & 1, self._symbol.text_at & 2
        if above:
            self._caption(code.text, bars.width)
        self._put_picture(bars, f"[{code.kind} {code.text}]")
        if below:
            self._caption(code.text, bars.width)

    def _caption(self, text: str, width: int = 0) -> None:
        """Print ``text`` as a line of its own, in the middle of ``width`` dots where it is narrower."""
        style, self._style = self._style, Style(align=self._style.align)
        if self._style.align == 0:
            self._line.x = max(0, width - COLUMN_DOTS * len(text)) // 2
        for character in text:
            self._line.add_character(character, self._style)
        self._end_line()
        self._style = style

    def _boxed(self, text: str) -> None:
        self._end_line()
        self._caption(text)

    def _two_dimensional(self, args: bytes) -> None:
        kind, function, data = args[3], args[4], args[5:]
        match kind, function:
            case 0x31, 0x43:
                self._symbol.qr_size = min(max(data[0], 1), _MAX_QR_MODULE)
            case 0x31, 0x45:
                self._symbol.qr_level = data[0]
            case 0x31, 0x50:
                self._symbol.qr_data = data[1:]
            case 0x31, 0x51 if self._symbol.qr_data:
                stored = self._symbol.qr_data
                image = symbols.qr_image(stored, self._symbol.qr_level, self._symbol.qr_size)
                self._put_picture(image, f"[qr {stored.decode('utf-8', 'replace')}]")
            case 0x30, 0x50:
                self._symbol.pdf_data = data[1:]
            case 0x30, 0x43:
                self._symbol.pdf_module = min(max(data[0], 2), 8)
            case 0x30, 0x51 if self._symbol.pdf_data:
                self._pdf417(self._symbol.pdf_data)

    def _pdf417(self, data: bytes) -> None:
        text = f"[pdf417 {data.decode('utf-8', 'replace')}]"
        image = symbols.pdf417_image(data, self._symbol.pdf_module) if self._paper.draws else None
        if image is None:
            self._boxed(text)
        else:
            self._put_picture(image, text)

    def _raster(self, args: bytes) -> None:
        mode, width, rows = args[1] & 3, int.from_bytes(args[2:4], "little"), int.from_bytes(args[4:6], "little")
        self._picture(symbols.raster_image(width, rows, args[6:], 2 if mode & 1 else 1, 2 if mode & 2 else 1))

    def _graphics(self, args: bytes) -> None:
        self._graphics_function(args[3:])

    def _large_graphics(self, args: bytes) -> None:
        self._graphics_function(args[5:])

    def _graphics_function(self, data: bytes) -> None:
        function = data[1] if len(data) > 1 else 0
        if function == 112 and len(data) >= 10:
            width, rows = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
            image = symbols.raster_image((width + 7) // 8, rows, data[10:], data[3], data[4])
            self._symbol.picture = image.crop((0, 0, width * data[3], image.height))
        elif function in (2, 50) and self._symbol.picture is not None:
            self._picture(self._symbol.picture)
            self._symbol.picture = None
        elif function in (69, 85):
            self._logo(b"\x01")

    def _store_logos(self, args: bytes) -> None:
        self._stored, at = [], 1
        for _ in range(args[0]):
            columns, bands = (int.from_bytes(args[at + i : at + i + 2], "little") for i in (0, 2))
            size = columns * bands * 8
            self._stored.append(symbols.stored_image(columns * 8, bands, args[at + 4 : at + 4 + size]))
            at += 4 + size

    def _logo(self, args: bytes) -> None:
        if 1 <= args[0] <= len(self._stored):
            image = self._stored[args[0] - 1]
            self._put_picture(image, f"[stored logo {args[0]} {image.width}x{image.height}]")

    def _picture(self, image: Image.Image) -> None:
        if image.width and image.height:
            self._put_picture(image, f"[image {image.width}x{image.height}]")

    def _column_image(self, args: bytes) -> None:
        image = symbols.column_image(args[0], args[3:])
        if not self._line.fits(image.width):
            self._end_line()
        self._line.add_image(image, "" if self._line else f"[image {image.width}x24]")

    # ── drawer and status ──

    def pulse(self, pin: int) -> None:
        """Send the drawer a pulse on connector pin 2 or 5."""
        self.drawer_pulses.append(pin)
        self._pulsed(pin)

    def _automatic_status(self, args: bytes) -> None:
        self.asb_mask = args[0]
        if self.asb_mask:
            self._reply(self._condition.automatic())

    def _real_time_switch(self, args: bytes) -> None:
        for function, enabled in zip(args[4::2], args[5::2], strict=False):
            if function in (1, 49):
                self.pulse_enabled = enabled in (1, 49)

    # ── position ──

    def _align(self, args: bytes) -> None:
        if not self._line and args[0] % 48 in (0, 1, 2):  # in the middle of a line it is ignored
            self._style.align = args[0] % 48

    def _set_tabs(self, args: bytes) -> None:
        self._tabs = list(args.rstrip(b"\0"))

    def _position(self, args: bytes) -> None:
        self._line.x = int.from_bytes(args[:2], "little")

    def _move(self, args: bytes) -> None:
        self._line.x = max(0, self._line.x + int.from_bytes(args[:2], "little", signed=True))

    def _margin(self, args: bytes) -> None:
        self._style.margin_dots = min(int.from_bytes(args[:2], "little"), self._paper.dots - COLUMN_DOTS)
        self._set_width(self._style.width_dots or self._paper.dots)

    def _print_width(self, args: bytes) -> None:
        self._set_width(int.from_bytes(args[:2], "little"))

    def _set_width(self, width: int) -> None:
        self._style.width_dots = max(24, min(width, self._paper.dots - self._style.margin_dots))
        if not self._line:
            self._line = Line(self._style.width_dots)


def _set_symbol(name: str) -> Callable[[Engine, bytes], None]:
    def handler(engine: Engine, args: bytes) -> None:
        setattr(engine._symbol, name, args[0])

    return handler


def _double_byte(*, on: bool) -> Callable[[Engine, bytes], None]:
    def handler(engine: Engine, args: bytes) -> None:
        engine.parser.double_byte = on and engine._model.chinese

    return handler


def _code_page(engine: Engine, args: bytes) -> None:
    engine._code_page = _CODE_PAGES.get(args[0], "cp437")


def _drawer(engine: Engine, args: bytes) -> None:
    engine.pulse(5 if args[0] in (1, 49) else 2)


# Commands that are parsed and change nothing that paper shows (buzzer, sensors, density …) have no handler.
_HANDLERS: dict[str, Callable[[Engine, bytes], None]] = {
    TEXT: Engine.text,
    "LF": Engine._feed,
    "FF": Engine._feed,
    "ESC FF": Engine._feed,
    "HT": Engine._tab,
    "ESC @": lambda engine, _: engine._reset(),
    "ESC a": Engine._align,
    "ESC $": Engine._position,
    "ESC \\": Engine._move,
    "ESC D": Engine._set_tabs,
    "ESC J": Engine._feed_dots,
    "ESC d": Engine._feed_lines,
    "ESC t": _code_page,
    "ESC p": _drawer,
    "ESC i": Engine._cut,
    "ESC m": Engine._cut,
    "ESC *": Engine._column_image,
    "GS L": Engine._margin,
    "GS W": Engine._print_width,
    "GS V": Engine._cut,
    "GS H": _set_symbol("text_at"),
    "GS h": _set_symbol("height"),
    "GS w": _set_symbol("module"),
    "GS k": Engine._barcode,
    "GS v": Engine._raster,
    "GS (k": Engine._two_dimensional,
    "GS (L": Engine._graphics,
    "GS 8": Engine._large_graphics,
    "GS (D": Engine._real_time_switch,
    "GS a": Engine._automatic_status,
    "FS &": _double_byte(on=True),
    "FS .": _double_byte(on=False),
    "FS p": Engine._logo,
    "FS q": Engine._store_logos,
}
