"""What differs between printer models; the data is in ``profiles.toml`` beside this file."""

import enum
import functools
from pathlib import Path

import msgspec

from devices.errors import DeviceMisconfigured


class Marker(enum.Enum):
    """How a model tells that a job is on paper (reference §1.6)."""

    PROCESS_ID = "process_id"  # GS ( H: best
    STATUS = "gs_r"  # GS r waits its turn behind the job: good
    NONE = "none"  # never said: a job ends as unknown


class Cut(enum.Enum):
    """What cutter a model has."""

    PARTIAL = "partial"
    FULL = "full"
    LEGACY = "legacy"  # ESC m, common on Chinese kiosk boards
    NONE = "none"


class Chinese(enum.Enum):
    """Which characters a model knows in double-byte mode."""

    GB18030 = "gb18030"  # with two bytes, and so for all below: four-byte characters print as garbage almost everywhere
    GB2312 = "gb2312"
    NONE = "none"


class PrinterProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    Attributes:
        columns: narrow characters of font A on a line; a Chinese character takes two.
        dots: printable width.
        answers_status: whether it answers DLE EOT.
        pushes_status: whether automatic status (GS a) is worth switching on.
        tear_lines: empty lines up to the tear bar or cutter when the cut does not feed by itself.
        drawer_on_ms, drawer_off_ms: pulse for the drawer, in steps of 2 ms up to 510.
    """

    columns: int
    dots: int
    marker: Marker
    cut: Cut
    chinese: Chinese
    answers_status: bool = True
    pushes_status: bool = True
    tear_lines: int = 4
    drawer_on_ms: int = 50
    drawer_off_ms: int = 500

    def __post_init__(self) -> None:
        """Refuse what no printer has."""
        if not 16 <= self.columns <= 96 or self.dots < self.columns * 8:
            raise ValueError(f"columns {self.columns} (16 to 96) do not go with {self.dots} dots")
        if not (0 < self.drawer_on_ms <= 510 and 0 < self.drawer_off_ms <= 510):
            raise ValueError(f"drawer pulse {self.drawer_on_ms}/{self.drawer_off_ms} ms is not within 2 to 510")


@functools.cache
def profiles() -> dict[str, PrinterProfile]:
    """Return all models by name."""
    text = Path(__file__).with_name("profiles.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, PrinterProfile])


def profile_named(name: str) -> PrinterProfile:
    """Return one model.

    Raises:
        DeviceMisconfigured: no such model; the message lists those there are.
    """
    try:
        return profiles()[name]
    except KeyError:
        raise DeviceMisconfigured(f"printer profile {name!r} is not one of {', '.join(sorted(profiles()))}") from None
