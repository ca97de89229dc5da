"""With how much patience a driver is treated: its deadlines, and how often it may be started anew."""

from collections import deque

import msgspec


class Patience(msgspec.Struct, frozen=True):
    """How long a driver is waited for, in seconds.

    Attributes:
        opening_s: in the state ``opening``; a driver that stays there hangs.
        cut_s: for a driver to end when it is told to; then it is abandoned.
        restarts: so many new starts …
        within_s: … in this time are allowed; more mean that a person has to look.
        slow_s: between two starts once the budget is used up; something that is plugged in shortens it.
    """

    opening_s: float = 30.0
    cut_s: float = 2.0
    restarts: int = 5
    within_s: float = 600.0
    slow_s: float = 300.0

    def said(self) -> str:
        """Return how often a driver was started that has used up its budget, for a person."""
        return f"{self.restarts} times in {self.within_s / 60:g} min"


class RestartBudget:
    """The new starts that one driver has had."""

    def __init__(self, patience: Patience) -> None:
        self._within_s = patience.within_s
        self._starts_s: deque[float] = deque(maxlen=patience.restarts)

    def spend(self, now_s: float) -> bool:
        """Take one start; False when there is none left."""
        if len(self._starts_s) == self._starts_s.maxlen and now_s - self._starts_s[0] < self._within_s:
            return False
        self._starts_s.append(now_s)
        return True
