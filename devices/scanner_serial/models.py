"""Models of line-framed scanners as data: their orders and the letters by which they name symbologies (``models.toml``)."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from devices.errors import DeviceMisconfigured
from devices.ports import ScannerAbilities

_FILE = Path(__file__).with_name("models.toml")


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


def model_named(name: str) -> Model:
    """Return a model by the name that settings call ``profile``; without one, that of any scanner.

    Raises:
        DeviceMisconfigured: there is no such model.
    """
    models = _tables()[0]
    if (name or "generic") not in models:
        raise DeviceMisconfigured(f"scanner profile {name!r} is not one of {', '.join(models)}")
    return models[name or "generic"]


def ids_named(name: str) -> dict[str, str]:
    """Return what a maker's letters mean, as AIM identifiers.

    Raises:
        DeviceMisconfigured: nobody has written that table.
    """
    tables = _tables()[1]
    if name not in tables:
        raise DeviceMisconfigured(f"scanner option ids {name!r} is not one of aim, none, {', '.join(tables)}")
    return tables[name]


@cache
def _tables() -> tuple[dict[str, Model], dict[str, dict[str, str]]]:
    tables: dict[str, Any] = tomllib.loads(_FILE.read_text("utf-8"))
    ids: dict[str, dict[str, str]] = tables.pop("ids")
    return msgspec.convert(tables, dict[str, Model]), ids
