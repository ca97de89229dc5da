"""Every setting stands in the example file with its default, is described, and is spelt as the applications read it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coordinator.settings import CoordinatorSettings
from edge_agent.settings import EdgeSettings

ROOT = Path(__file__).parents[3]
APPLICATIONS = [("edge", EdgeSettings), ("coordinator", CoordinatorSettings)]
each_application = pytest.mark.parametrize(("name", "settings"), APPLICATIONS, ids=["edge", "coordinator"])


def leaves(struct: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting's dotted name and its default (``REQUIRED`` when there is none)."""
    for field in msgspec.structs.fields(struct):
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from leaves(field.type, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", default


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a TOML tree as dotted names; a list of tables stays one value."""
    values: dict[str, Any] = {}
    for key, value in tree.items():
        values |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return values


def everything_said(name: str) -> str:
    """Return the example file with its commented settings switched on."""
    return re.sub(r"^# (?=(\w+ = |\[\[))", "", (ROOT / f"config/{name}.toml").read_text(), flags=re.MULTILINE)


@each_application
def test_the_example_is_accepted_as_it_is_and_with_every_setting_on(name: str, settings: type[msgspec.Struct]) -> None:
    for text in ((ROOT / f"config/{name}.toml").read_text(), everything_said(name)):
        msgspec.convert(tomllib.loads(text), settings)


@each_application
def test_the_example_names_every_setting(name: str, settings: type[msgspec.Struct]) -> None:
    assert flat(tomllib.loads(everything_said(name))).keys() == dict(leaves(settings)).keys()


@each_application
def test_what_is_commented_out_is_the_default(name: str, settings: type[msgspec.Struct]) -> None:
    live = flat(tomllib.loads((ROOT / f"config/{name}.toml").read_text()))
    said = flat(tomllib.loads(everything_said(name)))
    wrong = {
        key: (said[key], default)
        for key, default in leaves(settings)
        if key not in live
        and msgspec.to_builtins(default, builtin_types=(tuple,)) not in (said[key], tuple_of(said[key]))
    }
    assert wrong == {}


def tuple_of(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@each_application
def test_the_page_describes_every_setting(name: str, settings: type[msgspec.Struct]) -> None:
    page = (ROOT / "docs/settings.md").read_text()
    section = page[page.index(f"## The {name}") :].split("\n## ")[0]
    described = re.findall(r"^\| `([\w.\[\]]+)` \|", section, re.MULTILINE)
    assert described == [key for key, _ in leaves(settings)]


def test_an_unknown_setting_is_noticed() -> None:
    with pytest.raises(msgspec.ValidationError, match="keep_alive"):
        msgspec.convert({"data_dir": "x", "link": {"keep_alive": 1}}, EdgeSettings)
