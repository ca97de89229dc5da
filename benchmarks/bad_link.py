"""A backlog over bad lines: how much of the line is used, how much is sent in vain, and whether every connection gets somewhere.

The reference of the slow line is the line's own rate; of the cut one, a clear line under the same backlog.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.backlog import Drained
from benchmarks.chain import answer_of, enrol, headquarters
from benchmarks.figure import Figure, figure
from firmware_sim.chain.headquarters import Headquarters
from firmware_sim.line import Line, Weather

SLOW_FACTS = 40_000
"""About 1.2 MB on the wire: more than a minute at 16 kB/s, so that the round trips of connecting (4 s of them) do not decide."""
CUT_FACTS = 12_000
FACT_BYTES = 300
RATE_BYTES_S = 16_000
SLOW = Weather(delay_s=0.3, rate_bytes_s=RATE_BYTES_S)
CUT = Weather(cut_after_bytes=25_000)


class _Run(NamedTuple):
    drained: Drained
    bytes_up: int


def figures() -> Iterator[Figure]:
    """Yield how much of the slow line is used and usefully so, then progress and repeats of the cut one."""
    slow_clear, slow, cut_clear, cut = asyncio.run(_measure())
    rate, useful = slow.bytes_up / slow.drained.seconds, slow_clear.bytes_up / slow.drained.seconds
    yield figure("slow_line_rate", rate, "bytes/s", "the line's own rate, 300 ms each way", RATE_BYTES_S)
    yield figure("slow_line_useful_rate", useful, "bytes/s", "the line's own rate, 300 ms each way", RATE_BYTES_S)
    moved = cut.drained.connections - cut.drained.idle
    yield figure("cut_line_moving", moved, "connections", "connections, each cut at 25 kB", cut.drained.connections)
    yield figure("cut_line_bytes_up", cut.bytes_up, "bytes", "the same backlog over a clear line", cut_clear.bytes_up)


async def _measure() -> tuple[_Run, _Run, _Run, _Run]:
    with tempfile.TemporaryDirectory() as folder:
        async with headquarters(Path(folder)) as office:
            return (
                await _over(office, Path(folder), "S1", SLOW_FACTS, Weather()),
                await _over(office, Path(folder), "S2", SLOW_FACTS, SLOW),
                await _over(office, Path(folder), "S3", CUT_FACTS, Weather()),
                await _over(office, Path(folder), "S4", CUT_FACTS, CUT),
            )


async def _over(office: Headquarters, folder: Path, edge: str, facts: int, weather: Weather) -> _Run:
    data_dir = await asyncio.to_thread(enrol, office, edge, folder / edge)
    async with Line("127.0.0.1", int(office.announced["broker"]["port"])) as line:
        line.weather = weather
        answer = await answer_of(
            "benchmarks.backlog",
            str(data_dir),
            str(facts),
            str(FACT_BYTES),
            EDGE_LINK__HOST="127.0.0.1",
            EDGE_LINK__PORT=str(line.port),
            EDGE_LINK__MAX_BACKOFF_S="1",
        )
        return _Run(msgspec.json.decode(answer, type=Drained), line.counters.bytes_up)
