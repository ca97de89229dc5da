"""The pages name what the code has: every topic, message, fact and error."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from protocol import messages
from protocol.facts import FACT_TYPES
from protocol.topics import LEAVES, ROOT

DOCS = Path(__file__).parents[3] / "docs"
MESSAGES = ("Hello", "Batch", "Ack", "Down", "Status")
PACKAGES = ("domain", "protocol", "link", "devices", "edge_agent", "coordinator")


@pytest.fixture(scope="module")
def protocol_page() -> str:
    return (DOCS / "protocol.md").read_text()


@pytest.mark.parametrize("leaf", LEAVES)
def test_each_topic_is_described(protocol_page: str, leaf: str) -> None:
    assert ROOT in protocol_page
    assert re.search(rf"(`|/){leaf}`", protocol_page)


@pytest.mark.parametrize("name", MESSAGES)
def test_each_message_and_each_of_its_fields_is_described(protocol_page: str, name: str) -> None:
    assert name in protocol_page or name.lower() in protocol_page
    fields = getattr(messages, name).__struct_fields__
    assert [field for field in fields if not re.search(rf"\b{field}\b", protocol_page)] == []


@pytest.mark.parametrize("fact", FACT_TYPES)
def test_each_fact_is_described(protocol_page: str, fact: str) -> None:
    assert fact in protocol_page


def errors_of(package: str) -> list[str]:
    module = import_module(f"{package}.errors")
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_error_is_described_where_it_belongs(package: str) -> None:
    page = (DOCS / "errors.md").read_text()
    section = page[page.index(f"## `{package}`") :].split("\n## ")[0]
    described = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(described) == sorted(errors_of(package))


WAY = re.findall(r"`([\w/]+\.py)(?::(\w+))?`", (DOCS / "one-sale.md").read_text())


@pytest.mark.parametrize(("file", "name"), WAY)
def test_the_way_of_a_sale_names_what_is_there(file: str, name: str) -> None:
    text = (DOCS.parent / file).read_text()
    assert not name or re.search(rf"^\s*(async )?(def|class) {name}\b", text, re.MULTILINE)


def test_the_way_of_a_sale_crosses_every_floor() -> None:
    assert {file.split("/")[0] for file, _ in WAY} >= {*PACKAGES}
