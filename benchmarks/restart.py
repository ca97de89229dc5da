"""kill -9 of the edge → selling again: from the signal to the next committed sale, the old basket restored on the way."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.agent import agent
from benchmarks.chain import enrol, headquarters
from benchmarks.figure import Figure, figure, percentile
from benchmarks.stock import CODES

KILLS = 8
PROMISED_S = 3.0


def figures() -> Iterator[Figure]:
    """Yield the median and the worst of some kills."""
    took_s = asyncio.run(_measure())
    yield figure("kill_to_sale_p50", percentile(took_s, 50), "s", "promised at most", PROMISED_S)
    yield figure("kill_to_sale_max", max(took_s), "s", "promised at most", PROMISED_S)


async def _measure() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        async with headquarters(Path(folder)) as office:
            data_dir = await asyncio.to_thread(enrol, office, "S1", Path(folder) / "S1")
            with agent(data_dir) as first:
                first.wait_for_goods()
                receipt = int(first.sell()["receipt_no"])
            return [await asyncio.to_thread(_kill, data_dir, receipt + n) for n in range(1, KILLS + 1)]


def _kill(data_dir: Path, receipt: int) -> float:
    with agent(data_dir) as victim:
        victim.ask(do="scan", code=CODES[1])
        victim.process.kill()
        killed = time.perf_counter()
        victim.process.wait()
        with agent(data_dir) as risen:
            sale = risen.sell()
            took_s = time.perf_counter() - killed
    assert sale["receipt_no"] == receipt, f"receipt {sale['receipt_no']}, expected {receipt}"
    return took_s
