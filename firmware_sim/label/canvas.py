"""The label as dots while it is composed."""

from PIL import Image, ImageChops, ImageDraw

from firmware_sim.label.symbols import Code

MAX_SIDE = 6000
_TURNS = {
    "R": Image.Transpose.ROTATE_270,  # clockwise
    "I": Image.Transpose.ROTATE_180,
    "B": Image.Transpose.ROTATE_90,
}


class Canvas:
    """White dots that become black; what was written and which codes were drawn is kept beside."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("L", (max(1, min(width, MAX_SIDE)), max(1, min(height, MAX_SIDE))), 255)
        self.texts: list[str] = []
        self.codes: list[Code] = []

    def ink(self, ink: Image.Image, x: int, y: int, *, white: bool = False, reverse: bool = False) -> None:
        """Put ``ink`` (255 where it is) with its upper left corner at ``x``, ``y``; ``reverse`` turns what is below it."""
        if reverse:
            box = (x, y, x + ink.width, y + ink.height)
            below = self.image.crop(box)
            self.image.paste(ImageChops.difference(below, ink), (x, y))
        else:
            self.image.paste(255 if white else 0, (x, y), ink)

    def finished(self) -> Image.Image:
        """Return the label in black and white, as the head burns it."""
        return self.image.point(lambda level: 0 if level < 128 else 255)


def turned(ink: Image.Image, orientation: str) -> Image.Image:
    """Return ``ink`` turned as N, R (90° clockwise), I or B says."""
    turn = _TURNS.get(orientation)
    return ink if turn is None else ink.transpose(turn)


def box(width: int, height: int, line: int, radius: int = 0) -> Image.Image:
    """Return a frame ``line`` dots thick, filled when it is as thick as half of its shorter side."""
    width, height = min(max(width, line, 1), MAX_SIDE), min(max(height, line, 1), MAX_SIDE)
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    outer = (0, 0, width - 1, height - 1)
    draw.rounded_rectangle(outer, radius, fill=255)
    if 2 * line < min(width, height):
        inner = (line, line, width - 1 - line, height - 1 - line)
        draw.rounded_rectangle(inner, max(0, radius - line), fill=0)
    return image


def ellipse(width: int, height: int, line: int) -> Image.Image:
    """Return an ellipse of a line ``line`` dots thick."""
    image = Image.new("L", (min(max(width, 1), MAX_SIDE), min(max(height, 1), MAX_SIDE)))
    ImageDraw.Draw(image).ellipse((0, 0, image.width - 1, image.height - 1), outline=255, width=max(1, line))
    return image


def diagonal(width: int, height: int, line: int, *, falling: bool) -> Image.Image:
    """Return a slanted line, ``line`` dots thick along the label's width."""
    width, height = min(max(width, 1), MAX_SIDE), min(max(height, 1), MAX_SIDE)
    image = Image.new("L", (width + line, height))
    top, bottom = (0, width) if falling else (width, 0)
    corners = [(top, 0), (top + line, 0), (bottom + line, height), (bottom, height)]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return image


def dots(data: bytes, row_bytes: int) -> Image.Image:
    """Return rows of bits as ink: most significant bit left, 1 is ink."""
    row_bytes = max(1, min(row_bytes, MAX_SIDE // 8))
    rows = min((len(data) + row_bytes - 1) // row_bytes, MAX_SIDE)
    filled = data[: rows * row_bytes].ljust(max(1, rows) * row_bytes, b"\0")
    return Image.frombytes("1", (row_bytes * 8, max(1, rows)), filled).convert("L")
