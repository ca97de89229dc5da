"""What a store file may say of a serial scale."""

import msgspec

from devices.framing import Parity7
from devices.weighing import Remove


class ScaleOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the settings may say of a scale beside its model.

    Attributes:
        remove: what must happen before the next weighing: ``zero`` (the platter was empty), ``change`` or ``never``.
        minimum_g: the shop's own least weight; the model's Min without it.
        stuck_s: after so long at one weight the scale is not believed; 0 switches that off.
        poll_s: how often it is asked while nobody weighs.
        answer_s: how long it may take to answer; a scale that talks by itself may be silent for so long.
        patience: so many missing answers in a row, and it counts as lost.
        parity: for seven-bit scales behind a serial server that only knows 8N1: ``even`` or ``odd`` is then made here.
        models: a file of the shop's own models.
    """

    remove: Remove = Remove.ZERO
    minimum_g: int | None = None
    stuck_s: float = 600.0
    poll_s: float = 0.25
    answer_s: float = 0.8
    patience: int = 3
    parity: Parity7 = Parity7.NONE
    models: str = ""

    def __post_init__(self) -> None:
        """Refuse waits that never end or never begin."""
        if not 0.01 <= self.poll_s <= 10 or not 0.02 <= self.answer_s <= 10 or not 1 <= self.patience <= 100:
            raise ValueError(
                f"poll_s {self.poll_s} (0.01 to 10), answer_s {self.answer_s} (0.02 to 10) or patience {self.patience} (1 to 100)"
            )
