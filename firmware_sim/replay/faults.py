"""The faults of a replay: a seeded schedule of kills and broken lines, spread over the baskets to be sold."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["edge", "coordinator", "broker", "cut", "black_hole", "slow", "reset"]
KINDS: tuple[FaultKind, ...] = ("edge", "coordinator", "broker", "cut", "black_hole", "slow", "reset")
KILLS: tuple[FaultKind, ...] = ("edge", "coordinator", "broker")

_ONE_PER_BASKETS = 150
_LEAST, _MOST = 2 * len(KINDS), 140
_FIRST, _LAST = 0.03, 0.97
_SHORTEST_S, _LONGEST_S = 0.3, 3.0


@dataclass(frozen=True)
class Fault:
    """One fault: what happens, to which host or line (an index), after how many baskets, and for how long.

    ``duration_s``: until a broken line is whole again, or a killed process is started again (an edge process is at once).
    """

    kind: FaultKind
    target: int
    after_baskets: int
    duration_s: float


def schedule(seed: int, baskets: int, hosts: int) -> list[Fault]:
    """Return faults in the order in which they strike: every kind at least twice, about one per 150 baskets, 140 at most."""
    draw = random.Random(seed)
    count = max(_LEAST, min(_MOST, baskets // _ONE_PER_BASKETS))
    kinds = [KINDS[number % len(KINDS)] for number in range(count)]
    draw.shuffle(kinds)
    moments = sorted(draw.uniform(_FIRST, _LAST) for _ in kinds)
    return [
        Fault(kind, draw.randrange(hosts), int(baskets * moment), draw.uniform(_SHORTEST_S, _LONGEST_S))
        for kind, moment in zip(kinds, moments, strict=True)
    ]


def line_faults(struck: Counter[FaultKind]) -> int:
    """Return how many of the faults broke a line and not a process."""
    return sum(count for kind, count in struck.items() if kind not in KILLS)
