"""What somebody who looks on sees: one short line for everything that happens, and below it a table of the chain, always up to date.

On a terminal the table stays at the bottom and is redrawn in place; elsewhere it is written as lines, whenever it has changed and some
seconds have passed.
"""

import sys
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from firmware_sim.texts import Texts, thousands

_PLAIN_EVERY_S = 4.0
_BOLD, _DIM, _GREEN, _RED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"
_COLUMNS = (18, 8, 8, 14, 8, 16)


@dataclass(frozen=True)
class Row:
    """One store as both sides see it; ``line_up`` is what we did to its line."""

    store: str
    line_up: bool
    sold: int
    sold_minor: int
    known: int
    known_minor: int

    @property
    def behind(self) -> int:
        """How many sales headquarters does not have yet."""
        return self.sold - self.known


def money(minor: int) -> str:
    """Return cents as dollars.

    >>> money(123456), money(-5)
    ('1 234.56', '-0.05')
    """
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{thousands(whole)}.{cents:02d}"


def wide(text: str) -> int:
    """Return how many columns a text takes; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def cell(text: str, columns: int, *, right: bool = False) -> str:
    """Return ``text`` padded to ``columns`` on the screen, cut when it is longer."""
    while wide(text) > columns:
        text = text[:-1]
    space = " " * (columns - wide(text))
    return space + text if right else text + space


class Screen:
    """Events and the table; silent when ``out`` is None."""

    def __init__(self, texts: Texts, out: TextIO | None = sys.stdout) -> None:
        """Speak ``texts`` on ``out``."""
        self._texts, self._out = texts, out
        self._terminal = out is not None and out.isatty()
        self._started = time.monotonic()
        self._rows: Sequence[Row] = ()
        self._drawn_lines = 0
        self._written: Sequence[Row] = ()
        self._written_at = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the screen was opened."""
        return time.monotonic() - self._started

    def say(self, key: str, **values: object) -> None:
        """Show one event, with the time since the start."""
        self._write(f"{self._style(_DIM)}{self.elapsed_s:6.1f} s{self._style(_PLAIN)}  {self._texts(key, **values)}")

    def headline(self, key: str, **values: object) -> None:
        """Show what comes next, set apart."""
        self._write("")
        self._write(f"{self._style(_BOLD)}{self._texts(key, **values)}{self._style(_PLAIN)}")

    def table(self, rows: Sequence[Row], *, now: bool = False) -> None:
        """Show the chain as it is; ``now`` also where it would be too early for another one."""
        self._rows = rows
        if self._out is None:
            return
        if self._terminal:
            self._clear()
            self._draw()
            return
        changed = list(rows) != list(self._written)
        if now or (changed and time.monotonic() - self._written_at > _PLAIN_EVERY_S):
            self._written, self._written_at = list(rows), time.monotonic()
            self._out.write("\n".join(self._lines()) + "\n")
            self._out.flush()

    def _write(self, line: str) -> None:
        if self._out is None:
            return
        self._clear()
        self._out.write(line + "\n")
        if self._terminal and self._rows:
            self._draw()
        self._out.flush()

    def _clear(self) -> None:
        if self._drawn_lines and self._out is not None:
            self._out.write(f"\x1b[{self._drawn_lines}F\x1b[0J")
            self._drawn_lines = 0

    def _draw(self) -> None:
        if self._out is None:
            return
        lines = self._lines()
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()
        self._drawn_lines = len(lines)

    def _lines(self) -> list[str]:
        heads = [
            self._texts(f"demo.column.{name}")
            for name in ("store", "line", "sold", "sold_money", "known", "known_money")
        ]
        head = "  ".join(
            cell(text, columns, right=place > 1)
            for place, (text, columns) in enumerate(zip(heads, _COLUMNS, strict=True))
        )
        rule = "─" * wide(head)
        return [
            "",
            f"{self._style(_BOLD)}{head}{self._style(_PLAIN)}",
            rule,
            *map(self._line, self._rows),
            rule,
            self._line(self._total()),
        ]

    def _line(self, row: Row) -> str:
        state = self._texts("demo.line.up" if row.line_up else "demo.line.cut")
        figures = (thousands(row.sold), money(row.sold_minor), thousands(row.known), money(row.known_minor))
        cells = [
            cell(row.store, _COLUMNS[0]),
            self._style(_GREEN if row.line_up else _RED) + cell(state, _COLUMNS[1]) + self._style(_PLAIN),
        ]
        cells += [cell(text, columns, right=True) for text, columns in zip(figures, _COLUMNS[2:], strict=True)]
        note = self._texts("demo.behind", count=row.behind) if row.behind > 0 else ""
        return "  ".join([*cells, f"{self._style(_RED)}{note}{self._style(_PLAIN)}" if note else ""]).rstrip()

    def _total(self) -> Row:
        rows = self._rows
        return Row(
            self._texts("demo.all_stores"),
            all(row.line_up for row in rows),
            sum(row.sold for row in rows),
            sum(row.sold_minor for row in rows),
            sum(row.known for row in rows),
            sum(row.known_minor for row in rows),
        )

    def _style(self, code: str) -> str:
        return code if self._terminal else ""
