"""Sale committed in the store → acknowledged by headquarters: 20 edges, 40 sales of 8 lines a second, over TLS and ACL."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.chain import answer_of, enrol, headquarters
from benchmarks.figure import Figure, figure, percentile

EDGES = 20
SALES_PER_S = 40.0
SECONDS = 30.0
PROCESSES = 2
LIMIT_MS = {50: 20.0, 99: 120.0}


def figures() -> Iterator[Figure]:
    """Yield p50 and p99 against what a cashier is promised."""
    took_s = asyncio.run(_measure())
    for percent, limit_ms in LIMIT_MS.items():
        value = percentile(took_s, percent) * 1000
        yield figure(f"sale_to_ack_p{percent}", value, "ms", "promised at most", limit_ms)
    reached = len(took_s) / SECONDS
    yield figure("sale_to_ack_sales_rate", reached, "sales/s", "asked for", SALES_PER_S)


async def _measure() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        async with headquarters(root) as office:
            names = [f"S{n}" for n in range(1, EDGES + 1)]
            for name in names:
                await asyncio.to_thread(enrol, office, name, root / name)
            shares = [names[n::PROCESSES] for n in range(PROCESSES)]
            rate, seconds = str(SALES_PER_S / PROCESSES), str(SECONDS)
            answers = await asyncio.gather(
                *(answer_of("benchmarks.lanes", folder, ",".join(share), rate, seconds) for share in shares)
            )
    return [took_s for answer in answers for took_s in msgspec.json.decode(answer, type=list[float])]
