"""Some stores that sell at a steady pace, as a process: ``python -m benchmarks.lanes ROOT EDGE,EDGE… SALES_PER_S SECONDS``.

Prints a JSON list: for each sale the seconds from its commit on the edge's disk to headquarters' ack for it (sales of a Poisson process).
"""

import asyncio
import random
import sys
import time
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from benchmarks.stock import EIGHT, LANE, new_id
from domain.ids import SaleId
from edge_agent.bootstrap import open_edge
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.settings import load

WARM_UP_S = 3.0
_ACK_S = 30.0


async def _store(edge: Edge, sales_per_s: float, until: float, took_s: list[float]) -> None:
    chance = random.Random(edge.card.edge)
    counted_from = time.monotonic() + WARM_UP_S
    while not await edge.can_sell():  # noqa: ASYNC110 - the first snapshot tells nobody, and this wait is not measured
        await asyncio.sleep(0.05)
    while (now := time.monotonic()) < until:
        await asyncio.sleep(chance.expovariate(sales_per_s))
        for sku in EIGHT:
            await edge.counter.do(partial(ring_up, RingUp(LANE, sku=sku)))
        await edge.counter.do(partial(check_out, CheckOut(LANE, sale_id=SaleId(new_id()), exact="cash")))
        committed = time.perf_counter()
        assert await edge.relay.drain(_ACK_S), f"{edge.card.edge}: no ack in {_ACK_S} s, {edge.relay.reason}"
        if now > counted_from:
            took_s.append(time.perf_counter() - committed)


async def _sell(edges: list[Edge], sales_per_s: float, seconds: float) -> list[float]:
    took_s: list[float] = []
    relays = [asyncio.create_task(edge.relay.run()) for edge in edges]
    until = time.monotonic() + WARM_UP_S + seconds
    async with asyncio.TaskGroup() as tasks:
        for edge in edges:
            tasks.create_task(_store(edge, sales_per_s / len(edges), until, took_s))
    for relay in relays:
        relay.cancel()
    await asyncio.gather(*relays, return_exceptions=True)
    return took_s


def main() -> None:
    """Open the edges, sell, print."""
    root, names, sales_per_s, seconds = (
        Path(sys.argv[1]),
        sys.argv[2].split(","),
        float(sys.argv[3]),
        float(sys.argv[4]),
    )
    writer = Writer()
    edges = [open_edge(load(None, root / name, {}).settings, writer, hosted=True) for name in names]
    took_s = uvloop.run(_sell(edges, sales_per_s, seconds))
    for edge in edges:
        edge.close()
    writer.close()
    print(msgspec.json.encode(took_s).decode())


if __name__ == "__main__":
    main()
