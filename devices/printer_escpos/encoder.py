"""A receipt document into ESC/POS bytes.

Command bytes come from ``escpos.constants``, the tables of python-escpos, which are right for what is used here and
cost nothing. Its ``Dummy`` printer is not used in the product, only as a second opinion in the tests: importing it
costs 10 to 17 MB and 0.3 s (a printer database parsed as YAML, Pillow, barcode and QR libraries), leaves a folder
in /tmp on each start, reconfigures the root logger, prints to stdout, and its ``text()`` lets ESC p through,
encodes Chinese without FS &, and turns ``￥12`` into ``?12`` (measured, python-escpos 3.1).
"""

from escpos import constants as c

from devices.printer_escpos.profile import Chinese, Cut, PrinterProfile
from devices.printer_escpos.symbols import barcode_command, qr_commands
from devices.printer_escpos.text import clean, encode_text, pad, wrap
from devices.receipt import (
    Align,
    Barcode,
    Cell,
    Columns,
    Element,
    Feed,
    KickDrawer,
    Qr,
    ReceiptDocument,
    Rule,
    Text,
)
from devices.receipt import Cut as CutPaper

DOUBLE_BYTE_ON, DOUBLE_BYTE_OFF = b"\x1c\x26", b"\x1c\x2e"
FIRST_CODE_PAGE = b"\x1b\x74\x00"
FEED_LINES = b"\x1b\x64"
MIN_CELL_COLUMNS = 2  # one Chinese character


def encode_receipt(document: ReceiptDocument, profile: PrinterProfile) -> bytes:
    """Return the bytes that print ``document`` on a printer of ``profile``, from ESC @ to the last element.

    Raises:
        ValueError: an element does not fit the paper; the message says which and by how much.
    """
    pen = _Pen(profile)
    for element in document.elements:
        pen.draw(element)
    return bytes(pen.out)


class _Pen:
    """Writes elements one after the other and remembers the modes that are set."""

    def __init__(self, profile: PrinterProfile) -> None:
        self._profile = profile
        self._align, self._bold, self._size = Align.LEFT, False, 0
        self.out = bytearray(c.HW_SELECT + c.HW_INIT)
        chinese = profile.chinese is not Chinese.NONE
        self.out += DOUBLE_BYTE_ON if chinese else DOUBLE_BYTE_OFF + FIRST_CODE_PAGE

    def draw(self, element: Element) -> None:
        match element:
            case Text():
                self._text(element)
            case Columns():
                self._row(element)
            case Rule(character):
                self._style()
                self._line(character * self._profile.columns)
            case Feed(lines):
                self.out += FEED_LINES + bytes([lines])
            case Qr():
                self._style(Align.CENTER)
                self.out += qr_commands(element, self._profile.dots)
            case Barcode():
                self._style(Align.CENTER)
                self.out += barcode_command(element, self._profile.dots)
            case CutPaper():
                self._cut()
            case KickDrawer(pin):
                self._kick(pin)

    def _text(self, text: Text) -> None:
        self._style(text.align, bold=text.bold, size=(text.width - 1) << 4 | (text.height - 1))
        for line in wrap(clean(text.text, self._profile.chinese), self._profile.columns // text.width):
            self._line(line)

    def _row(self, row: Columns) -> None:
        self._style(bold=row.bold)
        widths = cell_widths(row.cells, self._profile.columns)
        texts = [
            [pad(line, width, cell.align.value) for line in wrap(clean(cell.text, self._profile.chinese), width)]
            for cell, width in zip(row.cells, widths, strict=True)
        ]
        for index in range(max(map(len, texts))):
            parts = [
                lines[index] if index < len(lines) else " " * width for lines, width in zip(texts, widths, strict=True)
            ]
            self._line(" ".join(parts).rstrip(" "))

    def _line(self, line: str) -> None:
        self.out += encode_text(line) + c.CTL_LF

    def _style(self, align: Align = Align.LEFT, *, bold: bool = False, size: int = 0) -> None:
        if align is not self._align:
            self.out += c.TXT_STYLE["align"][align.value]
        if bold is not self._bold:
            self.out += c.TXT_STYLE["bold"][bold]
        if size != self._size:
            self.out += c.TXT_SIZE + bytes([size])
        self._align, self._bold, self._size = align, bold, size

    def _cut(self) -> None:
        feed = FEED_LINES + bytes([self._profile.tear_lines])
        self.out += {
            Cut.PARTIAL: c.GS + b"V\x42\x00",  # feeds to the cutter by itself
            Cut.FULL: c.GS + b"V\x41\x00",
            Cut.LEGACY: feed + b"\x1b\x6d",
            Cut.NONE: feed,
        }[self._profile.cut]

    def _kick(self, pin: int) -> None:
        on, off = self._profile.drawer_on_ms // 2, self._profile.drawer_off_ms // 2
        self.out += b"\x1b\x70" + bytes([0 if pin == 2 else 1, on, off])


def cell_widths(cells: tuple[Cell, ...], columns: int) -> list[int]:
    """Return the width of each cell, one column of space between cells; free cells share what is left.

    Raises:
        ValueError: the cells do not fit on the line.
    """
    free = [index for index, cell in enumerate(cells) if cell.columns == 0]
    left = columns - (len(cells) - 1) - sum(cell.columns for cell in cells)
    if left < len(free) * MIN_CELL_COLUMNS or any(0 < cell.columns < MIN_CELL_COLUMNS for cell in cells):
        raise ValueError(f"cells of {[cell.columns for cell in cells]} columns do not fit on a line of {columns}")
    shares = dict(zip(free, _shares(left, len(free)), strict=True))
    return [shares.get(index, cell.columns) for index, cell in enumerate(cells)]


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (index < total % parts) for index in range(parts)] if parts else []
