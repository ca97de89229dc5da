"""One edge with a backlog, as a process: ``python -m benchmarks.backlog DATA_DIR FACTS BYTES`` prints the seconds it took to drain.

The clock runs from the first attempt to connect to the moment when headquarters' ack for the last fact is on the edge's disk.
"""

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from benchmarks.stock import EIGHT
from domain.ids import SkuId, StoreId
from edge_agent.bootstrap import open_edge
from edge_agent.db.journal import Journal
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.settings import load
from protocol.facts import StockChange, StockMoved


def _fill(edge: Edge, facts: int, size: int) -> None:
    journal = edge.journal
    assert isinstance(journal, Journal)
    uow, clock = journal.uow, edge.clock
    empty = _fact(edge.card.store, EIGHT[0], "")
    with uow:
        first = uow.facts.add(empty, clock)
        (event,) = journal.outbox.read(first, 1, 1 << 20)
        padding = "x" * max(0, size - len(event) - len(',"reason":""'))
        for n in range(facts - 1):
            uow.facts.add(_fact(edge.card.store, EIGHT[n % len(EIGHT)], padding), clock)
        uow.commit()


def _fact(store: str, sku: SkuId, reason: str) -> StockMoved:
    return StockMoved(StoreId(store), "received", (StockChange(sku, 1000),), reason)


async def _drain(edge: Edge) -> float:
    started = time.perf_counter()
    relay = asyncio.create_task(edge.relay.run())
    drained = await edge.relay.drain(150)
    took_s = time.perf_counter() - started
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    assert drained, f"not drained: {edge.relay.progress}, {edge.relay.counters}, {edge.relay.reason}"
    return took_s


def main() -> None:
    """Fill the outbox, then connect and drain it."""
    data_dir, facts, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    writer = Writer()
    edge = open_edge(load(None, data_dir, {}).settings, writer)
    writer.call(lambda: _fill(edge, facts, size))
    took_s = uvloop.run(_drain(edge))
    edge.close()
    writer.close()
    print(took_s)


if __name__ == "__main__":
    main()
