"""One edge with a backlog, as a process: ``python -m benchmarks.backlog DATA_DIR FACTS BYTES`` prints how it drained, as JSON.

The clock runs from the first attempt to connect to the moment when headquarters' ack for the last fact is on the edge's disk.
"""

import asyncio
import itertools
import os
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from benchmarks.stock import EIGHT
from domain.ids import SkuId, StoreId
from edge_agent.bootstrap import open_edge
from edge_agent.db.journal import Journal
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.settings import load
from protocol.facts import StockChange, StockMoved

DRAIN_WITHIN_S = 170.0


def _fill(edge: Edge, facts: int, size: int) -> None:
    journal = edge.journal
    assert isinstance(journal, Journal)
    uow, clock = journal.uow, edge.clock
    empty = _fact(edge.card.store, EIGHT[0], "")
    with uow:
        first = uow.facts.add(empty, clock)
        (event,) = journal.outbox.read(first, 1, 1 << 20)
        room = max(0, size - len(event) - len(',"reason":""'))
        for n in range(facts - 1):  # random, for what compresses away would flatter
            padding = os.urandom(room // 2 + 1).hex()[:room]
            uow.facts.add(_fact(edge.card.store, EIGHT[n % len(EIGHT)], padding), clock)
        uow.commit()


def _fact(store: str, sku: SkuId, reason: str) -> StockMoved:
    return StockMoved(StoreId(store), "received", (StockChange(sku, 1000),), reason)


class Drained(msgspec.Struct, frozen=True):
    """``seconds`` to the last ack, over ``connections``; ``idle`` of them moved nothing."""

    seconds: float
    connections: int
    idle: int


async def _watch(edge: Edge, moved: dict[int, int]) -> None:
    """Keep the highest acked seq seen in each connection."""
    while True:
        moved[edge.relay.counters.connections] = edge.relay.progress.acked
        await asyncio.sleep(0.01)


async def _drain(edge: Edge) -> Drained:
    started = time.perf_counter()
    moved: dict[int, int] = {}
    helpers = [asyncio.create_task(edge.relay.run()), asyncio.create_task(_watch(edge, moved))]
    drained = await edge.relay.drain(DRAIN_WITHIN_S)
    took_s = time.perf_counter() - started
    for task in helpers:
        task.cancel()
    await asyncio.gather(*helpers, return_exceptions=True)
    assert drained, f"not drained: {edge.relay.progress}, {edge.relay.counters}, {edge.relay.reason}"
    reached = [moved[connection] for connection in sorted(moved) if connection]
    # the last connection is left as soon as all is acked, so it always moved something
    idle = sum(after <= before for before, after in itertools.pairwise([0, *reached[:-1]]))
    return Drained(took_s, edge.relay.counters.connections, idle)


def main() -> None:
    """Fill the outbox, then connect and drain it."""
    data_dir, facts, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    writer = Writer()
    edge = open_edge(load(None, data_dir, os.environ).settings, writer)
    writer.call(lambda: _fill(edge, facts, size))
    drained = uvloop.run(_drain(edge))
    edge.close()
    writer.close()
    print(msgspec.json.encode(drained).decode())


if __name__ == "__main__":
    main()
