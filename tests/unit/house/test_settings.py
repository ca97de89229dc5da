"""Every setting stands in the example file with its default, is described, and is spelt as the applications read it."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from coordinator.settings import CoordinatorSettings
from devices.registry import KINDS, open_device
from edge_agent.settings import EdgeSettings
from tests.bench_store import bench_file

ROOT = Path(__file__).parents[3]
APPLICATIONS = [("edge", EdgeSettings), ("coordinator", CoordinatorSettings)]
each_application = pytest.mark.parametrize(("name", "settings"), APPLICATIONS, ids=["edge", "coordinator"])


def leaves(struct: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    """Yield each setting's dotted name; ``[]`` marks a list of tables."""
    for field in msgspec.structs.fields(struct):
        tables = [
            part
            for part in (field.type, *get_args(field.type))
            if isinstance(part, type) and issubclass(part, msgspec.Struct)
        ]
        if tables:
            yield from leaves(tables[0], f"{prefix}{field.name}{'' if tables[0] is field.type else '[]'}.")
        else:
            yield f"{prefix}{field.name}"


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a TOML tree as dotted names, the tables of a list together; what a driver takes as options stays one value."""
    values: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and key != "options":
            values |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            values |= {name: each for table in value for name, each in flat(table, f"{prefix}{key}[].").items()}
        else:
            values[f"{prefix}{key}"] = value
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
    assert flat(tomllib.loads(everything_said(name))).keys() == set(leaves(settings))


@each_application
def test_what_is_commented_out_is_the_default(name: str, settings: type[msgspec.Struct]) -> None:
    live = flat(tomllib.loads((ROOT / f"config/{name}.toml").read_text()))
    said = flat(tomllib.loads(everything_said(name)))
    defaults = flat(json.loads(msgspec.json.encode(msgspec.convert({"data_dir": "somewhere"}, settings))))
    wrong = {
        key: (said[key], value)
        for key, value in defaults.items()
        if key in said.keys() - live.keys() and said[key] != value
    }
    assert wrong == {}


@each_application
def test_the_page_describes_every_setting(name: str, settings: type[msgspec.Struct]) -> None:
    page = (ROOT / "docs/settings.md").read_text()
    section = page[page.index(f"## The {name}") :].split("\n## ")[0]
    described = re.findall(r"^\| `([\w.\[\]]+)` \|", section, re.MULTILINE)
    assert described == list(leaves(settings))


def test_an_unknown_setting_is_noticed() -> None:
    with pytest.raises(msgspec.ValidationError, match="keep_alive"):
        msgspec.convert({"data_dir": "x", "link": {"keep_alive": 1}}, EdgeSettings)


def test_the_page_names_every_kind_of_device_and_the_examples_can_be_opened(tmp_path: Path) -> None:
    page = (ROOT / "docs/settings.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
    bench = bench_file(tmp_path)
    secret = tmp_path / "b/payment.secret"  # the bench puts it there
    secret.parent.mkdir()
    secret.write_bytes(b"worth nothing at all")
    texts = everything_said("edge"), bench.read_text()
    devices = [device for text in texts for device in msgspec.convert(tomllib.loads(text), EdgeSettings).devices]
    assert {device.kind for device in devices} == set(KINDS)
    for device in devices:
        open_device(device)
