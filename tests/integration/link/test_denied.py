"""A slip in the broker's access list: seen with its reason, nothing lost, over when it is mended (F18)."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
import structlog

from link.indicator import RelayState
from link.mosquitto import acl_text
from tests.integration.link.test_relay_over_mqtt import RealPair, assert_all_there_once, running
from tests.unit.link.headquarters import EDGE, until

pytestmark = pytest.mark.broker

GRANTED = "pattern write shopwire/v1/+/%u/up\n"


def slip(pair: RealPair, acl: str) -> None:
    """Let the running broker read another access list."""
    broker = pair.bench.broker
    (broker.directory / "acl").write_text(acl)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGHUP)


async def sell_until_refused(pair: RealPair) -> int:
    """Sell one after the other, for nobody says when the broker has read its list again."""
    for sold in range(1, 1000):
        pair.sell()
        await asyncio.sleep(0.01)
        if pair.relay.state is RelayState.REFUSED:
            return sold
    raise AssertionError("never refused")


@pytest.mark.parametrize("typo", ["pattern write shopwire/v1/+/%u/upp\n", ""])
async def test_f18_a_denied_publish_says_why_and_the_outbox_keeps_all(tmp_path: Path, typo: str) -> None:
    async with running(tmp_path) as pair:
        pair.sell(5)
        assert await pair.relay.drain(15)
        assert GRANTED in acl_text()
        slip(pair, acl_text().replace(GRANTED, typo))
        with structlog.testing.capture_logs() as logged:
            sold = await sell_until_refused(pair)
            pair.sell(8)
            attempts = pair.relay.counters.connections
            await until(lambda: pair.relay.counters.connections >= attempts + 3)
            await until(lambda: pair.relay.state is RelayState.REFUSED)
        assert [line["event"] for line in logged if line["log_level"] == "error"] == ["link_refused"], "once"
        assert "Not authorized" in pair.relay.reason
        assert f"/{EDGE}/up" in pair.relay.reason, "what is denied stands in the reason"
        at = pair.journal.outbox.position()
        assert at.top == 5 + sold + 8
        assert at.acked <= len(pair.headquarters.events) < at.top
        assert at.top - at.acked >= 8, "the outbox grows"
        pair.bench.broker.reload()
        assert await pair.relay.drain(20)
        assert_all_there_once(pair)
        assert pair.relay.state is RelayState.ONLINE
