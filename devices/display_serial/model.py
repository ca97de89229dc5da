"""What differs between customer displays; the data is in ``models.toml`` beside this file."""

from pathlib import Path
from typing import Literal

import msgspec

from devices.models import Models
from devices.ports.display import Purpose


class Around(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes before and after a text, as hexadecimal digits."""

    before: str = ""
    after: str = ""

    def wrap(self, text: bytes) -> bytes:
        """Return ``text`` between them."""
        return bytes.fromhex(self.before) + text + bytes.fromhex(self.after)


class DisplayModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model; the meaning of each field stands in ``models.toml``."""

    columns: int
    charset: Literal["ascii", "gbk", "gb18030"]
    begin: str = ""
    end: str = ""
    reset: str = ""
    rows: tuple[Around, ...] = ()
    digits: Around | None = None
    lamps: dict[Purpose | Literal["none"], str] = {}

    def __post_init__(self) -> None:
        """Refuse a model that shows nothing, and bytes that are none."""
        if bool(self.rows) == (self.digits is not None) or not 4 <= self.columns <= 80:
            raise ValueError(f"a display has rows or digits, and 4 to 80 columns, not {self.columns}")
        for digits in (self.begin, self.end, self.reset, *self.lamps.values()):
            bytes.fromhex(digits)
        for around in (*self.rows, self.digits or Around()):
            around.wrap(b"")


MODELS = Models(Path(__file__).with_name("models.toml"), DisplayModel, "display model")
