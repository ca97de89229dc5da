"""How long to wait before the next attempt to connect: full jitter, so that a thousand stores that lost one line do not return as one."""

import random


class Backoff:
    """Waits drawn evenly from 0 to ``min(cap_s, first_s × 2ⁿ)``; ``n`` grows with each failure."""

    def __init__(self, rng: random.Random, *, first_s: float = 0.5, cap_s: float = 60.0) -> None:
        """Start with no failures.

        Args:
            rng: seeded per edge in simulations; any ``random.Random`` in life.
            first_s: bound of the first wait.
            cap_s: bound of every wait.

        Raises:
            ValueError: a bound is not above 0.
        """
        if first_s <= 0 or cap_s <= 0:
            raise ValueError(f"first_s {first_s} and cap_s {cap_s} must be above 0")
        self._rng, self._first_s, self._cap_s = rng, first_s, cap_s
        self._failures = 0

    @property
    def bound_s(self) -> float:
        """The longest that the next wait can be."""
        return float(min(self._cap_s, self._first_s * 2 ** min(self._failures, 30)))

    def next_s(self, *, at_least_failures: int = 0) -> float:
        """Return how long to wait now, and count one more failure.

        Args:
            at_least_failures: as if so many had failed before; for a refusal, that a quick repeat will not cure.
        """
        self._failures = max(self._failures, at_least_failures)
        wait_s = self._rng.uniform(0.0, self.bound_s)
        self._failures += 1
        return wait_s

    def reset(self) -> None:
        """The line works: the next failure is the first."""
        self._failures = 0
