"""How far it is: a bar with rate and time left on a terminal, plain lines elsewhere; on standard error."""

import sys
import time
from dataclasses import dataclass
from typing import TextIO

from firmware_sim.texts import Texts, clock, thousands

_BAR_CELLS = 28
_TERMINAL_EVERY_S = 0.2
_PLAIN_EVERY_S = 5.0
_PARTS = " ▏▎▍▌▋▊▉█"


@dataclass
class Count:
    """How many of ``total`` baskets a store has sold so far."""

    total: int
    sold: int = 0


def bar(share: float, cells: int = _BAR_CELLS) -> str:
    """Return a bar of ``cells`` columns that is ``share`` (0 to 1) full, in eighths of a column.

    >>> bar(0.5, 4)
    '██  '
    """
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_PARTS[rest] if rest else "")).ljust(cells)


class Progress:
    """Notes and the bar; ``out`` decides by itself whether it is a terminal."""

    def __init__(self, texts: Texts, out: TextIO | None = None) -> None:
        """Speak ``texts`` on ``out`` (standard error when None)."""
        self._texts, self._out = texts, out or sys.stderr
        self._terminal = self._out.isatty()
        self._started = time.monotonic()
        self._sold_since = self._started
        self._shown = 0.0
        self._drawn = False

    @property
    def elapsed_s(self) -> float:
        """Seconds since this object was made."""
        return time.monotonic() - self._started

    def note(self, key: str, **values: object) -> None:
        """Say one line."""
        self._clear()
        self._out.write(f"{self.elapsed_s:7.1f} s  {self._texts(key, **values)}\n")
        self._out.flush()

    def fault(self, number: int, key: str, **values: object) -> None:
        """Say what was just broken."""
        self.note("replay.fault", number=number, what=self._texts(key, **values))

    def plain(self, line: str) -> None:
        """Say one line that is already a text."""
        self._clear()
        self._out.write(f"           {line}\n")
        self._out.flush()

    def selling(self) -> None:
        """Count rate and time left from now on."""
        self._sold_since = time.monotonic()

    def show(self, count: Count, *, last: bool = False) -> None:
        """Show how far it is, as often as the place can bear it."""
        now = time.monotonic()
        if not last and now - self._shown < (_TERMINAL_EVERY_S if self._terminal else _PLAIN_EVERY_S):
            return
        self._shown = now
        text = self._text(count, now - self._sold_since)
        if self._terminal:
            self._out.write(f"\r\x1b[2K{text}" + ("\n" if last else ""))
            self._drawn = not last
        else:
            self._out.write(f"{self.elapsed_s:7.1f} s  {text}\n")
        self._out.flush()

    def _text(self, count: Count, seconds: float) -> str:
        rate = count.sold / seconds if seconds > 0 else 0.0
        left = clock((count.total - count.sold) / rate) if rate else "-"
        share = count.sold / count.total if count.total else 1.0
        return self._texts(
            "replay.progress",
            bar=bar(share) if self._terminal else "",
            percent=f"{share:4.0%}",
            sold=thousands(count.sold),
            total=thousands(count.total),
            rate=thousands(rate),
            left=left,
        ).strip()

    def _clear(self) -> None:
        if self._drawn:
            self._out.write("\r\x1b[2K")
            self._drawn = False
