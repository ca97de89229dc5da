"""Plays scenarios on a bench, one at a time, and tells those who watch."""

import asyncio
from collections.abc import Callable

from firmware_sim.bench import scenario
from firmware_sim.bench.bench import Bench
from firmware_sim.bench.errors import CommandRefused
from firmware_sim.bench.scenario import Report, StepReport


class Player:
    """The one who leads the bench's hands."""

    def __init__(self, bench: Bench) -> None:
        """Play on ``bench``."""
        self._bench = bench
        self._hands = asyncio.Lock()

    async def play(self, name: str, tell: Callable[[StepReport], None] = lambda _: None) -> Report:
        """Play a scenario by name (or the path of a ``.toml``) and return what became of it.

        Raises:
            BenchError: there is none, it needs what is not there, or another one is being played.
        """
        if self._hands.locked():
            raise CommandRefused("another scenario is being played on this bench: wait until it has ended")
        async with self._hands:
            script = scenario.load(name)
            told: list[StepReport] = []

            def hear(step: StepReport) -> None:
                told.append(step)
                self._bench.announce("scenario", {"name": name, "of": len(script.steps), "steps": told})
                tell(step)

            self._bench.announce("scenario", {"name": name, "of": len(script.steps), "steps": []})
            return await scenario.play(name, script, self._bench, hear)
