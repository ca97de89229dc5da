"""How often something may happen: some at once, and then so many a second. No clock: times come in as seconds."""


class TokenBucket:
    """``rate`` tokens a second, at most ``burst`` kept; full at first."""

    def __init__(self, rate: float, burst: float, at_s: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at_s = burst, at_s

    def take(self, at_s: float) -> float:
        """Take a token and return 0, or the seconds until there is one."""
        self._tokens = min(self._burst, self._tokens + max(0.0, at_s - self._at_s) * self._rate)
        self._at_s = max(self._at_s, at_s)
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
