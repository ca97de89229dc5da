"""Opening many edges for one process, enrolling those that have a code."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import msgspec
from msgspec.structs import replace

from edge_agent.bootstrap import new_database, open_edge, software
from edge_agent.data_dir import DataDir
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.errors import NotEnrolled
from edge_agent.host import Host, LinesIn, allow_many_files
from edge_agent.run import on_signals, run
from edge_agent.settings import EdgeSettings
from link.enrolment import enrol
from link.identity import EdgeIdentity

ENROLLING_AT_ONCE = 4
WRITERS = 6
"""Threads that write, each for its share of the edges: while one waits for its disk the others commit (on a busy disk one flush took
1.4 ms, and a single writer waited for it three quarters of its time)."""


class Enrolment(msgspec.Struct, frozen=True):
    """One line of an enrolment file."""

    edge: str
    code: str


def serve(
    root: Path, names: Sequence[str], enrolments: Path | None, settings: EdgeSettings, *, till: int, grace_s: float
) -> None:
    """Run the edges below ``root`` until told to stop; blocking.

    Args:
        root: holds one data directory per edge, named as the edge.
        names: which ones; empty = all that are enrolled.
        enrolments: JSON lines of ``{"edge", "code"}`` for those that are not.
        settings: for all of them; the data directory is each one's own.
        till: file descriptor of the baskets.
        grace_s: how long to wait for acknowledgements at the end.

    Raises:
        EdgeError, LinkError: one of them cannot start.
    """
    allow_many_files()
    with ExitStack() as closing:
        writers = [Writer(f"writer-{n}") for n in range(1, WRITERS + 1)]
        for writer in writers:
            closing.callback(writer.close)
        _enrol(root, names, enrolments, writers[0])
        edges: dict[str, Edge] = {}
        for name, writer in zip(names or _enrolled(root), cycle(writers), strict=False):
            edges[name] = _open(root, name, settings, writer)
            closing.callback(edges[name].close)
        run(_serve(edges, till, settings.till.lane, grace_s))


async def _serve(edges: dict[str, Edge], till: int, lane: str, grace_s: float) -> None:
    host = Host(edges, _say, lane=lane, grace_s=grace_s)
    on_signals(host.stop)
    await host.run(LinesIn(till))


def _say(line: bytes) -> None:
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]


def _open(root: Path, name: str, settings: EdgeSettings, writer: Writer) -> Edge:
    return open_edge(replace(settings, data_dir=str(root / name)), writer, hosted=True)


def _enrolled(root: Path) -> list[str]:
    found = sorted(path.parent.name for path in root.glob("*/identity"))
    if not found:
        raise NotEnrolled(root)
    return found


def _enrol(root: Path, names: Iterable[str], enrolments: Path | None, writer: Writer) -> None:
    if enrolments is None:
        return
    codes = [msgspec.json.decode(line, type=Enrolment) for line in enrolments.read_bytes().splitlines() if line.strip()]
    wanted = set(names) or {each.edge for each in codes}
    with ThreadPoolExecutor(ENROLLING_AT_ONCE) as pool:
        list(pool.map(lambda each: _enrol_one(root, each, writer), [each for each in codes if each.edge in wanted]))


def _enrol_one(root: Path, enrolment: Enrolment, writer: Writer) -> None:
    data = DataDir(root / enrolment.edge)
    if EdgeIdentity(data.identity).enrolled:
        return
    data.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    new_database(data, writer, enrolment.edge)
    enrol(enrolment.code, data.identity, software=software())
