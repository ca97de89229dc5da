"""The hub: in order per edge, edges beside each other, bounded, and deaf to nonsense."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from link.errors import LinkRefused
from link.hub import MAX_PER_EDGE, Handler, Hub, HubState, hub_topics
from link.memory import MemoryBroker
from link.transport import Transport
from protocol.errors import MalformedMessage
from protocol.topics import Address, topic
from tests.unit.link.headquarters import until


@contextlib.asynccontextmanager
async def running(
    broker: MemoryBroker, handle: Handler, *, topics: Sequence[str] | None = None, bad: list[str] | None = None
) -> AsyncIterator[Hub]:
    def on_bad(where: str, error: Exception) -> None:
        if bad is not None:
            bad.append(where)

    hub = Hub(broker.factory("coordinator", max_queued=4000), handle, topics=topics, on_bad=on_bad, parallel=3)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(hub.run())
        await until(lambda: hub.state is HubState.ONLINE)
        try:
            yield hub
        finally:
            task.cancel()


async def publish(broker: MemoryBroker, edge: str, payloads: Sequence[bytes], where: str = "") -> None:
    async with broker.factory(edge)() as transport:
        for payload in payloads:
            await transport.publish(where or topic(1, edge, "up"), payload)


async def test_one_edge_in_order_and_never_two_at_once() -> None:
    seen: list[bytes] = []
    inside = 0

    async def handle(address: Address, payload: bytes) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.sleep(0)
        seen.append(payload)
        inside -= 1

    broker = MemoryBroker()
    async with running(broker, handle):
        await publish(broker, "S1", [b"%d" % number for number in range(MAX_PER_EDGE)])
        await until(lambda: len(seen) == MAX_PER_EDGE)
    assert seen == [b"%d" % number for number in range(MAX_PER_EDGE)]


async def test_a_slow_edge_delays_only_itself() -> None:
    slow, done = asyncio.Event(), set[str]()

    async def handle(address: Address, payload: bytes) -> None:
        if address.edge == "SLOW":
            await slow.wait()
        done.add(address.edge)

    broker = MemoryBroker()
    async with running(broker, handle):
        await publish(broker, "SLOW", [b"1", b"2"])
        for number in range(10):
            await publish(broker, f"S{number}", [b"x"])
        await until(lambda: len(done) == 10)
        assert "SLOW" not in done
        slow.set()
        await until(lambda: "SLOW" in done)


async def test_a_flood_is_dropped_and_counted_and_starves_nobody() -> None:
    gate, handled = asyncio.Event(), list[str]()

    async def handle(address: Address, payload: bytes) -> None:
        await gate.wait()
        await asyncio.sleep(0)  # a database would take its time
        handled.append(address.edge)

    broker = MemoryBroker()
    async with running(broker, handle) as hub:
        await publish(broker, "FLOOD", [b"x"] * 500)
        await publish(broker, "S1", [b"x"] * 3)
        await until(lambda: hub.counters.received == 503)
        assert hub.counters.flooded == 500 - MAX_PER_EDGE
        assert hub.take_floods() == {"FLOOD": 500 - MAX_PER_EDGE}, "who it was"
        assert hub.take_floods() == {}, "since the last look"
        gate.set()
        await until(lambda: len(handled) == MAX_PER_EDGE + 3)
    assert "S1" in handled[:6], "each takes its turn"


async def test_another_shard_is_no_way_around_the_bound() -> None:
    gate = asyncio.Event()

    async def handle(address: Address, payload: bytes) -> None:
        await gate.wait()

    broker = MemoryBroker()
    async with running(broker, handle) as hub:
        for shard in range(64):
            await publish(broker, "FLOOD", [b"x"] * 4, topic(shard, "FLOOD", "up"))
        await until(lambda: hub.counters.received == 256)
        assert hub.counters.flooded == 256 - MAX_PER_EDGE
        gate.set()


async def test_wrong_topics_and_payloads_are_told_and_the_rest_goes_through() -> None:
    bad, good = list[str](), list[bytes]()

    async def handle(address: Address, payload: bytes) -> None:
        if payload == b"nonsense":
            raise MalformedMessage("up message", payload, "JSON")
        good.append(payload)

    broker = MemoryBroker()
    wrong = [
        "shopwire/v1/99/S1/up",
        "shopwire/v1/x/S1/up",
        "shopwire/v1/1/s1/up",
        "shopwire/v1/1/S1/nose",
        "shopwire/v1/1/S1/up/up",
    ]
    async with running(broker, handle, topics=["#"], bad=bad):
        for where in wrong:
            await publish(broker, "X", [b"x"], where)
        await publish(broker, "S1", [b"good", b"nonsense", b"good too"])
        await until(lambda: len(good) == 2 and len(bad) == 6)
    assert bad == [*wrong, topic(1, "S1", "up")]
    assert good == [b"good", b"good too"]


async def test_an_unexpected_error_ends_the_hub() -> None:
    async def handle(address: Address, payload: bytes) -> None:
        raise ZeroDivisionError

    broker = MemoryBroker()
    hub = Hub(broker.factory("coordinator"), handle)
    task = asyncio.ensure_future(hub.run())
    await until(lambda: hub.state is HubState.ONLINE)
    await publish(broker, "S1", [b"x"])
    with pytest.raises(ExceptionGroup) as failed:
        await task
    assert failed.group_contains(ZeroDivisionError, depth=1)


async def test_answers_arrive_in_order_and_are_refused_while_nobody_is_connected() -> None:
    async def handle(address: Address, payload: bytes) -> None: ...

    broker = MemoryBroker()
    async with running(broker, handle) as hub, broker.factory("S1")() as edge:
        await edge.subscribe([topic(1, "S1", "ack")])
        assert all(hub.tell(1, "S1", "ack", b"%d" % number) for number in range(150))
        got: list[bytes] = []
        async for delivery in edge.messages():
            got.append(delivery.payload)
            if len(got) == 150:
                break
        assert got == [b"%d" % number for number in range(150)]
        broker.down()
        await until(lambda: hub.state is HubState.OFFLINE)
        assert not hub.tell(1, "S1", "ack", b"x")
        broker.up()
        await until(lambda: hub.state is HubState.ONLINE)
        assert hub.counters.connections == 2
        assert hub.counters.untold == 1


async def test_a_refusal_is_told_once() -> None:
    class Refusing:
        async def __aenter__(self) -> Transport:
            raise LinkRefused("certificate expired")

        async def __aexit__(self, *_: object) -> None: ...

    told: list[tuple[HubState, str]] = []

    async def handle(address: Address, payload: bytes) -> None: ...

    hub = Hub(Refusing, handle, on_state=lambda state, reason: told.append((state, reason)))  # type: ignore[arg-type]
    task = asyncio.ensure_future(hub.run())
    await until(lambda: hub.state is HubState.REFUSED)
    task.cancel()
    await asyncio.wait({task})
    assert told == [(HubState.REFUSED, "certificate expired")]


def test_workers_share_edges_by_shard() -> None:
    assert hub_topics() == ["shopwire/v1/+/+/up", "shopwire/v1/+/+/status"]
    assert hub_topics([3]) == ["shopwire/v1/3/+/up", "shopwire/v1/3/+/status"]
