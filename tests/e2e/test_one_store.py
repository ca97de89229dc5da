"""One store's stories, from end to end, over TLS and the access list: offline first, enrolled, revoked."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.small_chain import EDGE, SmallChain, small_chain

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]


def _totals(chain: SmallChain) -> dict[str, int]:
    assert [answer for answer in chain.answers.values() if "error" in answer] == []
    return {ref: answer["total_minor"] for ref, answer in chain.answers.items()}


async def test_a_store_sells_before_any_network_exists_and_headquarters_sees_it_later(tmp_path: Path) -> None:
    async with small_chain(tmp_path) as chain:
        await chain.open_store(enrol=True)  # the box is prepared in the office …
        await chain.until_acknowledged()
        await chain.close_store()
        await chain.headquarters.stop()
        await chain.open_store(enrol=False)  # … and starts in a village without a line
        await chain.sell(chain.baskets[:8])
        assert (await chain.state())["state"] != "online"
        assert len(_totals(chain)) == 8
        await chain.close_store()  # switched off over night, never connected
        await chain.open_store(enrol=False)
        await chain.sell(chain.baskets[8:10])
        await chain.headquarters.start()
        await chain.until_acknowledged()
        assert await chain.known() == _totals(chain) == {b.source_ref: b.sales_minor for b in chain.baskets[:10]}


async def test_a_basket_told_twice_is_one_sale(tmp_path: Path) -> None:
    async with small_chain(tmp_path) as chain:
        await chain.open_store(enrol=True)
        await chain.sell(chain.baskets[:3])
        first = dict(chain.answers)
        await chain.close_store()
        await chain.open_store(enrol=False)
        await chain.sell(chain.baskets[:3])
        assert chain.answers == first
        await chain.until_acknowledged()
        assert len(await chain.known()) == 3


async def test_a_revoked_store_is_refused_and_goes_on_selling(tmp_path: Path) -> None:
    async with small_chain(tmp_path) as chain:
        await chain.open_store(enrol=True)
        await chain.sell(chain.baskets[:2])
        await chain.until_acknowledged()
        await asyncio.to_thread(chain.headquarters.api.call, "DELETE", f"/v1/edges/{EDGE}")
        await chain.close_store()
        await chain.open_store(enrol=False)
        await chain.sell(chain.baskets[2:4])
        await _until_refused(chain)
        status = await chain.state()
        assert "revoked" in status["reason"], "the store's own screen tells why"
        assert status["top"] > status["acked"], "its sales stay on its disk"
        assert set(await chain.known()) == {basket.source_ref for basket in chain.baskets[:2]}


async def _until_refused(chain: SmallChain, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        for _ in count():
            if (await chain.state())["state"] == "refused":
                return
            await asyncio.sleep(0.05)
