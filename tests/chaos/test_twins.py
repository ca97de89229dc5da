"""Two boxes from one card (F11): both sell under one identity. Nothing of either is lost, headquarters says so, revoking ends it."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from firmware_sim.chain.host import EdgeHost, as_line
from firmware_sim.replay.basket import till_command
from tests.e2e.small_chain import EDGE, SmallChain, small_chain

pytestmark = [pytest.mark.chaos, pytest.mark.broker, pytest.mark.timeout(300)]


def open_twin(chain: SmallChain) -> EdgeHost:
    shutil.copytree(chain.folder / "edges", chain.folder / "twin")
    environment = {"EDGE_LINK__MAX_BACKOFF_S": "1"}
    return EdgeHost("twin", [EDGE], chain.folder / "twin", chain.logs, chain._hear, environment)


async def at_headquarters(chain: SmallChain) -> tuple[set[str], int, set[str]]:
    """Return the references of booked sales, how many events are parked, and the kinds of open incidents."""
    api = chain.headquarters.api
    parked = (await asyncio.to_thread(api.get, "/v1/quarantine", limit=1000))["items"]
    incidents = (await asyncio.to_thread(api.get, "/v1/incidents", limit=1000))["items"]
    kinds = {row["kind"] for row in incidents if row["edge"] == EDGE}
    return set(await chain.known()), len(parked), kinds


async def until(chain: SmallChain, wanted: Callable[[set[str], int, set[str]], bool], within_s: float = 40) -> None:
    async with asyncio.timeout(within_s):
        for _ in count():
            if wanted(*await at_headquarters(chain)):
                return
            await asyncio.sleep(0.1)


async def until_refused(host: EdgeHost, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        for _ in count():
            status = (await host.status())[EDGE]
            if status["state"] == "refused" and "revoked" in status["reason"]:
                return
            await asyncio.sleep(0.1)


async def test_f11_a_cloned_card_is_noticed_and_no_sale_of_either_is_lost(tmp_path: Path) -> None:
    async with small_chain(tmp_path) as chain:
        await chain.open_store(enrol=True)
        await chain.sell(chain.baskets[:2])
        await chain.until_acknowledged()
        await chain.close_store()
        twin = open_twin(chain)
        first = await chain.open_store(enrol=False)
        await twin.start()
        running = asyncio.create_task(twin.run())
        try:
            for mine, theirs in zip(chain.baskets[2:5], chain.baskets[5:8], strict=True):
                await first.sell(mine.source_ref, as_line(till_command(mine)))
                await twin.sell(theirs.source_ref, as_line(till_command(theirs)))
            await first.idle()
            await twin.idle()
            await until(chain, both_are_there)
            await asyncio.to_thread(chain.headquarters.api.call, "DELETE", f"/v1/edges/{EDGE}")
            await until_refused(first)
            await until_refused(twin)
        finally:
            await end(twin, running)
            assert chain._running is not None
            await end(first, chain._running)
            chain.host = chain._running = None


def both_are_there(known: set[str], parked: int, kinds: set[str]) -> bool:
    """Two before the card was copied and three of each box: booked, or parked where both used one receipt number."""
    return len(known) + parked == 8 and {"fork", "quarantined"} <= kinds


async def end(host: EdgeHost, running: "asyncio.Task[None]") -> None:
    """Kill: a host that is refused would give headquarters twenty seconds of grace to acknowledge what it never will."""
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    host.child.kill()
    await host.child.ended()
