"""Outbox → broker → committed at headquarters: 20 000 facts of 300 bytes from one edge, against raw paho on the same machine.

The product's figure is end to end over mutual TLS and ACL: hash chain, batches, one transaction each with its effects, and the
coordinator's own ack. The peer has none of that: plain TCP, one fact a message, QoS 1, window 20, a subscriber that only counts.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import raw_mqtt
from benchmarks.backlog import Drained
from benchmarks.broker import plain_broker
from benchmarks.chain import answer_of, enrol, headquarters
from benchmarks.figure import Figure, figure
from firmware_sim.chain.headquarters import Headquarters

FACTS = 20_000
FACT_BYTES = 300
ROUNDS = 3


def figures() -> Iterator[Figure]:
    """Yield facts/s, the best of ``ROUNDS`` on both sides."""
    with plain_broker() as port:
        raw = max(raw_mqtt.rate(port, FACTS, FACT_BYTES) for _ in range(ROUNDS))
    ours = asyncio.run(best_rate())
    yield figure("uplink_sqlite", ours, "facts/s", f"raw paho QoS 1, window {raw_mqtt.WINDOW}", raw)


async def best_rate(database: str = "") -> float:
    """Return the best rate of ``ROUNDS`` backlogs, each of a freshly enrolled edge."""
    with tempfile.TemporaryDirectory() as folder:
        async with headquarters(Path(folder), database) as office:
            return max([await _drained(office, Path(folder), f"S{n}") for n in range(1, ROUNDS + 1)])


async def _drained(office: Headquarters, folder: Path, edge: str) -> float:
    data_dir = await asyncio.to_thread(enrol, office, edge, folder / edge)
    line = await answer_of("benchmarks.backlog", str(data_dir), str(FACTS), str(FACT_BYTES))
    return FACTS / msgspec.json.decode(line, type=Drained).seconds
