"""Setting characters and pictures in lines, and lines on the paper."""

from collections.abc import Callable

from PIL import Image

from firmware_sim.printer.line import Line, Style
from firmware_sim.printer.model import PrinterModel
from firmware_sim.printer.paper import COLUMN_DOTS, Paper
from firmware_sim.printer.parser import TEXT, Parser

# ESC t n → character set, as most printers have them (reference §1.2; shared printer database, profile "default").
_CODE_PAGES = {
    0: "cp437", 1: "shift_jis", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859-7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 20: "cp874", 21: "cp874", 26: "cp874", 32: "cp720", 33: "cp775",
    34: "cp855", 35: "cp861", 36: "cp862", 37: "cp864", 38: "cp869", 39: "iso8859-2", 40: "iso8859-15", 44: "cp1125",
    45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip


class Typesetter:
    """What a printer remembers of the line that it sets, and how it looks.

    Attributes:
        paper: what it prints on.
        style: the modes in force.
        line: what is being set.
        lines_printed: since power-on.
    """

    def __init__(self, model: PrinterModel, paper: Paper, parser: Parser) -> None:
        self._model, self.paper, self._parser = model, paper, parser
        self.lines_printed = 0
        self.reset()

    def reset(self) -> None:
        """Return to what ``ESC @`` sets."""
        self.style = Style()
        self._code_page = "cp437"
        self._tabs = list(range(8, 100, 8))
        self._parser.double_byte = self._model.chinese and self._model.chinese_on
        self.line = Line(self.paper.dots)

    def forget(self) -> None:
        """Throw away the line that is being set."""
        self.line = Line(self.style.width_dots or self.paper.dots)

    # ── text ──

    def text(self, data: bytes) -> None:
        """Set characters, breaking the line where the paper ends."""
        self.style.double_byte = self._parser.double_byte
        for character in self._decode(data):
            if not self.line.fits(self.style.cell(character)[0]):
                self.end_line()
            self.line.add_character(character, self.style)

    def _decode(self, data: bytes) -> str:
        if not self._parser.double_byte:
            return data.decode(self._code_page, "replace")
        text = data.decode("gb18030", "replace")
        if self._model.four_byte:
            return text
        # A two-byte printer reads a four-byte character as two pairs of nonsense and prints their digits.
        return "".join(c if len(b := c.encode("gb18030", "replace")) < 4 else f"{b[1]:c}{b[3]:c}" for c in text)

    def _tab(self, _: bytes) -> None:
        column = self.line.x // COLUMN_DOTS
        self.line.x = next((tab for tab in self._tabs if tab > column), column + 1) * COLUMN_DOTS

    # ── paper ──

    def _feed(self, _: bytes) -> None:
        if self.line:
            self.end_line()
        else:
            self._blank(self.style.spacing_dots)

    def end_line(self, rows: int = 0) -> None:
        """Put what stands on the line on the paper, ``rows`` dots high, or as high as its style says."""
        if not self.line:
            return
        style, line = self.style, self.line
        rows = rows or max(style.spacing_dots, line.height() + (6 if line.height() > 24 else 0))
        strip = line.strip(style.align, style.margin_dots, self.paper.dots, rows) if self.paper.draws else None
        self.paper.add(line.text(style.align, style.margin_dots), strip, rows)
        self.lines_printed += 1
        self.line = Line(style.width_dots or self.paper.dots)

    def _blank(self, rows: int) -> None:
        self.paper.add("", None, rows)
        self.lines_printed += 1

    def _feed_lines(self, args: bytes) -> None:
        count = args[0]
        if self.line and count:
            self.end_line()
            count -= 1
        for _ in range(count):
            self._blank(self.style.spacing_dots)

    def _feed_dots(self, args: bytes) -> None:
        self.end_line()
        self.paper.add(None, None, args[0])

    def put_picture(self, image: Image.Image, text: str) -> None:
        """Print a picture on a line of its own; ``text`` stands for it in the journal."""
        self.end_line()
        if image.width > self.paper.dots:
            image = image.crop((0, 0, self.paper.dots, image.height))
        self.line.add_image(image, text)
        self.end_line(rows=image.height)

    def caption(self, text: str, width: int = 0) -> None:
        """Print ``text`` as a line of its own, in the middle of ``width`` dots where it is narrower."""
        style, self.style = self.style, Style(align=self.style.align)
        if self.style.align == 0:
            self.line.x = max(0, width - COLUMN_DOTS * len(text)) // 2
        for character in text:
            self.line.add_character(character, self.style)
        self.end_line()
        self.style = style

    def boxed(self, text: str) -> None:
        """Print ``text`` on a line of its own, for a symbol that cannot be drawn."""
        self.end_line()
        self.caption(text)

    # ── position ──

    def _align(self, args: bytes) -> None:
        if not self.line and args[0] % 48 in (0, 1, 2):  # in the middle of a line it is ignored
            self.style.align = args[0] % 48

    def _set_tabs(self, args: bytes) -> None:
        self._tabs = list(args.rstrip(b"\0"))

    def _position(self, args: bytes) -> None:
        self.line.x = int.from_bytes(args[:2], "little")

    def _move(self, args: bytes) -> None:
        self.line.x = max(0, self.line.x + int.from_bytes(args[:2], "little", signed=True))

    def _margin(self, args: bytes) -> None:
        self.style.margin_dots = min(int.from_bytes(args[:2], "little"), self.paper.dots - COLUMN_DOTS)
        self._set_width(self.style.width_dots or self.paper.dots)

    def _print_width(self, args: bytes) -> None:
        self._set_width(int.from_bytes(args[:2], "little"))

    def _set_width(self, width: int) -> None:
        self.style.width_dots = max(24, min(width, self.paper.dots - self.style.margin_dots))
        if not self.line:
            self.line = Line(self.style.width_dots)

    def _choose_code_page(self, args: bytes) -> None:
        self._code_page = _CODE_PAGES.get(args[0], "cp437")

    def _double_byte(self, _: bytes) -> None:
        self._parser.double_byte = self._model.chinese

    def _single_byte(self, _: bytes) -> None:
        self._parser.double_byte = False


SETTING_COMMANDS: dict[str, Callable[[Typesetter, bytes], None]] = {
    TEXT: Typesetter.text,
    "LF": Typesetter._feed,
    "FF": Typesetter._feed,
    "ESC FF": Typesetter._feed,
    "HT": Typesetter._tab,
    "ESC a": Typesetter._align,
    "ESC $": Typesetter._position,
    "ESC \\": Typesetter._move,
    "ESC D": Typesetter._set_tabs,
    "ESC J": Typesetter._feed_dots,
    "ESC d": Typesetter._feed_lines,
    "ESC t": Typesetter._choose_code_page,
    "GS L": Typesetter._margin,
    "GS W": Typesetter._print_width,
    "FS &": Typesetter._double_byte,
    "FS .": Typesetter._single_byte,
}
