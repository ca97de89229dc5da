"""How long to wait before the next attempt: doubled, capped, and jittered so that devices do not march in step."""

import random
from collections.abc import Callable


class Backoff:
    """Waits of ``first_s``, twice that, … up to ``cap_s``, each drawn from the upper half of its span."""

    def __init__(self, first_s: float = 0.2, cap_s: float = 5.0, draw: Callable[[], float] = random.random) -> None:
        self._first_s, self._cap_s, self._draw = first_s, cap_s, draw
        self._next_s = first_s

    def wait_s(self) -> float:
        """Return the next wait in seconds."""
        span, self._next_s = self._next_s, min(self._cap_s, self._next_s * 2)
        return span * (0.5 + 0.5 * self._draw())

    def reset(self) -> None:
        """Start again from the first wait: the device has worked."""
        self._next_s = self._first_s
