"""What happens on the platter, whatever the scale speaks: load, settling, divisions, zero, tare. Times are handed in, in seconds."""

import math
import random
from typing import NamedTuple

MOST_G = 1_000_000


class Sight(NamedTuple):
    """What the scale knows of its load at one moment; ``shown_g`` is rounded to its division, tare off."""

    shown_g: int
    net: bool
    moving: bool
    over: bool
    under: bool
    zero_error: bool
    at_zero: bool


class Platter:
    """A load cell under a platter.

    Attributes:
        capacity_g: Max; above Max + 9 e the scale shows nothing but "over".
        division_g: e.
        settle_s: how long the reading swings after every change of load.
        stuck: hangs on to what it shows (a foreign body under the platter, a dead converter).
        tare_g: taken off what is shown.
    """

    def __init__(
        self, capacity_g: int = 15_000, division_g: int = 5, settle_s: float = 0.6, noise_g: float = 3.0, seed: int = 0
    ) -> None:
        self.capacity_g, self.division_g, self.settle_s = capacity_g, division_g, settle_s
        self.stuck = False
        self.tare_g = 0
        self.moved = True  # since the last weighing that was handed over (Dialog 06, status 21)
        self._noise_g = noise_g
        self._random = random.Random(seed)
        self._load_g = self._from_g = self._drift_g = self._zero_g = 0.0
        self._changed_s = -math.inf
        self._zero_failed = False
        self._last: Sight | None = None

    @property
    def load_g(self) -> float:
        """What truly lies there."""
        return self._load_g

    def put(self, grams: float, now_s: float) -> None:
        """Put something more on it; a negative weight lifts it (a hand under the platter).

        Raises:
            ValueError: no hand puts so much there.
        """
        if not abs(grams) <= MOST_G:
            raise ValueError(f"{grams:g} g are more than {MOST_G} g, which nobody puts on a scale by hand")
        self._change(self._load_g + grams, now_s)

    def take(self, now_s: float) -> None:
        """Take everything off."""
        self._change(0.0, now_s)

    def drift(self, grams: float) -> None:
        """Let warmth or dirt move the zero; less than half a division is tracked away while the platter is empty."""
        self._drift_g += grams

    def switch_on(self) -> None:
        """Look for zero as after a power cut: with more than a tenth of Max on it there is none."""
        self.tare_g = 0
        self._zero_failed = abs(self._load_g + self._drift_g) > self.capacity_g / 10
        if not self._zero_failed:
            self._zero_g = self._load_g + self._drift_g

    def zero(self, now_s: float) -> bool:
        """Take what lies there as zero, within 2 % of Max of where zero was made; whether that was possible."""
        load = self._load_g + self._drift_g
        if self.look(now_s).moving or abs(load - self._zero_g) > self.capacity_g / 50:
            return False
        self._zero_g, self.tare_g, self._zero_failed = load, 0, False
        return True

    def tare(self, now_s: float, grams: int | None = None) -> bool:
        """Take ``grams``, or what lies there, off from now on; whether that was possible."""
        sight = self.look(now_s)
        wanted = sight.shown_g + self.tare_g if grams is None else grams
        if (grams is None and sight.moving) or not 0 <= wanted <= self.capacity_g:
            return False
        self.tare_g = wanted
        return True

    def look(self, now_s: float) -> Sight:
        """Read the cell."""
        if self.stuck and self._last is not None:
            return self._last
        moving = now_s - self._changed_s < self.settle_s
        if not moving:
            self._track_zero()
        gross_g = self._swinging(now_s) if moving else self._load_g + self._drift_g - self._zero_g
        steps = math.floor(gross_g / self.division_g + 0.5)
        shown_g = steps * self.division_g - self.tare_g
        over = gross_g > self.capacity_g + 9 * self.division_g
        self._last = Sight(shown_g, self.tare_g > 0, moving, over, shown_g < 0, self._zero_failed, shown_g == 0)
        return self._last

    def _change(self, load_g: float, now_s: float) -> None:
        self._from_g, self._load_g, self._changed_s, self.moved = self._load_g, load_g, now_s, True

    def _swinging(self, now_s: float) -> float:
        """A damped swing from the old load to the new one."""
        part = (now_s - self._changed_s) / self.settle_s
        swing = (self._from_g - self._load_g) * math.exp(-5 * part) * math.cos(9 * part)
        noise = self._random.gauss(0, self._noise_g) * (1 - part)
        return self._load_g + swing + noise + self._drift_g - self._zero_g

    def _track_zero(self) -> None:
        off_g = self._load_g + self._drift_g - self._zero_g
        if abs(off_g) < self.division_g / 2:
            self._zero_g += off_g
