"""A receipt document into ESC/POS bytes.

Command bytes come from ``escpos.constants``, the tables of python-escpos, which are right for what is used here and
cost nothing; why no more of it, ADR 0012. What the printer cannot print by itself is drawn: characters it has no glyphs
of (with their whole line, so that columns stay columns), codes it does not make.
"""

from collections.abc import Sequence
from typing import Protocol

from escpos import constants as c

from devices.printer_escpos.drawing import barcode_picture, qr_picture
from devices.printer_escpos.glyphs import DrawnLine, line_rows
from devices.printer_escpos.profile import Chinese, ChineseSize, Cut, PrinterProfile
from devices.printer_escpos.raster import picture_commands
from devices.printer_escpos.symbols import barcode_command, prints_itself, qr_commands
from devices.printer_escpos.text import Measure, clean, drawn_columns, encode_text, needs_drawing, pad, wrap
from devices.receipt import (
    Align,
    Barcode,
    Cell,
    Columns,
    Element,
    Feed,
    KickDrawer,
    Picture,
    Qr,
    ReceiptDocument,
    Rule,
    StoredLogo,
    Text,
    columns,
)
from devices.receipt import Cut as CutPaper

DOUBLE_BYTE_ON, DOUBLE_BYTE_OFF = b"\x1c\x26", b"\x1c\x2e"
FIRST_CODE_PAGE = b"\x1b\x74\x00"
FEED_LINES = b"\x1b\x64"
MIN_CELL_COLUMNS = 2  # one Chinese character


class Pen(Protocol):
    """Whoever draws text; ``devices.printer_escpos.glyphs.Glyphs`` does."""

    def knows(self, character: str) -> bool:
        """Whether it can draw ``character``."""

    def draw(
        self, lines: Sequence[DrawnLine], cell_dots: int, scale: tuple[int, int], width_dots: int, *, bold: bool
    ) -> bytes:
        """Return rows of bits, each ``width_dots`` wide."""


def encode_receipt(document: ReceiptDocument, profile: PrinterProfile, pen: Pen | None = None) -> bytes:
    """Return the bytes that print ``document`` on a printer of ``profile``, from ESC @ to the last element.

    Without a ``pen`` characters that the printer lacks become ``?`` or ``□``. However often a document says so, the
    drawer gets one pulse.

    Raises:
        ValueError: an element does not fit the paper; the message says which and by how much.
    """
    return b"".join(encode_parts(document, profile, pen))


def encode_parts(
    document: ReceiptDocument, profile: PrinterProfile, pen: Pen | None = None, opening: bytes = b""
) -> list[bytes]:
    """Return the same in parts; a command of somebody else's may stand between two of them.

    Args:
        document: what to print.
        profile: for which model.
        pen: who draws what the model cannot print.
        opening: commands for right after ESC @, which ends automatic status on many models.

    Raises:
        ValueError: as ``encode_receipt``.
    """
    sheet = _Sheet(profile, pen, opening)
    parts = [bytes(sheet.out)]
    for element in document.elements:
        sheet.out.clear()
        sheet.put(element)
        parts.append(bytes(sheet.out))
    return parts


