"""Models of line-framed scanners as data: their orders (``models.toml``), and makers' letters for symbologies (``ids.toml``)."""

from pathlib import Path

import msgspec

from devices.models import Models
from devices.ports import ScannerAbilities


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model; each order as hexadecimal digits, empty where the model has none.

    Attributes:
        name: for people.
        bad_beep_disables: after a bad beep it reads nothing until it is enabled.
        setup_question: asks for the set-up; the answer ends as ``menu.find_reply`` says.
    """

    name: str
    enable: str = ""
    disable: str = ""
    trigger_on: str = ""
    trigger_off: str = ""
    good_beep: str = ""
    bad_beep: str = ""
    bad_beep_disables: bool = False
    setup_question: str = ""

    @property
    def can(self) -> ScannerAbilities:
        """What may be asked of it."""
        return ScannerAbilities(
            enable=bool(self.enable and self.disable),
            trigger=bool(self.trigger_on and self.trigger_off),
            beep=bool(self.good_beep and self.bad_beep),
            setup=bool(self.setup_question),
        )


ANY_MODEL = "generic"
MODELS = Models(Path(__file__).with_name("models.toml"), Model, "scanner profile")
IDS = Models(Path(__file__).with_name("ids.toml"), dict[str, str], "scanner option ids", beside=("aim", "none"))
"""What makers' letters mean, as AIM identifiers, by maker."""
