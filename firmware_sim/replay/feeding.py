"""Hands the year's baskets to the hosts: in the order of time, each host at its own pace within a short queue."""

import asyncio
from collections.abc import Iterable, Mapping

from firmware_sim.chain.host import EdgeHost, as_line
from firmware_sim.replay.basket import SourceBasket, edge_of, till_command
from firmware_sim.replay.pace import Pace

_QUEUE = 256

Waiting = asyncio.Queue[tuple[str, bytes] | None]


def assign(stores: list[int], hosts: int) -> list[list[int]]:
    """Return the stores of each of ``hosts`` processes, the busiest first and dealt round, so that all have like work.

    >>> assign([7, 3, 9, 1, 4], 2)
    [[7, 1, 4], [3, 9]]
    """
    dealt: list[list[int]] = [[] for _ in range(hosts)]
    for place, store in enumerate(stores):
        turn, seat = divmod(place, hosts)
        dealt[seat if turn % 2 == 0 else hosts - 1 - seat].append(store)
    return dealt


async def feed(baskets: Iterable[SourceBasket], host_of: Mapping[str, EdgeHost], pace: Pace) -> None:
    """Sell every basket at its store; return when the last one is on its way."""
    queues: dict[EdgeHost, Waiting] = {host: asyncio.Queue(_QUEUE) for host in set(host_of.values())}
    async with asyncio.TaskGroup() as tasks:
        for host, queue in queues.items():
            tasks.create_task(_serve(host, queue), name=f"feed:{host.name}")
        for basket in baskets:
            await pace.wait_for(basket.at)
            line = as_line(till_command(basket))
            await queues[host_of[edge_of(basket.store)]].put((basket.source_ref, line))
        for queue in queues.values():
            await queue.put(None)


async def _serve(host: EdgeHost, queue: Waiting) -> None:
    while (waiting := await queue.get()) is not None:
        await host.sell(*waiting)