class _Sheet:
    """Takes elements one after the other and remembers the modes that are set."""

    def __init__(self, profile: PrinterProfile, pen: Pen | None, opening: bytes) -> None:
        self._profile, self._pen = profile, pen
        self._drawable = pen.knows if pen is not None else _nobody
        self._align, self._bold, self._size = Align.LEFT, False, 0
        self._kicked = False
        chinese = profile.chinese is not Chinese.NONE
        self.out = bytearray(c.HW_SELECT + c.HW_INIT + opening)
        self.out += DOUBLE_BYTE_ON if chinese else DOUBLE_BYTE_OFF + FIRST_CODE_PAGE
        self.out += bytes.fromhex(profile.start)

    def put(self, element: Element) -> None:
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
                self._qr(element)
            case Barcode():
                self._barcode(element)
            case Picture():
                self._picture(element)
            case StoredLogo(number):
                self._style(Align.CENTER)
                self.out += b"\x1c\x70" + bytes([number, 0])
            case CutPaper():
                self._cut()
            case KickDrawer(pin):
                self._kick(pin)

    def _text(self, text: Text) -> None:
        cleaned = self._clean(text.text)
        width = self._profile.columns // text.width
        if needs_drawing(cleaned, self._profile.chinese):
            lines = [
                pad(line, width, text.align.value, drawn_columns).rstrip(" ")
                for line in wrap(cleaned, width, drawn_columns)
            ]
            self._draw(lines, (text.width, text.height), bold=text.bold)
            return
        self._style(text.align, bold=text.bold, size=(text.width - 1) << 4 | (text.height - 1))
        for line in wrap(cleaned, width):
            self._line(line)

    def _row(self, row: Columns) -> None:
        cells = [(self._clean(cell.text), cell) for cell in row.cells]
        if any(needs_drawing(text, self._profile.chinese) for text, _ in cells):
            self._draw(self._table(cells, drawn_columns), (1, 1), bold=row.bold)
            return
        self._style(bold=row.bold)
        for line in self._table(cells, columns):
            self._line(line)

    def _table(self, cells: list[tuple[str, Cell]], measure: Measure) -> list[str]:
        """Return the lines of cells side by side."""
        widths = cell_widths(tuple(cell for _, cell in cells), self._profile.columns)
        texts = [
            [pad(line, width, cell.align.value, measure) for line in wrap(text, width, measure)]
            for (text, cell), width in zip(cells, widths, strict=True)
        ]
        return [
            " ".join(
                lines[at] if at < len(lines) else " " * width for lines, width in zip(texts, widths, strict=True)
            ).rstrip(" ")
            for at in range(max(map(len, texts)))
        ]

    def _clean(self, text: str) -> str:
        return clean(text, self._profile.chinese, self._drawable)

    def _line(self, line: str) -> None:
        self.out += encode_text(line) + c.CTL_LF

    def _draw(self, lines: list[str], scale: tuple[int, int], *, bold: bool) -> None:
        assert self._pen is not None  # noqa: S101 - without one nothing is kept that needs drawing
        profile = self._profile
        self._style()
        drawn = [[(ch, drawn_columns(ch)) for ch in line] for line in lines]
        used = max(map(drawn_columns, lines)) * profile.cell_dots * scale[0]
        width = min((used + 7) // 8, profile.dots // 8) * 8 or 8
        at_once = max(1, profile.strip_rows // line_rows(scale[1]))  # no line of text lies across two strips
        for at in range(0, len(drawn), at_once):
            data = self._pen.draw(drawn[at : at + at_once], profile.cell_dots, scale, width, bold=bold)
            self.out += picture_commands(Picture(width, data), profile, left_dots=0)

    def _style(self, align: Align = Align.LEFT, *, bold: bool = False, size: int = 0) -> None:
        if align is not self._align:
            self.out += c.TXT_STYLE["align"][align.value]
        if bold is not self._bold:
            self.out += c.TXT_STYLE["bold"][bold]
        if size != self._size:
            self.out += c.TXT_SIZE + bytes([size]) + _chinese_size(size, self._profile.chinese_size)
        self._align, self._bold, self._size = align, bold, size

    def _qr(self, qr: Qr) -> None:
        if not self._profile.qr:
            self._picture(qr_picture(qr, self._profile))
            return
        self._style(Align.CENTER)
        self.out += qr_commands(qr, self._profile.dots)

    def _barcode(self, code: Barcode) -> None:
        if not prints_itself(code, self._profile):
            self._picture(barcode_picture(code, self._profile))
            self._text(Text(code.data, Align.CENTER))
            return
        self._style(Align.CENTER)
        self.out += barcode_command(code, self._profile)

    def _picture(self, picture: Picture) -> None:
        self._style()
        self.out += picture_commands(picture, self._profile)

    def _cut(self) -> None:
        feed = FEED_LINES + bytes([self._profile.tear_lines])
        self.out += {
            Cut.PARTIAL: c.GS + b"V\x42\x00",  # feeds to the cutter by itself
            Cut.FULL: c.GS + b"V\x41\x00",
            Cut.LEGACY: feed + b"\x1b\x6d",
            Cut.NONE: feed,
        }[self._profile.cut]

    def _kick(self, pin: int) -> None:
        if self._profile.drawer and not self._kicked:
            self.out += drawer_pulse(self._profile, pin)
        self._kicked = True


def _nobody(_: str) -> bool:
    return False


def _chinese_size(size: int, how: ChineseSize) -> bytes:
    wide, tall = size >> 4 > 0, size & 0x0F > 0
    match how:
        case ChineseSize.GS:
            return b""
        case ChineseSize.FS:
            return b"\x1c\x21" + bytes([wide << 2 | tall << 3])
        case ChineseSize.FS_HIGH:
            return b"\x1c\x21" + bytes([wide << 5 | tall << 4])


def drawer_pulse(profile: PrinterProfile, pin: int) -> bytes:
    """Return ESC p for connector pin 2 or 5; it waits its turn behind what is being printed."""
    return b"\x1b\x70" + bytes([0 if pin == 2 else 1, profile.drawer_on_ms // 2, profile.drawer_off_ms // 2])


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
