"""What differs between models of scales: data in ``models.toml``, and in a file of the shop's own."""

import functools
from pathlib import Path

import msgspec

from devices.models import Models
from devices.scale_serial.codec import Language
from devices.scale_serial.protocols import LANGUAGES
from devices.scale_serial.protocols.pattern import Pattern, language
from devices.weighing import Remove, Rules

AUTO = "auto"
_BUILT_IN = Path(__file__).with_name("models.toml")


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model; ``models.toml`` says what each field means."""

    title: str
    protocol: str
    line: str = "baud=9600"
    capacity_g: int = 15_000
    division_g: int = 5
    minimum_g: int | None = None
    settle_s: float = 0.0
    pattern: Pattern | None = None

    def __post_init__(self) -> None:
        """Refuse a model that no scale can be."""
        if (self.protocol == "pattern") is (self.pattern is None):
            raise ValueError('protocol "pattern" and a [model.pattern] belong together')
        if self.pattern is None and self.protocol not in LANGUAGES:
            raise ValueError(f"protocol {self.protocol!r} is not one of {', '.join(sorted(LANGUAGES))}, pattern")
        if self.pattern is not None and not self.pattern.flags_motion and not self.settle_s:
            raise ValueError("its frames do not say when a weight is stable: give settle_s, for example 0.5")
        self.rules()

    @property
    def language(self) -> Language:
        """What the model speaks."""
        return LANGUAGES[self.protocol] if self.pattern is None else language(self.pattern)

    def rules(
        self, remove: Remove = Remove.ZERO, minimum_g: int | None = None, stuck_s: float = Rules().stuck_s
    ) -> Rules:
        """Return what a weighing on this model must keep to; ``minimum_g`` is the shop's own, above or below Min."""
        of_model = 20 * self.division_g if self.minimum_g is None else self.minimum_g
        least = of_model if minimum_g is None else minimum_g
        return Rules(self.capacity_g, self.division_g, least, remove, self.settle_s, stuck_s)


@functools.cache
def models(more: Path | None = None) -> Models[Model]:
    """Return our models, and those of the file ``more``, which may replace ours."""
    return Models(_BUILT_IN, Model, "scale model", more=more, beside=(AUTO,))
