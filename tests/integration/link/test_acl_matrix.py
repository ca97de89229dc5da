"""Who may do what at the broker: every cell tried over real Mosquitto with TLS, certificates and the ACL of the house.

Our authority refuses to issue names such as ``A/up``, ``#`` or ``+`` (tests/unit/link/test_identity.py); here they are forged with its key
all the same, for the broker must hold even if the authority did not.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.errors import InvalidIdentity
from firmware_sim.line import Line
from link.certificates import CertificateAuthority
from link.errors import LinkDown, LinkError, LinkRefused
from link.mqtt import MqttTransport
from link.transport import Delivery, Will
from protocol.errors import ProtocolError
from protocol.topics import LEAVES, parse
from tests.integration.link.bench import Bench
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker

EDGE_A, EDGE_B = "AA1", "BB2"
WRITES = {EDGE_A: {"up", "status"}, "coordinator": {"ack", "down", "cmd"}}
READS = {EDGE_A: {"ack", "down", "cmd"}, "coordinator": {"up", "status"}}


class Cell(NamedTuple):
    """Who publishes where, and whether it shall arrive."""

    who: str
    topic: str
    allowed: bool


def own(edge: str, leaf: str) -> str:
    return f"shopwire/v1/7/{edge}/{leaf}"


def publish_cells() -> Iterator[Cell]:
    for leaf in LEAVES:
        yield Cell(EDGE_A, own(EDGE_A, leaf), leaf in WRITES[EDGE_A])
        yield Cell(EDGE_A, own(EDGE_B, leaf), allowed=False)
        yield Cell("coordinator", own(EDGE_A, leaf), leaf in WRITES["coordinator"])
    for who in (EDGE_A, "coordinator"):
        for topic in (
            "$SYS/broker/clients",
            "shopwire/v1/7",
            "other/tree",
            own(EDGE_A, "up/more"),
            own(EDGE_A, "UP"),
            "shopwire/v2/7/AA1/up",
        ):
            yield Cell(who, topic, allowed=False)
    yield Cell(EDGE_A, "$CONTROL/dynamic-security/v1", allowed=False)
    yield Cell(
        EDGE_A, "shopwire/v1/9/AA1/up", allowed=True
    )  # another shard, still its own name: headquarters checks the shard


def read_cells() -> Iterator[tuple[str, str, str, bool]]:
    """Who subscribes to which filter, what is then published, and whether it shall be heard."""
    for leaf in LEAVES:
        yield EDGE_A, own(EDGE_A, leaf), own(EDGE_A, leaf), leaf in READS[EDGE_A]
        yield EDGE_A, own(EDGE_B, leaf), own(EDGE_B, leaf), False
        yield EDGE_A, f"shopwire/v1/+/+/{leaf}", own(EDGE_B, leaf), False
        yield EDGE_A, "#", own(EDGE_B, leaf), False
        yield EDGE_A, "shopwire/#", own(EDGE_A, leaf), leaf in READS[EDGE_A]
        yield EDGE_A, f"$share/g/shopwire/v1/+/+/{leaf}", own(EDGE_B, leaf), False
        yield "coordinator", own(EDGE_B, leaf), own(EDGE_B, leaf), leaf in READS["coordinator"]


def author(topic: str) -> str:
    """The one who may write ``topic``: a reader that is its own author shows nothing here, one name being one connection."""
    owner, leaf = topic.split("/")[3:]
    return owner if leaf in {"up", "status"} else "coordinator"


async def admitted(transport: MqttTransport) -> str:
    """Say how the broker received this client: in, refused or down."""
    for _ in range(5):
        try:
            async with transport:
                return "in"
        except LinkRefused:
            return "refused"
        except LinkDown:
            continue  # a reset may overtake the alert that says why
    return "down"


@pytest.mark.parametrize("cell", list(publish_cells()), ids=lambda cell: f"{cell.who} to {cell.topic}")
async def test_publish(bench: Bench, cell: Cell) -> None:
    async with bench.transport(cell.who) as transport:
        if cell.allowed:
            await transport.publish(cell.topic, b"allowed")
        else:
            with pytest.raises(LinkRefused) as refused:
                await transport.publish(cell.topic, b"forbidden")
            assert refused.value.code in {0x87, 0x90}


@pytest.mark.parametrize(
    ("who", "pattern", "topic", "allowed"), [cell for cell in read_cells() if author(cell[2]) != cell[0]]
)
async def test_read(bench: Bench, who: str, pattern: str, topic: str, allowed: bool) -> None:
    writer = author(topic)
    async with bench.transport(who) as reader, bench.transport(writer) as other:
        with contextlib.suppress(LinkRefused):
            await reader.subscribe([pattern])
        # Behind the message that may not be heard comes one that must be, through the same queue: no waiting for a silence.
        mark = own(who, "ack") if who != "coordinator" else own(writer if writer != "coordinator" else EDGE_A, "up")
        await reader.subscribe([mark])
        await other.publish(topic, b"secret")
        await publish_mark(bench, writer, other, mark)
        got = await until_mark(reader)
        assert (b"secret" in got) is allowed


async def publish_mark(bench: Bench, writer: str, other: MqttTransport, mark: str) -> None:
    if author(mark) == writer:
        await other.publish(mark, b"mark")
        return
    async with bench.transport(author(mark)) as third:
        await third.publish(mark, b"mark")


async def until_mark(reader: MqttTransport) -> list[bytes]:
    return [delivery.payload for delivery in await deliveries_until_mark(reader)]


async def topics_until_mark(reader: MqttTransport) -> list[str]:
    return [delivery.topic for delivery in await deliveries_until_mark(reader)]


async def deliveries_until_mark(reader: MqttTransport) -> list[Delivery]:
    got: list[Delivery] = []
    async with asyncio.timeout(HANG_S):
        async for delivery in reader.messages():
            if delivery.payload == b"mark":
                return got
            got.append(delivery)
    return got


def is_an_edges(topic: str) -> bool:
    """Say whether headquarters would take ``topic`` for some edge's (``$SYS`` may write under its own name, which is no edge's)."""
    try:
        parse(topic)
    except (ProtocolError, InvalidIdentity):
        return False
    return True


async def test_nobody_hears_about_the_broker_itself(bench: Bench) -> None:
    async with bench.transport(EDGE_A) as edge, bench.transport("coordinator") as headquarters:
        await edge.subscribe([own(EDGE_A, "ack")])
        with contextlib.suppress(LinkRefused):
            await edge.subscribe(["$SYS/#"])
        await headquarters.publish(own(EDGE_A, "ack"), b"mark")
        assert await until_mark(edge) == []  # $SYS would have brought its retained values first


async def test_a_shared_subscription_takes_nothing_from_headquarters(bench: Bench) -> None:
    async with (
        bench.transport("coordinator") as headquarters,
        bench.transport(EDGE_A) as thief,
        bench.transport(EDGE_B) as edge,
    ):
        await headquarters.subscribe(["shopwire/v1/+/+/up"])
        with contextlib.suppress(LinkRefused):
            await thief.subscribe(["$share/g/shopwire/v1/+/+/up"])
        for number in range(20):
            await edge.publish(own(EDGE_B, "up"), b"%d" % number)
        await edge.publish(own(EDGE_B, "up"), b"mark")
        assert await until_mark(headquarters) == [b"%d" % number for number in range(20)]


class TestConnecting:
    """Who gets in at all."""

    async def test_an_edge_and_headquarters(self, bench: Bench) -> None:
        assert await admitted(bench.transport(EDGE_A)) == "in"
        assert await admitted(bench.transport("coordinator")) == "in"

    async def test_no_certificate(self, bench: Bench) -> None:
        context = ssl.create_default_context(cafile=bench.authority.certificate_file)
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.broker.port, ssl=context)
        connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x0a\x00\x03AA1"
        try:
            writer.write(connect)
            with pytest.raises((ssl.SSLError, OSError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(4), HANG_S)
        finally:
            writer.close()
            with contextlib.suppress(ssl.SSLError, OSError):
                await writer.wait_closed()

    async def test_a_foreign_authority(self, bench: Bench, tmp_path: Path) -> None:
        foreign = CertificateAuthority(tmp_path / "foreign")
        files = bench.forged(EDGE_A, authority=foreign)
        assert await admitted(MqttTransport(bench.settings(files, EDGE_A))) == "refused"

    @pytest.mark.parametrize("days", [(-10, -1), (1, 10)], ids=["expired", "not yet valid"])
    async def test_outside_its_time(self, bench: Bench, days: tuple[float, float]) -> None:
        files = bench.forged(EDGE_A, days=days)
        assert await admitted(MqttTransport(bench.settings(files, EDGE_A))) == "refused"

    async def test_revoked(self, bench: Bench) -> None:
        files = bench.forged("RR9")
        assert await admitted(MqttTransport(bench.settings(files, "RR9"))) == "in"
        bench.revoke(files[1])
        async with asyncio.timeout(HANG_S):
            while (
                await admitted(MqttTransport(bench.settings(files, "RR9"))) == "in"
            ):  # until the reload has come through
                pass
        assert await admitted(MqttTransport(bench.settings(files, "RR9"))) == "refused"


@pytest.mark.parametrize("name", ["AA1/up", "#", "+", "7/AA1", "AA1/#", "+/up", "$SYS", ""])
class TestNamesThatMeanSomething:
    """Certificates that our authority would never issue get in at most as nobody."""

    async def test_writes_nothing_that_anybody_hears(self, bench: Bench, name: str) -> None:
        files = bench.forged(name or " ")
        async with bench.transport("coordinator") as headquarters:
            await headquarters.subscribe(["shopwire/v1/+/+/up", "shopwire/v1/+/+/status"])
            for topic in (
                own(EDGE_A, "up"),
                own(EDGE_B, "up"),
                own(EDGE_B, "status"),
                f"shopwire/v1/7/{name or 'x'}/up",
                "shopwire/v1/AA1/up",
            ):
                if set(topic) & set("+#"):
                    continue  # no topic at all: MQTT itself forbids it
                with contextlib.suppress(LinkError):
                    async with MqttTransport(bench.settings(files, name or " ")) as intruder:
                        await intruder.publish(topic, b"forged")
            async with bench.transport(EDGE_B) as edge:
                await edge.publish(own(EDGE_B, "up"), b"mark")
            assert [topic for topic in await topics_until_mark(headquarters) if is_an_edges(topic)] == []

    async def test_hears_nothing_of_others(self, bench: Bench, name: str) -> None:
        files = bench.forged(name or " ")
        try:
            async with MqttTransport(bench.settings(files, name or " ")) as intruder:
                await self._listen_in(bench, intruder)
        except LinkError:
            return  # not let in, or thrown out: so much the better

    async def _listen_in(self, bench: Bench, intruder: MqttTransport) -> None:
        await intruder.subscribe(
            ["#", "shopwire/v1/+/+/up", "shopwire/v1/+/+/ack", own(EDGE_A, "ack"), own(EDGE_A, "up")]
        )
        listening = asyncio.ensure_future(anext(aiter(intruder.messages())))
        async with bench.transport("coordinator") as headquarters, bench.transport(EDGE_B) as edge:
            for leaf in ("ack", "down", "cmd"):
                await headquarters.publish(own(EDGE_A, leaf), b"secret")
            await edge.publish(own(EDGE_B, "up"), b"secret")
        # The broker hands out in order: when our own ping-like subscription is answered, what it had for us is here.
        await intruder.subscribe(["#"])
        assert not listening.done(), f"heard {listening.result()}"
        listening.cancel()


async def test_another_stores_client_id_takes_nothing_over(bench: Bench) -> None:
    async with bench.transport(EDGE_A) as victim, bench.transport("coordinator") as headquarters:
        await victim.subscribe([own(EDGE_A, "ack")])
        # EDGE_B's valid certificate, with EDGE_A's client id: the broker takes the id from the certificate.
        async with MqttTransport(bench.settings(bench.edge(EDGE_B), EDGE_A)) as thief:
            await thief.subscribe([own(EDGE_A, "ack")])
            with pytest.raises(LinkRefused):
                await thief.publish(own(EDGE_A, "up"), b"forged")
        await headquarters.publish(own(EDGE_A, "ack"), b"for the victim")
        async with asyncio.timeout(HANG_S):
            assert await anext(aiter(victim.messages())) == Delivery(own(EDGE_A, "ack"), b"for the victim")


async def test_a_will_on_another_stores_topic_is_not_said(bench: Bench) -> None:
    async with bench.transport("coordinator") as headquarters, Line("127.0.0.1", bench.broker.port) as line:
        await headquarters.subscribe(["shopwire/v1/+/+/up", "shopwire/v1/+/+/status"])
        with contextlib.suppress(LinkError):
            async with bench.transport(EDGE_A, will=Will(own(EDGE_B, "status"), b"forged"), port=line.port) as edge:
                line.reset()
                async for _ in edge.messages():
                    pass
        async with bench.transport(EDGE_B) as edge:
            await edge.publish(own(EDGE_B, "up"), b"mark")
        assert await until_mark(headquarters) == []
