"""The parts of the demo that need no process: what the screen shows, and how two books are compared."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.chain.api import Api
from firmware_sim.demo.books import Books, Known, compare
from firmware_sim.demo.screen import Row, Screen, cell, money, wide
from firmware_sim.texts import Texts

BEHIND = Row("Store 406", line_up=False, sold=20, sold_minor=39_103, known=14, known_minor=23_373)
EVEN = Row("Store 361", line_up=True, sold=21, sold_minor=28_938, known=21, known_minor=28_938)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text(), st.integers(0, 40))
def test_a_cell_is_exactly_as_wide_as_asked_in_any_language(text: str, columns: int) -> None:
    assert wide(cell(text, columns)) == columns


@pytest.mark.parametrize(("minor", "shown"), [(0, "0.00"), (-5, "-0.05"), (1_234_567, "12 345.67"), (-100, "-1.00")])
def test_money_is_shown_to_the_cent(minor: int, shown: str) -> None:
    assert money(minor) == shown


def test_the_table_shows_who_is_behind_and_adds_up() -> None:
    out = io.StringIO()
    Screen(Texts("en"), out).table([EVEN, BEHIND], now=True)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert "Store 406 CUT 20 391.03 14 233.73 ← 6 not there yet" in lines
    assert "Whole chain CUT 41 680.41 35 523.11 ← 6 not there yet" in lines


def test_a_terminal_keeps_the_table_below_the_events() -> None:
    terminal = _Terminal()
    screen = Screen(Texts("zh"), terminal)
    screen.table([EVEN])
    drawn = terminal.getvalue().count("\n")
    screen.say("demo.ended")
    redrawn = terminal.getvalue()
    assert f"\x1b[{drawn}F\x1b[0J" in redrawn, "the old table is taken away first"
    assert redrawn.index("已结束") < redrawn.rindex("整个连锁"), "and drawn again below the event"


def test_elsewhere_an_unchanged_table_is_not_repeated() -> None:
    out = io.StringIO()
    screen = Screen(Texts("en"), out)
    screen.table([EVEN], now=True)
    written = out.getvalue()
    screen.table([EVEN])
    assert out.getvalue() == written
    assert "\x1b" not in written


def test_a_silent_screen_says_nothing() -> None:
    screen = Screen(Texts("en"), None)
    screen.say("demo.ended")
    screen.table([EVEN], now=True)


class _Pages(Api):
    """Headquarters that books two sales a page."""

    def __init__(self, sales: list[dict[str, Any]]) -> None:
        super().__init__("http://127.0.0.1:9")
        self.sales = sales

    def get(self, path: str, **query: Any) -> Any:
        items = [sale for sale in self.sales if sale["sale_no"] > query["after"]][:2]
        return {"items": items, "next": items[-1]["sale_no"] if len(items) == 2 else None}


def test_each_look_at_the_books_takes_only_what_is_new() -> None:
    sales = [{"sale_no": no, "sale_id": f"s{no}", "edge": f"S{no % 2}", "total_minor": no} for no in range(1, 6)]
    pages = _Pages(sales[:3])
    books = Books(pages)
    assert books.known() == {"S1": Known(["s1", "s3"], 4), "S0": Known(["s2"], 2)}
    pages.sales = sales
    assert books.known() == {"S1": Known(["s1", "s3", "s5"], 9), "S0": Known(["s2", "s4"], 6)}


def test_lost_and_doubled_sales_are_counted_apart() -> None:
    assert compare(["a", "b", "c"], [Known(["a"]), Known(["b", "c"])]) == (0, 0)
    assert compare(["a", "b", "c"], [Known(["a", "a"]), Known(["b", "phantom"])]) == (1, 2)
