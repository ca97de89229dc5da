"""The faults of a replay: a seeded schedule of kills and broken lines, spread over the baskets to be sold."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["edge", "coordinator", "broker", "cut", "black_hole", "slow", "reset"]
KINDS: tuple[FaultKind, ...] = ("edge", "coordinator", "broker", "cut", "black_hole", "slow", "reset")
KILLS: tuple[FaultKind, ...] = ("edge", "coordinator", "broker")

_ONE_PER_BASKETS = 150
_EACH, _MOST = 2, 140
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


def schedule(
    seed: int, baskets: int, hosts: int, kinds: Sequence[FaultKind] = KINDS, count: int | None = None
) -> list[Fault]:
    """Return faults in the order in which they strike.

    Args:
        seed: the same seed gives the same faults.
        baskets: how many will be sold.
        hosts: how many edge processes there are to strike.
        kinds: what may happen; each happens about equally often.
        count: how many; by default about one per 150 baskets, at least two of each kind, 140 at most.
    """
    draw = random.Random(seed)
    if count is None:
        count = max(_EACH * len(kinds), min(_MOST, baskets // _ONE_PER_BASKETS))
    struck = [kinds[number % len(kinds)] for number in range(count)]
    draw.shuffle(struck)
    moments = sorted(draw.uniform(_FIRST, _LAST) for _ in struck)
    return [
        Fault(kind, draw.randrange(hosts), int(baskets * moment), draw.uniform(_SHORTEST_S, _LONGEST_S))
        for kind, moment in zip(struck, moments, strict=True)
    ]


def line_faults(struck: Counter[FaultKind]) -> int:
    """Return how many of the faults broke a line and not a process."""
    return sum(count for kind, count in struck.items() if kind not in KILLS)
