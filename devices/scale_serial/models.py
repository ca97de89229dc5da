"""What differs between models of scales: data in ``models.toml``, and in a file of the shop's own."""

import functools
import re
from pathlib import Path

import msgspec

from devices.errors import DeviceMisconfigured
from devices.scale_serial.codec import Language
from devices.scale_serial.protocols import LANGUAGES
from devices.scale_serial.protocols.pattern import Pattern, language
from devices.weighing import Remove, Rules

AUTO = "auto"
_BUILT_IN = Path(__file__).parent / "models.toml"


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
def models(more: Path | None = None) -> dict[str, Model]:
    """Return all models by name: ours, and those of the file ``more``, which may replace ours.

    Raises:
        DeviceMisconfigured: a file that cannot be read or holds what no model is.
    """
    found = _read(_BUILT_IN)
    return found | _read(more) if more is not None else found


def model_named(name: str, more: Path | None = None) -> Model:
    """Return one model.

    Raises:
        DeviceMisconfigured: there is none of that name.
    """
    known = models(more)
    if name not in known:
        raise DeviceMisconfigured(f"scale model {name!r} is not one of {AUTO}, {', '.join(sorted(known))}")
    return known[name]


def _read(path: Path) -> dict[str, Model]:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, Model])
    except OSError as error:
        raise DeviceMisconfigured(f"scale models {path} cannot be read: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError, re.error) as error:
        raise DeviceMisconfigured(f"scale models {path}: {error}") from error
