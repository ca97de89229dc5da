"""Processes that stand still and go on as if nothing had been (F05): SIGSTOP on store, headquarters and broker while baskets are sold."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.small_chain import SmallChain, small_chain

pytestmark = [pytest.mark.chaos, pytest.mark.broker, pytest.mark.timeout(300)]

PAUSES_S = {"edge": 1.5, "coordinator": 2.0, "broker": 4.5}
"""Long enough for repeats; for the broker above the 3.6 s after which an edge with a keepalive of 2 s gives a silent line up."""


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def pids(chain: SmallChain) -> dict[str, int]:
    assert chain.host is not None
    found = {**chain.headquarters.processes(), "edge": chain.host.child.pid}
    assert set(found) == {"coordinator", "broker", "edge"}
    return {name: pid for name, pid in found.items() if pid is not None}


async def test_f05_nothing_is_lost_or_doubled_when_processes_stand_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_LINK__KEEPALIVE_S", "2")
    async with small_chain(tmp_path) as chain:
        await chain.open_store(enrol=True)
        baskets = iter(chain.baskets)
        for who, pause_s in PAUSES_S.items():
            await chain.sell([next(baskets) for _ in range(2)])
            async with asyncio.TaskGroup() as tasks:
                with standing_still(pids(chain)[who]):
                    selling = tasks.create_task(chain.sell([next(baskets) for _ in range(3)]))
                    await asyncio.sleep(pause_s)  # the fault itself: this is how long it lasts
                    assert selling.done() is (who != "edge"), "a store sells whoever else stands still"
                    if who == "broker":
                        assert (await chain.state())["state"] != "online", "and knows that the line is dead"
            await chain.until_acknowledged()
        totals = {ref: answer["total_minor"] for ref, answer in chain.answers.items()}
        assert len(totals) == 15
        assert await chain.known() == totals
        await chain.headquarters.doctor()
