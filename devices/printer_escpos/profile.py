"""What differs between printer models. The data is in ``profiles.toml`` (ours) and ``database.toml`` (shared) beside this file."""

import enum
from pathlib import Path

import msgspec

from devices.models import Models

MAX_STRIP_ROWS = 256
MAX_PULSE_MS = 510


class Marker(enum.Enum):
    """How a model proves that a job is on paper (reference §1.6), best first."""

    PROCESS_ID = "process_id"  # GS ( H: a name comes back when all before it is on paper
    STATUS = "gs_r"  # GS r waits its turn behind the job
    IDENTITY = "gs_i"  # GS I does the same where GS r is missing
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


class ChineseSize(enum.Enum):
    """How a model makes Chinese characters larger, next to GS !."""

    GS = "gs"  # GS ! is enough
    FS = "fs"  # FS ! as well: bit 2 width, bit 3 height (Epson, Toshiba)
    FS_HIGH = "fs_high"  # FS ! as well: bit 4 height, bit 5 width (SPRT)


class Pictures(enum.Enum):
    """How a model takes pictures."""

    RASTER = "raster"  # GS v 0
    COLUMN = "column"  # ESC *
    NONE = "none"


class Barcodes(enum.Enum):
    """Which barcodes a model makes itself; what it does not make is drawn as a picture."""

    FORM_B = "form_b"  # all of them
    FORM_A = "form_a"  # the old form: neither Code 93 nor Code 128
    NONE = "none"


class Recovery(enum.Enum):
    """What a person may do to a printer that stands still."""

    CLEAR = "clear"  # DLE ENQ, and DLE DC4 8 throws away what waits and says when that is done (Epson)
    ENQ = "enq"  # DLE ENQ 1 goes on, DLE ENQ 2 goes on without what waits
    NONE = "none"  # only switching it off and on


class PrinterProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    Attributes:
        columns: narrow characters of font A on a line; a Chinese character takes two.
        dots: printable width.
        answers_status: whether it answers DLE EOT.
        pushes_status: whether automatic status (GS a) is worth switching on.
        tear_lines: empty lines up to the tear bar or cutter when the cut does not feed by itself.
        drawer: whether it has a drawer's connector; ``drawer_on_ms``, ``drawer_off_ms``: the pulse, in steps of 2 ms up to 510.
        realtime_pulse: whether DLE DC4 1 opens the drawer while the printer is busy.
        chinese_size: see ``ChineseSize``.
        start: further bytes (hex) at the start of each job, for models with modes of their own.
        qr: whether it makes QR codes itself; otherwise they are drawn.
        barcodes, pictures, recovery: see there.
        strip_rows: rows in one piece of a picture; small printers lose their place in large ones.
        pace_bytes_s: for clones without flow control, which drop what comes faster; 0 is as fast as the line goes.
        maker, model: as the maker writes them.
    """

    columns: int
    dots: int
    marker: Marker = Marker.STATUS
    cut: Cut = Cut.PARTIAL
    chinese: Chinese = Chinese.NONE
    answers_status: bool = True
    pushes_status: bool = True
    tear_lines: int = 4
    drawer: bool = True
    drawer_on_ms: int = 50
    drawer_off_ms: int = 500
    realtime_pulse: bool = False
    chinese_size: ChineseSize = ChineseSize.GS
    start: str = ""
    qr: bool = True
    barcodes: Barcodes = Barcodes.FORM_B
    pictures: Pictures = Pictures.RASTER
    recovery: Recovery = Recovery.ENQ
    strip_rows: int = MAX_STRIP_ROWS
    pace_bytes_s: int = 0
    maker: str = ""
    model: str = ""

    def __post_init__(self) -> None:
        """Refuse what no printer has."""
        if not 16 <= self.columns <= 96 or not self.columns * 8 <= self.dots <= 1024:
            raise ValueError(
                f"columns {self.columns} (16 to 96) do not go with {self.dots} dots (8 a column, up to 1024)"
            )
        on, off = self.drawer_on_ms, self.drawer_off_ms
        if not 2 <= on <= MAX_PULSE_MS or not on <= off <= MAX_PULSE_MS:
            # A pause shorter than the pulse burns coils; it could also spell a real-time command (10 04).
            raise ValueError(f"drawer pulse {on}/{off} ms is not within 2 to {MAX_PULSE_MS}, the pause not the shorter")
        if not 24 <= self.strip_rows <= MAX_STRIP_ROWS or self.pace_bytes_s < 0:
            raise ValueError(
                f"strips of {self.strip_rows} rows (24 to {MAX_STRIP_ROWS}) at {self.pace_bytes_s} bytes/s"
            )
        bytes.fromhex(self.start)

    @property
    def longest_command(self) -> int:
        """Bytes of the longest command that is ever sent: a strip of a picture, or a QR code."""
        return max(self.strip_rows * self.dots // 8, 2048) + 64

    @property
    def cell_dots(self) -> int:
        """Width of one column."""
        return self.dots // self.columns


_FOLDER = Path(__file__).parent
SHARED = Models(_FOLDER / "database.toml", PrinterProfile, "printer profile")
"""The models of the shared printer database."""

PROFILES = Models(_FOLDER / "database.toml", PrinterProfile, "printer profile", more=_FOLDER / "profiles.toml")
"""All models, ours in the place of shared ones of the same name."""
