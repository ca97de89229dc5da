"""What differs between ZPL printers; the data is in ``models.toml`` beside this file."""

import re
from pathlib import Path
from typing import Literal

import msgspec

from devices.models import Models

_FONT = re.compile(r"[A-Z]:[A-Z0-9_]{1,16}\.(TTF|FNT|TTE)|")


class ZplModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    Attributes:
        dpi: 203, 300 or 600.
        width_mm: the widest label.
        latin: set ASCII text in the printer's font 0 instead of drawing it: fewer bytes, and bold beside drawn Chinese.
        chinese_font: a font on the printer that has Chinese glyphs, such as ``E:SIMSUN.TTF``; empty: Chinese is drawn.
        media, thermal: sent with every label unless empty: the printer's own setting holds.
        answers: whether it answers ~HS at all.
        counts_current: whether the number of formats in ~HS has the one being printed in it; in doubt not, which is slower
            and never claims too much.
        settle_s: idle for so long means that the last label is out.
    """

    dpi: Literal[203, 300, 600] = 203
    width_mm: float = 104
    latin: bool = False
    chinese_font: str = ""
    media: Literal["", "gap", "mark", "continuous"] = ""
    thermal: Literal["", "direct", "transfer"] = ""
    answers: bool = True
    counts_current: bool = False
    settle_s: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what would end the font command early."""
        if not _FONT.fullmatch(self.chinese_font):
            raise ValueError(f"chinese_font {self.chinese_font!r} is not a font's place such as E:SIMSUN.TTF")

    @property
    def dots_per_mm(self) -> int:
        """The makers' whole numbers: 203 dpi heads have 8 dots a millimetre."""
        return {203: 8, 300: 12, 600: 24}[self.dpi]


MODELS = Models(Path(__file__).with_name("models.toml"), ZplModel, "ZPL model")
