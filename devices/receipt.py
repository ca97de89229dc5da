"""A receipt as a value: what shall be on paper, in no printer's language.

Documents are built by the application, kept with the print job (they are msgspec structs with tags, so they
survive a restart as JSON) and turned into bytes by a driver. Text is data: nothing in it can become a command.
"""

import enum

import msgspec

from devices.barcodes import fault_of_barcode

MAX_TEXT_CHARACTERS = 4096
MAX_QR_BYTES = 1024
MAX_ELEMENTS = 4000
MAX_PICTURE_ROWS = 2000


class Align(enum.Enum):
    """Where text or a symbol stands on the line."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Text, wrapped by columns; line feeds in it start new lines.

    Attributes:
        text: what to print.
        align: applies to each line.
        width: 1 to 8, how many times wider than normal.
        height: 1 to 8, how many times taller than normal.
        bold: heavier strokes.
    """

    text: str
    align: Align = Align.LEFT
    width: int = 1
    height: int = 1
    bold: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that no printer has and texts that no receipt needs."""
        for name, value in (("width", self.width), ("height", self.height)):
            if not 1 <= value <= 8:
                raise ValueError(f"text {name} {value} is not within 1 to 8")
        if len(self.text) > MAX_TEXT_CHARACTERS:
            raise ValueError(f"text of {len(self.text)} characters is over the limit of {MAX_TEXT_CHARACTERS}")


class Cell(msgspec.Struct, frozen=True):
    """One cell of a row. ``columns`` 0 shares what the fixed cells leave; long text wraps inside the cell."""

    text: str
    columns: int = 0
    align: Align = Align.LEFT


class Columns(msgspec.Struct, frozen=True, tag="columns"):
    """Cells side by side, as tall as the tallest of them."""

    cells: tuple[Cell, ...]
    bold: bool = False

    def __post_init__(self) -> None:
        """Refuse rows without cells."""
        if not self.cells:
            raise ValueError("a row of columns needs at least one cell")


class Rule(msgspec.Struct, frozen=True, tag="rule"):
    """A line across the paper, of one printable ASCII character."""

    character: str = "-"

    def __post_init__(self) -> None:
        """Refuse what is not one narrow character."""
        if len(self.character) != 1 or not " " < self.character <= "~":
            raise ValueError(f"a rule is drawn with one printable ASCII character, not {self.character!r}")


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Empty lines."""

    lines: int = 1

    def __post_init__(self) -> None:
        """Refuse to waste a roll."""
        if not 1 <= self.lines <= 20:
            raise ValueError(f"feed of {self.lines} lines is not within 1 to 20")


class Qr(msgspec.Struct, frozen=True, tag="qr"):
    """A QR code, centred. ``module_dots`` 1 to 16; ``level`` L, M, Q or H."""

    data: str
    module_dots: int = 6
    level: str = "M"

    def __post_init__(self) -> None:
        """Refuse what the printer would leave out without a word."""
        size = len(self.data.encode("utf-8", "replace"))
        if not 1 <= size <= MAX_QR_BYTES:
            raise ValueError(f"QR data of {size} bytes is not within 1 to {MAX_QR_BYTES}")
        if not 1 <= self.module_dots <= 16 or self.level not in ("L", "M", "Q", "H"):
            raise ValueError(f"QR module of {self.module_dots} dots (1 to 16), level {self.level!r} (L, M, Q, H)")


class Barcode(msgspec.Struct, frozen=True, tag="barcode"):
    """A linear barcode, centred, with its text below.

    Attributes:
        kind: ``ean13``, ``ean8``, ``upca``, ``upce``, ``itf``, ``code39``, ``codabar``, ``code93`` or ``code128``.
        data: what is encoded; retail codes and 14 digits of ITF with their check digit, Codabar with its letters A to D at both ends.
        height_dots: 1 to 255.
        module_dots: 2 to 6.
    """

    kind: str
    data: str
    height_dots: int = 80
    module_dots: int = 2

    def __post_init__(self) -> None:
        """Refuse data for which printers print nothing at all."""
        if fault := fault_of_barcode(self.kind, self.data):
            raise ValueError(f"{self.kind} {fault}: {self.data!r}")
        if not 1 <= self.height_dots <= 255 or not 2 <= self.module_dots <= 6:
            raise ValueError(f"height {self.height_dots} (1 to 255) or module {self.module_dots} (2 to 6) dots")


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A picture of black and white dots, centred, printed dot by dot.

    Attributes:
        width_dots: a multiple of 8.
        data: rows from top to bottom, most significant bit left, 1 = black.
    """

    width_dots: int
    data: bytes

    def __post_init__(self) -> None:
        """Refuse what is no rectangle, or a metre of paper."""
        stride = self.width_dots // 8
        if self.width_dots % 8 or not 1 <= stride <= 128 or not self.data or len(self.data) % stride:
            raise ValueError(
                f"a picture of {self.width_dots} dots (8 to 1024, by 8) with {len(self.data)} bytes has no rows"
            )
        if self.rows > MAX_PICTURE_ROWS:
            raise ValueError(f"a picture of {self.rows} rows is over the limit of {MAX_PICTURE_ROWS}")

    @property
    def rows(self) -> int:
        """Height in dots."""
        return len(self.data) // (self.width_dots // 8)


class StoredLogo(msgspec.Struct, frozen=True, tag="stored_logo"):
    """The picture that was stored in the printer under ``number`` (1 to 255); a printer without one prints nothing."""

    number: int = 1

    def __post_init__(self) -> None:
        """Refuse numbers that no printer has."""
        if not 1 <= self.number <= 255:
            raise ValueError(f"stored logo {self.number} is not within 1 to 255")


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Feed to the cutter and cut; a printer without cutter feeds to its tear bar."""


class KickDrawer(msgspec.Struct, frozen=True, tag="kick_drawer"):
    """Open the cash drawer: the only way by which a document can do so. ``pin`` is 2 or 5."""

    pin: int = 2

    def __post_init__(self) -> None:
        """Refuse pins that the connector does not have."""
        if self.pin not in (2, 5):
            raise ValueError(f"drawer pin {self.pin} is not 2 or 5")


Element = Text | Columns | Rule | Feed | Qr | Barcode | Picture | StoredLogo | Cut | KickDrawer


class ReceiptDocument(msgspec.Struct, frozen=True):
    """Elements from top to bottom; ``msgspec.json`` encodes and decodes it."""

    elements: tuple[Element, ...]

    def __post_init__(self) -> None:
        """Refuse endless documents."""
        if len(self.elements) > MAX_ELEMENTS:
            raise ValueError(f"{len(self.elements)} elements are over the limit of {MAX_ELEMENTS}")


def columns(text: str) -> int:
    """Return how many columns of paper ``text`` takes: 1 for ASCII, 2 for everything else.

    >>> columns("散装苹果0.455kg")
    15
    """
    return sum(1 if character.isascii() else 2 for character in text)
