"""A store that publishes without end (F53). A headquarters of its own: a broker that mutes is started afresh, which others would feel."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from link.errors import LinkError, LinkRefused
from protocol.codec import encode
from tests.foreign_client import CONNACK, Flood, ForeignClient, publish
from tests.office import Office, StreamEdge, Talk
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.broker


async def test_f53_a_busy_store_leaves_the_others_alone(hq: Office) -> None:
    """Far more than any store sends, and far below the 500 dropped between two looks that make a flood: a look may come late."""
    rogue, honest = hq.edge("F53A"), hq.edge("F53B")
    async with honest.connected() as talk:
        with flood_of(rogue, per_s=150) as flood:
            await until(lambda: flood.sent > 100)
            await sell_ten_during(flood, talk)
    assert hq.sales_of("F53B") == [f"F53B-{number}" for number in range(1, 11)]
    assert hq.sales_of("F53A") == ["F53A-1"], "the flood's own sale counts, once"


async def test_f53_a_flood_beyond_what_anybody_can_read_is_muted_and_told(hq: Office) -> None:
    rogue, honest = hq.edge("F53C"), hq.edge("F53D")
    with flood_of(rogue, per_s=10_000):
        await until(lambda: "flooding" in hq.incidents("F53C"))
    await until_greeted(honest)  # the broker was started afresh, without what the flood had left in it
    async with honest.connected() as talk:
        with flood_of(rogue, per_s=10_000) as flood:
            await until(lambda: flood.sent > 1000)
            await sell_ten_during(flood, talk)
    assert hq.sales_of("F53D") == [f"F53D-{number}" for number in range(1, 11)]
    async with rogue.connected() as muted:
        with pytest.raises(LinkRefused, match="Not authorized"):
            await muted.say(rogue.stream.batch(1, 1))


async def until_greeted(edge: StreamEdge) -> None:
    """Greet until headquarters, which may be coming back to the broker, answers."""
    async with asyncio.timeout(HANG_S):
        while True:
            with contextlib.suppress(LinkError, TimeoutError):
                async with asyncio.timeout(HANG_S / 8), edge.connected() as talk:
                    await talk.greet()
                    return


@contextlib.contextmanager
def flood_of(rogue: StreamEdge, *, per_s: int) -> Iterator[Flood]:
    raw = publish(rogue.topic("up"), encode(rogue.stream.state(rogue.stream.sale())))
    with ForeignClient(rogue.settings()) as attacker:
        assert attacker.connect().kind == CONNACK
        with Flood(attacker, raw, per_s) as flood:
            yield flood


async def sell_ten_during(flood: Flood, talk: Talk) -> None:
    """Sell ten times, each when the one before was acknowledged, while the flood goes on or until it is thrown out."""
    for _ in range(10):
        sent = flood.sent
        await talk.sell()
        await until(lambda sent=sent: flood.sent > sent or not flood.goes_on)  # type: ignore[misc]  # no type is inferred for bound defaults
