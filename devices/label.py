"""A label as a value: what shall stand where, in millimetres, in no printer's language.

Positions are those of a box's upper left corner, measured from the label's upper left corner. Documents are built by
pure functions (``devices.labelling.templates``) and turned into bytes by a driver; text is data, nothing in it can
become a command.
"""

import enum
from typing import Literal

import msgspec

from devices.receipt import Align

MAX_TEXT_CHARACTERS = 500
MAX_CODE_CHARACTERS = 500
MAX_ELEMENTS = 200
MAX_SIDE_MM = 300.0

__all__ = ["Align", "BigPrice", "Box", "Element", "LabelDocument", "Linear", "Matrix", "Picture", "Symbology", "Text"]


class Symbology(enum.Enum):
    """Codes that a label carries."""

    EAN13 = "ean13"
    EAN8 = "ean8"
    CODE128 = "code128"
    GS1_128 = "gs1_128"
    QR = "qr"
    DATAMATRIX = "datamatrix"
    GS1_DATAMATRIX = "gs1_datamatrix"

    @property
    def linear(self) -> bool:
        """Whether it is made of bars."""
        return self in (Symbology.EAN13, Symbology.EAN8, Symbology.CODE128, Symbology.GS1_128)


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Text in a box: broken into at most ``lines`` lines; what is too long is set smaller, then cut with an ellipsis.

    Attributes:
        size_mm: height of a Chinese character.
        inverse: white on a black box.
        whole: prices, numbers: set as small as it must be, never cut.
    """

    text: str
    x_mm: float
    y_mm: float
    width_mm: float
    size_mm: float
    lines: int = 1
    align: Align = Align.LEFT
    bold: bool = False
    inverse: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Refuse what no label has room for."""
        if len(self.text) > MAX_TEXT_CHARACTERS:
            raise ValueError(f"label text of {len(self.text)} characters is over the limit of {MAX_TEXT_CHARACTERS}")
        if not (self.size_mm >= 1 and self.lines >= 1 and self.width_mm > 0):
            raise ValueError(f"text of {self.size_mm} mm on {self.lines} lines of {self.width_mm} mm cannot be set")


class BigPrice(msgspec.Struct, frozen=True, tag="price"):
    """A price to be read from two metres: figures as large as the box allows, decimals and symbol smaller.

    Attributes:
        symbol, whole, fraction: such as ``￥``, ``1,234`` and ``50``; an empty fraction leaves out the point.
    """

    symbol: str
    whole: str
    fraction: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    align: Align = Align.LEFT


class Linear(msgspec.Struct, frozen=True, tag="linear"):
    """A code of bars as wide as the box allows, its text below it.

    Attributes:
        data: EAN: all digits with the check digit. GS1-128: element strings, a GS (1D) behind each of variable length.
        height_mm: with the text below.
    """

    symbology: Symbology
    data: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    readable: bool = True
    align: Align = Align.LEFT

    def __post_init__(self) -> None:
        """Refuse what is no code of bars."""
        if not self.symbology.linear or not 1 <= len(self.data) <= MAX_CODE_CHARACTERS:
            raise ValueError(f"{self.symbology.value} of {len(self.data)} characters cannot be printed as bars")


class Matrix(msgspec.Struct, frozen=True, tag="matrix"):
    """A square code, its modules as large as the box allows; ``level`` is for QR only."""

    symbology: Symbology
    data: str
    x_mm: float
    y_mm: float
    size_mm: float
    level: Literal["L", "M", "Q", "H"] = "M"

    def __post_init__(self) -> None:
        """Refuse what is no matrix code."""
        if self.symbology.linear or not 1 <= len(self.data) <= MAX_CODE_CHARACTERS:
            raise ValueError(f"{self.symbology.value} of {len(self.data)} characters cannot be printed as a matrix")


class Box(msgspec.Struct, frozen=True, tag="box"):
    """A frame of lines ``line_mm`` thick; filled when ``line_mm`` is 0. A rule is a low, filled box."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    line_mm: float = 0.0


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A black and white picture, stretched to its box.

    Attributes:
        columns: pixels in a row.
        bits: rows from the top, each filled up to whole bytes; the most significant bit is left, 1 is black.
    """

    columns: int
    bits: bytes
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    def __post_init__(self) -> None:
        """Refuse half rows."""
        if self.columns < 1 or not self.bits or len(self.bits) % ((self.columns + 7) // 8):
            raise ValueError(f"{len(self.bits)} bytes are no whole rows of {self.columns} pixels")


Element = Text | BigPrice | Linear | Matrix | Box | Picture


class LabelDocument(msgspec.Struct, frozen=True):
    """One label of ``width_mm`` × ``height_mm``."""

    width_mm: float
    height_mm: float
    elements: tuple[Element, ...]

    def __post_init__(self) -> None:
        """Refuse labels that no printer takes, and elements beside the label."""
        if not (5 <= self.width_mm <= MAX_SIDE_MM and 5 <= self.height_mm <= MAX_SIDE_MM):
            raise ValueError(f"a label of {self.width_mm} × {self.height_mm} mm is not within 5 to {MAX_SIDE_MM:g}")
        if len(self.elements) > MAX_ELEMENTS:
            raise ValueError(f"{len(self.elements)} elements are over the limit of {MAX_ELEMENTS} on one label")
        for element in self.elements:
            if not (0 <= element.x_mm < self.width_mm and 0 <= element.y_mm < self.height_mm):
                raise ValueError(f"element at {element.x_mm}, {element.y_mm} mm is beside the label")
