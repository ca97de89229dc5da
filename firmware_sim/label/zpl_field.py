"""One field of a ZPL format while its commands come: each returns the field with one thing more known of it."""

import dataclasses
from typing import Self

from PIL import Image

from firmware_sim.label.zpl_text import SMALLEST, Block, Font


@dataclasses.dataclass(frozen=True)
class Field:
    """What stands between two ^FS.

    Attributes:
        home: of the label, added to every origin.
        place: x and y in dots, None where none were given.
        baseline: the place is that of the baseline's beginning (^FT), not of the upper left corner.
        escape: the character of ^FH, empty without.
        bar: module width, ratio of wide to narrow, height of bars.
    """

    home: tuple[int, int] = (0, 0)
    place: tuple[int, int] | None = None
    placed: bool = False
    baseline: bool = False
    justify: int = 0
    data: bytes | None = None
    encoding: str = "cp850"
    escape: bytes = b""
    font: Font | None = None
    default_font: Font = SMALLEST
    block: Block | None = None
    code: str = ""
    shape: str = ""
    parameters: tuple[str, ...] = ()
    picture: Image.Image | None = None
    number: str | None = None
    reverse: bool = False
    bar: tuple[int, float, int] = (2, 3.0, 10)

    @property
    def prints(self) -> bool:
        """Whether there is anything to print."""
        return self.picture is not None or bool(self.shape) or self.data is not None or self.number is not None

    def at(self, place: tuple[int, ...] | None, *, baseline: bool, justify: int) -> Self:
        """With a place."""
        pair = None if place is None else (place[0], place[1])
        return dataclasses.replace(self, place=pair, placed=True, baseline=baseline, justify=justify)

    def like(self, other: "Field") -> Self:
        """With everything of ``other`` but its home."""
        return dataclasses.replace(self, reverse=other.reverse, font=other.font, escape=other.escape)

    def with_data(self, data: bytes, encoding: str, font: Font, bar: tuple[int, float, int], *, reverse: bool) -> Self:
        """With its data, and what held at this moment."""
        return dataclasses.replace(
            self, data=data, encoding=encoding, default_font=font, bar=bar, reverse=self.reverse or reverse
        )

    def with_font(self, font: Font) -> Self:
        """With a font."""
        return dataclasses.replace(self, font=font)

    def with_block(self, block: Block) -> Self:
        """With a block of lines."""
        return dataclasses.replace(self, block=block)

    def with_code(self, name: str, parameters: list[str]) -> Self:
        """As a bar or matrix code."""
        return dataclasses.replace(self, code=name, parameters=tuple(parameters))

    def with_shape(self, name: str, parameters: list[str]) -> Self:
        """As a box, circle, ellipse or line."""
        return dataclasses.replace(self, shape=name, parameters=tuple(parameters))

    def with_picture(self, picture: Image.Image) -> Self:
        """As a picture."""
        return dataclasses.replace(self, picture=picture)

    def numbered(self, number: str) -> Self:
        """As a field whose data may come from the recalling format."""
        return dataclasses.replace(self, number=number)

    def escaped(self, escape: bytes) -> Self:
        """With hexadecimal escapes."""
        return dataclasses.replace(self, escape=escape)

    def reversed_out(self) -> Self:
        """Turning black into white below it."""
        return dataclasses.replace(self, reverse=True)

    def corner(self, width: int, drop: int) -> tuple[int, int]:
        """Return the upper left corner of something ``width`` wide whose baseline is ``drop`` dots below its top."""
        x, y = self.place or (0, 0)
        x, y = x + self.home[0], y + self.home[1]
        return (x - width if self.justify == 1 else x), (y - drop if self.baseline else y)
