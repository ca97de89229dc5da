"""What headquarters knows of the demo's stores, asked over its HTTP interface, and how it compares with the tills."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from firmware_sim.chain.api import Api


@dataclass
class Known:
    """What headquarters knows of one edge: the ids of its sales, and what they come to in cents."""

    sales: list[str] = field(default_factory=list)
    total_minor: int = 0
