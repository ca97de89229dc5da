"""Relay and hub over real Mosquitto with TLS and ACL, while broker and line die and come back."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware_sim.line import Line, Weather
from link.backoff import Backoff
from link.hub import Hub
from link.indicator import RelayState
from link.mqtt import mqtt_factory
from link.relay import Relay, offline_will
from protocol.codec import decode_status
from protocol.messages import VERSION, Status
from protocol.topics import Address
from tests.integration.link.bench import Bench
from tests.unit.link.headquarters import EDGE, SHARD, Pair, until

pytestmark = pytest.mark.broker


class RealPair(Pair):
    """The same edge and headquarters as in the unit tests, on a real broker behind a line that can be cut."""

    def __init__(self, bench: Bench, line: Line) -> None:
        super().__init__()
        self.bench, self.line = bench, line
        hub_settings = bench.settings(bench.coordinator(), "coordinator", max_queued=4000, inflight=100)
        self.headquarters.hub = Hub(
            mqtt_factory(hub_settings),
            self.headquarters.handle,
            backoff=Backoff(random.Random(3), first_s=0.01, cap_s=0.1),
        )
        settings = bench.settings(bench.edge(EDGE), EDGE, port=line.port, keepalive_s=1)
        rng = random.Random(5)
        self.relay = Relay(
            EDGE,
            SHARD,
            mqtt_factory(settings, will=offline_will(SHARD, EDGE)),
            self.journal,
            status=Status(VERSION, online=True, software="test"),
            backoff=Backoff(rng, first_s=0.02, cap_s=0.2),
            rng=rng,
        )


@contextlib.asynccontextmanager
async def running(tmp_path: Path) -> AsyncIterator[RealPair]:
    with Bench(tmp_path) as bench:
        async with Line("127.0.0.1", bench.broker.port) as line:
            pair = RealPair(bench, line)
            async with asyncio.TaskGroup() as tasks:
                started = [tasks.create_task(pair.headquarters.hub.run()), tasks.create_task(pair.relay.run())]
                try:
                    yield pair
                finally:
                    for task in started:
                        task.cancel()
            pair.journal.close()


def assert_all_there_once(pair: Pair) -> None:
    assert pair.headquarters.events == pair.journal.outbox.read(1, 100_000, 1 << 30)


async def test_broker_killed_again_and_again_forgets_and_nothing_is_lost(tmp_path: Path) -> None:
    async with running(tmp_path) as pair:
        for _ in range(4):
            pair.sell(40)
            await until(lambda: pair.relay.state is RelayState.ONLINE)
            pair.bench.broker.kill()
            pair.sell(20)
            await until(lambda: pair.relay.state is not RelayState.ONLINE)
            pair.bench.broker.start()
        assert await pair.relay.drain(20)
        assert_all_there_once(pair)


async def test_line_cut_reset_and_deaf_while_selling(tmp_path: Path) -> None:
    async with running(tmp_path) as pair:
        for step in (pair.line.reset, pair.line.cut, pair.line.black_hole, pair.line.reset, pair.line.cut):
            pair.sell(30)
            await until(lambda: pair.relay.state is RelayState.ONLINE)
            step()
            pair.sell(10)
            await until(lambda: pair.relay.state is not RelayState.ONLINE)
            pair.line.restore()
        assert await pair.relay.drain(20)
        assert_all_there_once(pair)


async def test_status_says_online_and_the_will_says_offline_and_no_other_edge_hears_it(tmp_path: Path) -> None:
    heard: list[bool] = []
    async with running(tmp_path) as pair, pair.bench.transport("S5") as other:
        await other.subscribe([f"shopwire/v1/{SHARD}/{EDGE}/status", "#"])
        spy = asyncio.ensure_future(anext(aiter(other.messages())))
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        handle = pair.headquarters.hub._handle

        async def watching(address: Address, payload: bytes) -> None:
            if address.leaf == "status":
                heard.append(decode_status(payload).online)
            await handle(address, payload)

        pair.headquarters.hub._handle = watching
        pair.line.reset()
        await until(lambda: heard[-2:] == [False, True])
        assert not spy.done()
        spy.cancel()


async def test_a_revoked_edge_is_refused_and_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.bench.authority.revoke(pair.bench.serial(EDGE))
        pair.bench.broker.restart()
        await until(lambda: pair.relay.state is RelayState.REFUSED)
        assert "revoked" in pair.relay.reason


async def test_a_slow_cut_line_still_gets_all_across(tmp_path: Path) -> None:
    async with running(tmp_path) as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.line.weather = Weather(delay_s=0.005, cut_after_bytes=15_000)
        pair.line.reset()
        pair.sell(1500)
        before = pair.relay.counters.connections
        await until(lambda: len(pair.headquarters.events) == 1500, 40)
        assert pair.relay.counters.connections - before >= 2, "the line was cut on the way"
        pair.line.weather = Weather()
        assert await pair.relay.drain(20)
        assert_all_there_once(pair)
