"""The domain as a whole: its examples run, its errors carry what a screen needs, and it costs a store box little."""

import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from domain import errors, limits

DOMAIN = Path(errors.__file__).parent
MODULES = sorted(path.stem for path in DOMAIN.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_its_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"domain.{name}")).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    found = sum(
        len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(f"domain.{name}"))
    )
    assert found >= 15


def test_every_error_stands_in_the_tree_of_the_docstring() -> None:
    raised = [name for name, kind in inspect.getmembers(errors, inspect.isclass) if not name.startswith("_")]
    assert [name for name in raised if name not in (errors.__doc__ or "")] == []


def test_every_error_keeps_its_figures_for_a_screen() -> None:
    for error, text in (
        (errors.TenderTooSmall(500, 1_250), "{tendered_minor}/{due_minor}/{missing_minor}"),
        (errors.ReturnTooLarge(2, 3_000, 1_000), "{no}/{asked_milli}/{left_milli}"),
        (errors.WrongStep("tendering", "ring_up", ("back",)), "{state}/{event}/{allowed}"),
    ):
        figures = text.format(**vars(error))
        assert all(part in str(error) for part in figures.split("/")[:2])


def test_a_long_value_does_not_flood_a_message() -> None:
    error = errors.InvalidItem("name", "x" * 10_000, "less")
    assert len(str(error)) < 150
    assert len(error.value) == 10_000 if isinstance(error.value, str) else False


def test_no_sum_of_a_sale_leaves_the_integers_of_json() -> None:
    assert max(limits.MAX_SALE_MINOR, limits.MAX_STOCK_MILLI * limits.MAX_LINES, limits.MAX_COUNTER) < 2**53


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("可乐　330ml", False),
        ("𠮷野家", False),
        ("a\x00", True),
        ("\x85", True),
        ("\u2028", True),
        ("\ud800", True),
        ("\u2066x", True),
        ("", False),
    ],
)
def test_controls_are_told_from_letters(text: str, control: bool) -> None:
    assert limits.has_control(text) == control


def test_nothing_of_gs1_is_loaded_until_a_code_needs_it() -> None:
    program = (
        "import sys, domain.scan, domain.basket, domain.returns, domain.pricing, domain.stock, domain.business_date;"
        "domain.scan.classify('6901234567892', None, 'shopping');"
        "sys.exit(sum(name in sys.modules for name in ('biip', 'asyncio', 'logging', 'socket', 'random')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=DOMAIN.parent, check=False).returncode == 0
