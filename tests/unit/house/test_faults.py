"""The page of faults has every row, and the tests that it names are there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/faults.md"
FAULTS = [f"F{number:02}" for number in range(1, 61)]
REGRESSIONS = [f"T-ODOO-{number}" for number in range(1, 7)]
TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)+)`")


class Row(NamedTuple):
    """One row of the page."""

    name: str
    does: str
    shown: str


def rows(text: str) -> list[Row]:
    cells = [line.strip("|").split(" | ") for line in text.splitlines() if re.match(r"\| (F\d\d|T-ODOO-\d) \|", line)]
    return [Row(row[0].strip(), row[-2], row[-1]) for row in cells]


ROWS = rows(PAGE.read_text())


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the tests of a file as ``::name`` and ``::Class::name``."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(f"::{node.name}")
        elif isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"::{node.name}::{each.name}" for each in methods}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def missing(shown: str) -> list[str]:
    named = TEST.findall(shown)
    return [f"{path}{name}" for path, name in named if not (ROOT / path).exists() or name not in names_in(ROOT / path)]


def test_every_fault_has_one_row() -> None:
    assert [row.name for row in ROWS] == FAULTS + REGRESSIONS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_is_shown_by_tests_that_exist_or_says_what_it_waits_for(row: Row) -> None:
    assert len(row.does) > 15
    waits = re.fullmatch(r"\s*waits for: .+ ", row.shown)
    assert bool(TEST.findall(row.shown)) is not bool(waits), f"{row.name}: tests, or what it waits for"
    assert missing(row.shown) == []


def test_a_test_that_does_not_exist_is_noticed() -> None:
    here = "tests/unit/house/test_faults.py"
    assert missing(f"`{here}::test_every_fault_has_one_row`") == []
    assert missing(f"`{here}::test_nobody` `tests/nowhere" + ".py::test_x` `{here}::Row::test_x`") != []


def test_a_fault_that_has_tests_no_longer_waits() -> None:
    waiting = {row.name for row in ROWS if not TEST.findall(row.shown)}
    named = re.compile(r"::test_(f\d\d|t_odoo_\d)_")
    carrying = {
        found[1].upper().replace("_", "-")
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in names_in(path)
        if (found := named.search(name))
    }
    assert len(carrying) > 20
    assert carrying & waiting == set()
