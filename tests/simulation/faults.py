"""What can go wrong in one run, drawn from its seed: each kind is on or off, so that rare mixtures come up too."""

import random
from dataclasses import dataclass, replace
from typing import Literal

Scenario = Literal["storms", "restored", "lying"]
SCENARIOS: tuple[Scenario, ...] = ("storms", "restored", "lying")


@dataclass(frozen=True)
class Faults:
    """Probabilities per message or commit, times in virtual seconds.

    ``lying``: a power cut takes back commits that the disk had confirmed. ``restored``: headquarters comes back from its last backup.
    """

    drop: float = 0.0
    double: float = 0.0
    damage: float = 0.0
    delay_s: float = 0.01
    cut_at_commit: float = 0.0
    hq_cut_at_commit: float = 0.0
    partitions: float = 0.0
    broker_forgets: float = 0.0
    starved: float = 0.0
    forged_acks: float = 0.0
    poison: float = 0.0
    newer_facts: bool = False
    clock_jumps: float = 0.0
    lying: bool = False
    restored: bool = False

    def healed(self) -> "Faults":
        """Return a world in which nothing goes wrong any more."""
        return Faults(delay_s=0.01)


def draw(rng: random.Random, scenario: Scenario) -> Faults:
    """Return the faults of a run."""
    faults = Faults(
        drop=rng.choice((0, 0.05, 0.3)),
        double=rng.choice((0, 0.1, 0.4)),
        damage=rng.choice((0, 0, 0.05)),
        delay_s=rng.choice((0.005, 0.05, 0.4, 2.0)),
        cut_at_commit=rng.choice((0, 0.01, 0.04)),
        hq_cut_at_commit=rng.choice((0, 0.02, 0.1)),
        partitions=rng.choice((0, 0.5, 1)),
        broker_forgets=rng.choice((0, 0, 1)),
        starved=rng.choice((0, 0, 0.5)),
        forged_acks=rng.choice((0, 0, 1)),
        poison=rng.choice((0, 0.1)),
        newer_facts=rng.random() < 0.15,
        clock_jumps=rng.choice((0, 0, 0.3)),
    )
    if scenario == "lying":
        return replace(faults, lying=True, cut_at_commit=max(faults.cut_at_commit, 0.02), poison=0, newer_facts=False)
    return replace(faults, restored=scenario == "restored")
