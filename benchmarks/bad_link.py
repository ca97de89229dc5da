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

FACTS = 3000
FACT_BYTES = 233
RATE_BYTES_S = 16_000
SLOW = Weather(delay_s=0.3, rate_bytes_s=RATE_BYTES_S)
CUT = Weather(cut_after_bytes=25_000)


class _Run(NamedTuple):
    drained: Drained
    bytes_up: int


def figures() -> Iterator[Figure]:
    """Yield the share of the slow line that carried something, resent bytes, and progress per connection of the cut one."""
    clear, slow, cut = asyncio.run(_measure())
    rate = slow.bytes_up / slow.drained.seconds
    yield figure("slow_line_rate", rate, "bytes/s", "the line's own rate, 300 ms each way", RATE_BYTES_S)
    useful = clear.bytes_up / slow.drained.seconds
    yield figure("slow_line_useful_rate", useful, "bytes/s", "the line's own rate, 300 ms each way", RATE_BYTES_S)
    moved = cut.drained.connections - cut.drained.idle
    yield figure("cut_line_moving", moved, "connections", "connections, each cut at 25 kB", cut.drained.connections)
    yield figure("cut_line_bytes_up", cut.bytes_up, "bytes", "the same backlog over a clear line", clear.bytes_up)


async def _measure() -> tuple[_Run, _Run, _Run]:
    with tempfile.TemporaryDirectory() as folder:
        async with headquarters(Path(folder)) as office:
            return (
                await _over(office, Path(folder), "S1", Weather()),
                await _over(office, Path(folder), "S2", SLOW),
                await _over(office, Path(folder), "S3", CUT),
            )


async def _over(office: Headquarters, folder: Path, edge: str, weather: Weather) -> _Run:
    data_dir = await asyncio.to_thread(enrol, office, edge, folder / edge)
    async with Line("127.0.0.1", int(office.announced["broker"]["port"])) as line:
        line.weather = weather
        answer = await answer_of(
            "benchmarks.backlog",
            str(data_dir),
            str(FACTS),
            str(FACT_BYTES),
            EDGE_LINK__HOST="127.0.0.1",
            EDGE_LINK__PORT=str(line.port),
            EDGE_LINK__MAX_BACKOFF_S="1",
        )
        return _Run(msgspec.json.decode(answer, type=Drained), line.counters.bytes_up)
