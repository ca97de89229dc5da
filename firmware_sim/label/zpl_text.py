"""Text of ZPL fields: encodings, escapes, fonts, blocks and the four directions."""

import re
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from firmware_sim.label.canvas import MAX_SIDE, Canvas, turned
from firmware_sim.label.lettering import Face, line_of, width_of
from firmware_sim.label.model import LabelModel

if TYPE_CHECKING:
    from firmware_sim.label.zpl_field import Field

MAX_LINES = 200
# Height and width of the matrix, and the gap: fonts A to H at 203 dpi.
_MATRIX = {
    "A": (9, 5, 1), "B": (11, 7, 2), "C": (18, 10, 2), "D": (18, 10, 2),
    "E": (28, 15, 5), "F": (26, 13, 3), "G": (60, 40, 8), "H": (21, 13, 6),
}  # fmt: skip


class Font(NamedTuple):
    """A font as ^A or ^CF name it; ``path`` only for ^A@."""

    letter: str
    height: int
    width: int
    orientation: str
    path: str = ""


SMALLEST = Font("A", 9, 5, "N")


class Block(NamedTuple):
    """Lines of ^FB: width in dots, the most lines, dots between them, L C R or J, hanging indent."""

    width: int
    lines: int
    spacing: int
    align: str
    indent: int


class Position:
    """Where the last text ended: there begins an ^FT without a place."""

    def __init__(self) -> None:
        self.x = self.y = 0


def font_of(given: list[str], default: tuple[str, int, int], orientation: str) -> Font:
    """Return the font of ^A parameters: letter with orientation, height, width, and a path for ``@``."""
    given = [*given, "", "", "", ""]
    letter = given[0][:1].upper() or default[0]
    turn = given[0][1:2].upper() or orientation
    height, width = (int(value) if re.fullmatch(r"\d{1,5}", value) else 0 for value in given[1:3])
    if not height and not width:
        height, width = (default[1], default[2]) if letter == default[0] else _MATRIX.get(letter, (15, 12, 0))[:2]
    return Font(letter, height or width, width or height, turn, given[3].upper())


def decoded(data: bytes, escape: bytes, encoding: str) -> str:
    """Return field data as text: escapes resolved, line ends left out, as the printer reads it."""
    data = data.replace(b"\r", b"").replace(b"\n", b"")
    if escape:
        pattern = re.compile(re.escape(escape) + rb"([0-9A-Fa-f]{2})")
        data = pattern.sub(lambda found: bytes([int(found[1], 16)]), data)
    return data.decode(encoding, "replace")


def write(field: "Field", data: bytes, canvas: Canvas, pen: Position, model: LabelModel) -> None:
    """Write one text field."""
    text = decoded(data, field.escape, field.encoding)
    text = "".join(character for character in text if character.isprintable() or character == "\x1d")
    if not text:
        return
    font = field.font or field.default_font
    face, height, width = _face(font, model)
    lines = _lines(text, field.block, face, height, width) if field.block else [text]
    ink = _lettered(lines, field.block, face, height, width)
    canvas.texts.append(" ".join(lines))
    _place(field, ink, round(height * face.foot), font.orientation, canvas, pen)


def _face(font: Font, model: LabelModel) -> tuple[Face, int, int]:
    if font.letter == "@":
        chinese = font.path in model.fonts
        return Face(chinese=chinese, foot=0.86), font.height, max(1, font.width // 2) if chinese else font.width
    if font.letter not in _MATRIX:
        return Face(), font.height, font.width
    rows, columns, gap = _MATRIX[font.letter]
    tall, wide = max(1, min(10, round(font.height / rows))), max(1, min(10, round(font.width / columns)))
    return Face(cell=(rows, columns + gap), foot=0.78), rows * tall, (columns + gap) * wide


def _lines(text: str, block: Block, face: Face, height: int, width: int) -> list[str]:
    found: list[str] = []
    for paragraph in text.split("\\&"):
        line = ""
        for word in re.findall(r"\S+\s*|\s+", paragraph):
            if line and block.width and width_of((line + word).rstrip(), face, height, width) > block.width:
                found.append(line.rstrip())
                line = word
            else:
                line += word
        found.append(line.rstrip())
    return found[:MAX_LINES]


def _lettered(lines: list[str], block: Block | None, face: Face, height: int, width: int) -> Image.Image:
    inks = [line_of(line, face, height, width) for line in lines]
    if block is None:
        return inks[0]
    # Lines beyond the last one are written over it, as the language has it.
    pitch, last = max(1, height + block.spacing), min(len(inks), block.lines) - 1
    height = min(height, MAX_SIDE)
    whole = Image.new("L", (max(block.width, 1), min(pitch * last + height, MAX_SIDE)))
    for number, ink in enumerate(inks):
        spare = max(0, block.width - ink.width)
        left = {"C": spare // 2, "R": spare}.get(block.align, block.indent if number else 0)
        whole.paste(255, (left, min(number, last) * pitch), ink)
    return whole


def _place(field: "Field", ink: Image.Image, ascent: int, orientation: str, canvas: Canvas, pen: Position) -> None:
    shown, descent, length = turned(ink, orientation), ink.height - ascent, ink.width
    if not field.baseline:
        x, y = field.corner(shown.width, 0)
        canvas.ink(shown, x, y, reverse=field.reverse)
        pen.x, pen.y = {"R": (x + descent, y + length), "I": (x, y + descent), "B": (x + ascent, y)}.get(
            orientation, (x + length, y + ascent)
        )
        return
    x, y = (pen.x, pen.y) if field.place is None else (field.place[0] + field.home[0], field.place[1] + field.home[1])
    left, top, pen.x, pen.y = {
        "R": (x - descent, y, x, y + length),
        "I": (x - length, y - descent, x - length, y),
        "B": (x - ascent, y - length, x, y - length),
    }.get(orientation, (x - (length if field.justify == 1 else 0), y - ascent, x + length, y))
    canvas.ink(shown, left, top, reverse=field.reverse)
