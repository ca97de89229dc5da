"""The roll of paper: lines as text and as dots, cut into receipts."""

import dataclasses
import io
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PIL import Image

COLUMN_DOTS = 12
_EDGE = 24  # white above and below the print on the picture
_KEPT_RECEIPTS = 500
_MAX_ROWS = 20_000  # a receipt of two and a half metres: whatever follows is only in the text


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What came out between two cuts.

    Attributes:
        number: 1, 2, 3 …
        text: one line per printed line; symbols as ``[ean13 6901234567892]``, ``[qr https://…]``, ``[image 384x100]``.
        image: the picture's file, None when nothing is written to disk.
    """

    number: int
    text: str
    image: Path | None = None

    @property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.split("\n")


class Paper:
    """Collects lines and strips of dots until a cut; writes ``receipt-0001.txt`` and ``.png`` into ``out_dir``."""

    def __init__(
        self,
        dots: int,
        paper_dots: int,
        out_dir: Path | None = None,
        *,
        draw: bool = True,
        keep_roll: bool = False,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> None:
        """Start a roll; pictures are drawn for ``out_dir``, or for ``roll`` if that is kept."""
        self.dots = dots
        self.receipts: deque[Receipt] = deque(maxlen=_KEPT_RECEIPTS)
        self.draws = draw and (out_dir is not None or keep_roll)
        self._roll: list[Image.Image] | None = [] if keep_roll else None
        self._margin = (paper_dots - dots) // 2
        self._out_dir = out_dir
        self._on_receipt = on_receipt
        self._lines: list[str] = []
        self._strips: list[Image.Image] = []
        self._rows = 0
        self._number = 0
        if out_dir is not None:
            out_dir.mkdir(parents=True, exist_ok=True)
            # Numbers go on after those of an earlier run: a journal overwrites nothing.
            self._number = max((int(found.stem[8:12]) for found in out_dir.glob("receipt-[0-9]*.txt")), default=0)

    @property
    def text(self) -> str:
        """What has been printed since the last cut."""
        return "\n".join(self._lines)

    def png(self) -> bytes:
        """Return what has been printed since the last cut as a picture."""
        return _png(self._picture(self._strips))

    def roll(self) -> bytes:
        """Return the whole roll as one picture, cuts as dashed lines."""
        return _png(self._picture([*(self._roll or []), *self._strips]))

    def add(self, line: str | None, strip: Image.Image | None, rows: int) -> None:
        """Advance the paper by ``rows`` dots; ``strip`` is what was printed on them, ``line`` the same as text."""
        if line is not None:
            self._lines.append(line)
        if self.draws and self._rows + rows <= _MAX_ROWS:
            self._strips.append(strip or Image.new("L", (1, max(rows, 1)), 255))
        self._rows += rows

    def cut(self) -> Receipt | None:
        """End the receipt and return it; blank paper makes none."""
        lines, strips = self._lines, self._strips
        self._lines, self._strips, self._rows = [], [], 0
        if self._roll is not None and strips:
            self._roll += [*strips, self._cut_mark()]
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return None
        self._number += 1
        receipt = Receipt(self._number, "\n".join(lines), self._write("\n".join(lines), strips))
        self.receipts.append(receipt)
        if self._on_receipt is not None:
            self._on_receipt(receipt)
        return receipt

    def _cut_mark(self) -> Image.Image:
        mark = Image.new("L", (self.dots, 9), 255)
        for x in range(0, self.dots, 16):
            mark.paste(0, (x, 4, x + 8, 5))
        return mark

    def _write(self, text: str, strips: list[Image.Image]) -> Path | None:
        if self._out_dir is None:
            return None
        stem = self._out_dir / f"receipt-{self._number:04d}"
        stem.with_suffix(".txt").write_text(text + "\n", "utf-8")
        if not self.draws:
            return None
        # Written aside and renamed: whoever watches the folder never opens half a picture.
        partial = stem.with_suffix(".part")
        self._picture(strips).save(partial, "PNG", optimize=True)
        return partial.rename(stem.with_suffix(".png"))

    def _picture(self, strips: list[Image.Image]) -> Image.Image:
        height = sum(strip.height for strip in strips)
        picture = Image.new("L", (self.dots + 2 * self._margin, height + 2 * _EDGE), 255)
        top = _EDGE
        for strip in strips:
            picture.paste(strip, (self._margin, top))
            top += strip.height
        return picture.point(lambda level: 0 if level < 150 else 255).convert("1")


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
