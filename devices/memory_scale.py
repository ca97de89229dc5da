"""A double of the scale port for tests of the application: an honest one, since it passes the contract suite of the real ones."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from devices.health import HasHealth, Report
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, ScaleAbilities, Stable, Weight
from devices.scale_news import ScaleNews
from devices.weighing import Platter, Rules


class MemoryScale(HasHealth):
    """A scale on which ``put`` and ``take`` lay things and lift them; ``trouble`` is what it says instead of a weight."""

    abilities = ScaleAbilities(zero=True)

    def __init__(self, device_id: str = "scale", rules: Rules | None = None, report: Report | None = None) -> None:
        super().__init__(device_id, report)
        self.trouble: NotReady | None = None
        self._platter = Platter(rules or Rules())
        self._load_g = self._zero_g = 0
        self._news = ScaleNews(self, self._platter)

    def put(self, grams: int) -> None:
        """Lay something more on it."""
        self._load_g += grams
        self._see()

    def take(self) -> None:
        """Lift everything off."""
        self._load_g = 0
        self._see()

    def say(self, reason: Reason | None) -> None:
        """Be in trouble, or with None out of it."""
        self.trouble = None if reason is None else NotReady(reason)
        self._see()

    def unplug(self) -> None:
        """Pull the cable."""
        self.health.set(Health.ABSENT, "unplugged")
        self._see()

    def replug(self) -> None:
        """Plug it in again."""
        self.health.set(Health.OK)
        self._see()

    async def run(self) -> None:
        """Be there until cancelled."""
        self.replug()
        await asyncio.Event().wait()

    async def weigh(self, deadline_s: float = 3.0, unit_price_minor: int | None = None) -> Weight:
        """Wait for a weight that may be sold."""
        del unit_price_minor
        self._news.must_be_here()
        verdict = self._platter.take()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                while not isinstance(verdict, Stable):
                    await self._news.next()
                    verdict = self._platter.take()
        return verdict

    async def zero(self) -> NotReady | None:
        """Set the present load as zero, up to 2 % of Max."""
        self._news.must_be_here()
        if abs(self._load_g - self._zero_g) > self._platter.rules.capacity_g // 50:
            return NotReady(Reason.ZERO_ERROR)
        self._zero_g, self._platter.load.tare_g = self._load_g, 0
        self._see()
        return None

    async def tare(self, weight_g: int | None = None) -> NotReady | None:
        """Keep a tare."""
        self._news.must_be_here()
        held = self._platter.hold(weight_g)
        self._see()
        return held

    async def clear_tare(self) -> NotReady | None:
        """Weigh gross again."""
        self._news.must_be_here()
        self._platter.load.tare_g = 0
        self._see()
        return None

    def readings(self) -> AsyncIterator[Weight]:
        """Yield what the scale shows, each change once."""
        return self._news.readings()

    def _see(self) -> None:
        here = self.state.health.works
        weight = (self.trouble or Stable(self._load_g - self._zero_g)) if here else NotReady(Reason.SILENT)
        self._platter.see(weight, time.monotonic())
        self._news.tell()
