"""Rows for people: columns that line up in Chinese and English, or CSV for a spreadsheet."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from typing import Any

from domain.money import Language, format_minor

Row = dict[str, Any]


def width(text: str) -> int:
    """Return the columns that ``text`` takes on a terminal; a hanzi takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, columns: int) -> str:
    """Return ``text`` and the spaces that fill ``columns`` columns; a longer one as it is.

    >>> padded("正常", 6)
    '正常  '
    """
    return text + " " * (columns - width(text))


def table(rows: Sequence[Row], headings: dict[str, str]) -> str:
    """Return rows as aligned text; ``headings`` maps the wanted columns to their titles."""
    cells = [list(headings.values()), *([_shown(row.get(name)) for name in headings] for row in rows)]
    widths = [max(width(line[at]) for line in cells) for at in range(len(headings))]
    right = [rows != [] and all(isinstance(row.get(name), int) for row in rows) for name in headings]
    return "\n".join(
        "  ".join(_fit(cell, size, align) for cell, size, align in zip(line, widths, right, strict=True)).rstrip()
        for line in cells
    )


def comma_separated(rows: Sequence[Row]) -> str:
    """Return rows as CSV (RFC 4180); a text that a spreadsheet would take for a formula gets a ``'`` in front."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def with_money(rows: Sequence[Row], lang: Language) -> list[Row]:
    """Return rows whose ``total_minor`` stands beside ``total`` as a person reads it."""
    return [row | {"total": format_minor(row["total_minor"], row["currency"], lang)} for row in rows]


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _fit(text: str, columns: int, right: bool) -> str:
    return " " * (columns - width(text)) + text if right else padded(text, columns)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
