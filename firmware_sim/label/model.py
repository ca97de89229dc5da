"""Which printer is simulated: language, head, fonts, and how it behaves when asked."""

import dataclasses
from typing import Any, Literal


@dataclasses.dataclass(frozen=True)
class LabelModel:
    """One model.

    Attributes:
        dots_per_mm: 8 for 203 dpi, 12 for 300 dpi.
        width_dots: of the head.
        length_dots: of a label when nobody says otherwise.
        fonts: names of downloaded fonts with Chinese glyphs (ZPL) or of built-in ones (TSPL).
        answers: whether it answers at all.
        silent_when_stopped: ~HS gets no reply while labels or ribbon are out or the head is open (reference §2.1).
        counts_current: whether ~HS counts the format that is being printed.
        line_status: knows <ESC>!S.
        obeys_in_pictures: obeys <ESC>! even among the dots of a picture, as printers do (compare reference §0 trap 4).
        buffer_bytes: its memory for what waits; beyond it bytes are lost where ``drops`` is set.
    """

    language: Literal["zpl", "tspl"]
    name: str = "SIM-203"
    dots_per_mm: int = 8
    width_dots: int = 832
    length_dots: int = 1216
    fonts: frozenset[str] = frozenset()
    answers: bool = True
    silent_when_stopped: bool = False
    counts_current: bool = True
    line_status: bool = True
    obeys_in_pictures: bool = True
    buffer_bytes: int = 1 << 20
    drops: bool = False


def model_of(
    language: Literal["zpl", "tspl"], profile: str = "normal", *, dpi: int = 203, width_mm: float = 104
) -> LabelModel:
    """Return the printer of a language that behaves as ``profile`` says (see ``PROFILES``).

    Raises:
        ValueError: no such profile or resolution.
    """
    if profile not in PROFILES or dpi not in (203, 300, 600):
        raise ValueError(
            f"label printer profile {profile!r} ({', '.join(PROFILES)}) or {dpi} dpi (203, 300, 600) is unknown"
        )
    per_mm = {203: 8, 300: 12, 600: 24}[dpi]
    fonts = frozenset({"E:SIMSUN.TTF"} if language == "zpl" else {"TSS24.BF2", "TSS16.BF2", "TSS20.BF2"})
    normal = LabelModel(language, f"SIM-{dpi}", per_mm, round(width_mm * per_mm), round(152 * per_mm), fonts)
    return dataclasses.replace(normal, **PROFILES[profile])


PROFILES: dict[str, dict[str, Any]] = {
    "normal": {},
    "silent": {"silent_when_stopped": True},
    "mute": {"answers": False},
    "clone": {"counts_current": False, "line_status": False, "fonts": frozenset()},
    "garbage": {"buffer_bytes": 4096, "drops": True},
}
"""``silent`` says nothing while it is stopped, ``mute`` never; ``clone`` lacks fonts and newer questions; ``garbage`` loses bytes."""
