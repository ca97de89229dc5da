"""What differs between TSPL printers; the data is in ``models.toml`` beside this file."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from devices.models import Models

_FONT = re.compile(r"[A-Za-z0-9_.]{0,24}")


class TsplModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    Attributes:
        dpi: 203, 300 or 600.
        width_mm: the widest label.
        font: a built-in font of 24 × 24 dots for Chinese and 12 × 24 for ASCII; empty: every text is drawn here.
        gap_mm, mark_mm: between labels; neither: the printer's own setting holds.
        direction: 0 or 1, which edge comes out first.
        status: ``byte`` asks <ESC>!?, ``line`` asks <ESC>!S (newer TSC), ``none`` asks nothing.
        gs1: the type under which GS1-128 is printed.
        settle_s: ready for so long means that the last label is out: this language never says "done".
    """

    dpi: Literal[203, 300, 600] = 203
    width_mm: float = 104
    font: str = ""
    gap_mm: float = 0
    mark_mm: float = 0
    direction: Literal[0, 1] = 1
    status: Literal["byte", "line", "none"] = "byte"
    gs1: Literal["128M", "EAN128"] = "128M"
    settle_s: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what would end the font's name early."""
        if not _FONT.fullmatch(self.font):
            raise ValueError(f"font {self.font!r} is not a font's name such as TSS24.BF2")

    @property
    def dots_per_mm(self) -> int:
        """The makers' whole numbers: 203 dpi heads have 8 dots a millimetre."""
        return {203: 8, 300: 12, 600: 24}[self.dpi]


MODELS = Models(Path(__file__).with_name("models.toml"), TsplModel, "TSPL model")
