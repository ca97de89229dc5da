"""One suite for every transport: memory, Mosquitto on plain loopback, Mosquitto with mutual TLS and the ACL of the house."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.line import Line
from link.broker import Broker
from link.errors import LinkDown, LinkRefused
from link.memory import MemoryBroker
from link.mqtt import MqttTransport
from link.transport import Delivery, LinkSettings, Transport, Will
from tests.integration.link.bench import Bench
from tests.waiting import HANG_S

UP, ACK, STATUS = "shopwire/v1/0/S1/up", "shopwire/v1/0/S1/ack", "shopwire/v1/0/S1/status"
ALL_UP = "shopwire/v1/+/+/up"


class Side:
    """A bus with everything the suite does to it; ``cut`` breaks the connections of one client or of all."""

    def __init__(self, connect: Callable[..., Transport], cut: Callable[[], None], down: Callable[[], None]) -> None:
        self.connect, self.cut, self.down = connect, cut, down


@contextlib.asynccontextmanager
async def memory_side(tmp_path: Path) -> AsyncIterator[Side]:
    broker = MemoryBroker()

    def connect(client: str, will: Will | None = None, **more: Any) -> Transport:
        return broker.factory(client, will=will, max_queued=more.get("max_queued", 200))()

    def cut() -> None:
        broker.cut("S1")

    yield Side(connect, cut, broker.down)


@contextlib.asynccontextmanager
async def plain_side(tmp_path: Path) -> AsyncIterator[Side]:
    with Broker(tmp_path / "broker") as broker:
        async with Line("127.0.0.1", broker.port) as line:

            def connect(client: str, will: Will | None = None, **more: Any) -> Transport:
                port = broker.port if client == "coordinator" else line.port
                settings = LinkSettings(host="127.0.0.1", port=port, client_id=client, plain_loopback=True, **more)
                return MqttTransport(settings, will=will)

            def down() -> None:
                line.cut()
                broker.kill()

            yield Side(connect, line.reset, down)


@contextlib.asynccontextmanager
async def tls_side(tmp_path: Path) -> AsyncIterator[Side]:
    with Bench(tmp_path) as bench:
        async with Line("127.0.0.1", bench.broker.port) as line:

            def connect(client: str, will: Will | None = None, **more: Any) -> Transport:
                port = bench.broker.port if client == "coordinator" else line.port
                return bench.transport(client, will=will, port=port, **more)

            def down() -> None:
                line.cut()
                bench.broker.kill()

            yield Side(connect, line.reset, down)


SIDES = {"memory": memory_side, "plain": plain_side, "tls": tls_side}


@pytest.fixture(
    params=["memory", pytest.param("plain", marks=pytest.mark.broker), pytest.param("tls", marks=pytest.mark.broker)]
)
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    async with SIDES[request.param](tmp_path) as side:
        yield side


async def take(transport: Transport, count: int, timeout_s: float = 10) -> list[Delivery]:
    taken: list[Delivery] = []
    async with asyncio.timeout(timeout_s):
        async for delivery in transport.messages():
            taken.append(delivery)
            if len(taken) == count:
                return taken
    raise AssertionError(f"only {len(taken)} of {count} arrived")


async def test_what_is_published_arrives_once_and_in_order(side: Side) -> None:
    async with side.connect("coordinator") as headquarters, side.connect("S1") as edge:
        await headquarters.subscribe([ALL_UP])
        for number in range(150):
            await edge.publish(UP, b"%d" % number)
        assert await take(headquarters, 150) == [Delivery(UP, b"%d" % number) for number in range(150)]


async def test_publishes_in_flight_together_keep_their_order(side: Side) -> None:
    async with side.connect("coordinator") as headquarters, side.connect("S1") as edge:
        await headquarters.subscribe([ALL_UP])
        async with asyncio.TaskGroup() as tasks:
            for number in range(100):
                tasks.create_task(edge.publish(UP, b"%d" % number))
        assert [delivery.payload for delivery in await take(headquarters, 100)] == [b"%d" % n for n in range(100)]


@pytest.mark.parametrize("size", [0, 1, 16_000, 250_000])
async def test_payloads_of_any_allowed_size_are_bytes_for_bytes(side: Side, size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    async with side.connect("coordinator") as headquarters, side.connect("S1") as edge:
        await headquarters.subscribe([ALL_UP])
        await edge.publish(UP, payload)
        [delivery] = await take(headquarters, 1)
        assert delivery.payload == payload


async def test_a_payload_above_the_limit_is_an_error_not_a_silence(side: Side) -> None:
    async with side.connect("S1") as edge:
        with pytest.raises((LinkRefused, LinkDown)):
            await edge.publish(UP, bytes(300_000))


async def test_only_what_was_asked_for_arrives(side: Side) -> None:
    async with side.connect("S1") as edge, side.connect("coordinator") as headquarters:
        await edge.subscribe([ACK])
        await headquarters.publish("shopwire/v1/0/S1/down", b"not asked for")
        await headquarters.publish("shopwire/v1/0/S2/ack", b"for somebody else")
        await headquarters.publish(ACK, b"asked for")
        assert await take(edge, 1) == [Delivery(ACK, b"asked for")]


async def test_a_clean_start_brings_nothing_from_before(side: Side) -> None:
    async with side.connect("coordinator") as headquarters:
        async with side.connect("S1") as edge:
            await edge.subscribe([ACK])
        await headquarters.publish(ACK, b"while it was away")
        async with side.connect("S1") as edge:
            await edge.subscribe([ACK])
            await headquarters.publish(ACK, b"now")
            assert await take(edge, 1) == [Delivery(ACK, b"now")]


async def test_a_retained_message_says_that_it_is_one(side: Side) -> None:
    async with side.connect("S1") as edge:
        await edge.publish(STATUS, b"on", retain=True)
    async with side.connect("coordinator") as headquarters:
        await headquarters.subscribe(["shopwire/v1/+/+/status"])
        assert await take(headquarters, 1) == [Delivery(STATUS, b"on", retained=True)]


async def test_the_will_is_said_when_the_line_breaks_and_not_after_a_goodbye(side: Side) -> None:
    will = Will(STATUS, b"gone")
    async with side.connect("coordinator") as headquarters:
        await headquarters.subscribe(["shopwire/v1/+/+/status"])
        async with side.connect("S1", will=will) as edge:
            await edge.publish(STATUS, b"first", retain=True)
        async with side.connect("S1", will=will) as edge:
            await edge.publish(STATUS, b"second", retain=True)
            side.cut()
            assert [delivery.payload for delivery in await take(headquarters, 3)] == [b"first", b"second", b"gone"]


async def test_a_cut_ends_everything_that_waits_with_link_down(side: Side) -> None:
    async with side.connect("S1") as edge:
        await edge.subscribe([ACK])
        waiting = asyncio.ensure_future(anext(aiter(edge.messages())))
        await edge.publish(UP, b"alive")
        side.cut()
        async with asyncio.timeout(HANG_S):
            with pytest.raises(LinkDown):
                await waiting
            with pytest.raises(LinkDown):
                await edge.publish(UP, b"dead")
            with pytest.raises(LinkDown):
                await edge.subscribe([ACK])


async def test_what_had_arrived_before_the_cut_is_still_given_out(side: Side) -> None:
    async with side.connect("S1") as edge, side.connect("coordinator") as headquarters:
        await edge.subscribe([ACK])
        await headquarters.publish(ACK, b"one")
        await headquarters.publish(ACK, b"two")
        messages = aiter(edge.messages())
        assert (await anext(messages)).payload == b"one"
        await edge.publish(UP, b"by the time this is acknowledged, two has arrived")
        side.cut()
        async with asyncio.timeout(HANG_S):
            assert (await anext(messages)).payload == b"two"
            with pytest.raises(LinkDown):
                await anext(messages)


async def test_nobody_there_is_link_down(side: Side) -> None:
    side.down()
    async with asyncio.timeout(HANG_S):
        with pytest.raises(LinkDown):
            async with side.connect("S1"):
                pass


async def test_a_second_connection_of_the_same_name_ends_the_first(side: Side) -> None:
    async with side.connect("S1") as first, side.connect("S1") as second:
        async with asyncio.timeout(HANG_S):
            with pytest.raises((LinkDown, LinkRefused)):
                async for _ in first.messages():
                    pass
        await second.publish(UP, b"the newer one lives")


async def test_a_full_queue_drops_and_lives(side: Side) -> None:
    async with side.connect("S1", max_queued=5) as edge, side.connect("coordinator") as headquarters:
        await edge.subscribe([ACK])
        for number in range(50):
            await headquarters.publish(ACK, b"%d" % number)
        await edge.publish(UP, b"still here")
        got = await take(edge, 5)
        assert [delivery.payload for delivery in got] == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_cancelled_wait_leaves_the_transport_usable(side: Side) -> None:
    async with side.connect("S1") as edge, side.connect("coordinator") as headquarters:
        await edge.subscribe([ACK])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(aiter(edge.messages()))
        await headquarters.publish(ACK, b"after")
        assert (await take(edge, 1))[0].payload == b"after"


async def test_it_may_be_entered_and_left_with_an_error_inside(side: Side) -> None:
    with pytest.raises(ZeroDivisionError):
        async with side.connect("S1"):
            raise ZeroDivisionError
    async with side.connect("S1") as edge:
        await edge.publish(UP, b"again")
