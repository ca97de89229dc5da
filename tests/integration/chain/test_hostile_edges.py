"""What an edge with a valid certificate may send: old, torn, huge, poisonous, endless. Others sell on, and so does it afterwards.

Every message here goes over TLS and the ACL through a real Mosquitto into a headquarters in a process of its own.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_sim.chain.usage import children_of
from firmware_sim.line import Line
from link.certificates import CertificateAuthority
from link.errors import LinkError
from link.mqtt import MqttTransport
from link.transport import LinkSettings, Will
from protocol.codec import encode
from protocol.envelope import chain as chained
from protocol.facts import SaleCompleted
from protocol.messages import Batch, Status
from tests.contract.coordinator.chain import line, new_id
from tests.foreign_client import (
    CONNACK,
    PUBREC,
    ForeignClient,
    packet,
    publish,
    text,
    user_properties,
)
from tests.office import Office, StreamEdge, until_now

pytestmark = pytest.mark.broker

DUPLICATES = 'shopwire_ingest_events_total{result="duplicate"}'


async def test_f19_yesterdays_batch_ten_times_and_everything_backwards(hq: Office) -> None:
    edge = hq.edge("F19A")
    async with edge.connected() as talk:
        await talk.sell(4)
        yesterday = edge.stream.batch(1, 4)
        before = hq.figure(DUPLICATES)
        for _ in range(10):
            await talk.say(yesterday)
        assert (await talk.ack()).next == 5
        later = [edge.stream.state(edge.stream.sale()) for _ in range(3)]
        for batch in reversed(later):  # 7, 6, 5: only 5 follows
            await talk.say(batch)
        assert (await talk.ack(lambda ack: ack.next == 6)).next == 6
        await talk.say(edge.stream.batch(1, 7))
        await talk.ack(lambda ack: ack.next == 8)
    assert hq.sales_of("F19A") == [f"F19A-{number}" for number in range(1, 8)]
    assert hq.figure(DUPLICATES) >= before + 40
    assert hq.incidents("F19A") <= {"clock_skew"}


def nested(levels: int) -> bytes:
    return b'{"kind":"batch","v":1,"epoch":' + b"[" * levels + b"]" * levels + b"}"


def with_event(edge: StreamEdge, event: bytes) -> bytes:
    """Return a batch on the wire whose one event is ``event``, hashed as it stands."""
    stream = edge.stream
    batch = stream.batch(1, 0)
    batch = msgspec.structs.replace(
        batch, events=(msgspec.Raw(event),), last_hash=chained(stream.hashes[0], event).hex(), top=1
    )
    return msgspec.json.encode(batch)


JUNK = {
    "nothing": b"",
    "no JSON": b"\x00\xff\xfe",
    "nested 50 000 deep": nested(50_000),
    "zip bomb": zlib.compress(b"0" * 50_000_000, 9),
    "half a zip": zlib.compress(b'{"kind":"hello"}')[:-3],
    "name twice": b'{"kind":"hello","v":1,"v":1,"epoch":1}',
    "NaN": b'{"kind":"hello","v":1,"epoch":NaN}',
    "number of 5000 digits": b'{"kind":"hello","v":1,"epoch":' + b"9" * 5000 + b"}",
    "negative": b'{"kind":"hello","v":1,"epoch":-1}',
    "an array": b"[1,2,3]",
    "another kind": b'{"kind":"ack","v":1}',
    "invalid UTF-8": b'{"kind":"hello","v":1,"software":"\xff\xfe"}',
}


@pytest.mark.parametrize("what", JUNK)
async def test_f36_what_is_no_message_is_counted_told_and_forgotten(hq: Office, what: str) -> None:
    edge = hq.edge(f"F36-{list(JUNK).index(what) + 1}")
    before = hq.figure('shopwire_ingest_messages_total{outcome="malformed"}')
    async with edge.connected() as talk:
        await talk.transport.publish(edge.topic("up"), JUNK[what])
        assert (await talk.sell(2)).next == 3
    assert hq.figure('shopwire_ingest_messages_total{outcome="malformed"}') == before + 1
    assert "malformed_message" in hq.incidents(edge.name)
    assert len(hq.sales_of(edge.name)) == 2


async def test_f36_a_packet_above_the_limit_ends_its_own_connection_only(hq: Office) -> None:
    edge, other = hq.edge("F36B"), hq.edge("F36C")
    async with other.connected() as neighbour:
        with pytest.raises(LinkError):
            await throw(edge, b"x" * 1_000_000)
        assert (await neighbour.sell()).next == 2
    async with edge.connected() as talk:
        assert (await talk.sell()).next == 2


async def throw(edge: StreamEdge, payload: bytes) -> None:
    """Publish past our own client's limit, as a foreign client would."""
    async with edge.connected() as talk:
        client: Any = talk.transport._client
        assert client is not None
        await client.send(edge.topic("up"), payload, retain=False, qos=1)
        await talk.ack()


POISON: dict[str, Any] = {
    "total that is no sum": {"total_minor": 1},
    "tender of nothing": {"tenders": ()},
    "another store": {"store": "2"},
    "another edge": {"edge": "S99"},
    "another currency": {"currency": "USD"},
    "receipt number nought": {"receipt_no": 0},
    "a day that is none": {"business_date": "2026-13-45"},
    "no lines": {"lines": ()},
    "unknown SKU": {"lines": (line(1, sku="NOBODY-KNOWS"),), "total_minor": 450, "due_minor": 420, "change_minor": 30},
    "right-to-left override in the reference": {"source_ref": "abc\u202exyz"},
    "a reference of 10 000 characters": {"source_ref": "x" * 10_000},
    "an amount beyond every till": {"total_minor": 10**18 - 1},
}


@pytest.mark.parametrize("what", POISON)
async def test_f35_poison_is_parked_with_its_money_and_the_stream_goes_on(hq: Office, what: str) -> None:
    edge = hq.edge(f"F35-{list(POISON).index(what) + 1}")
    async with edge.connected() as talk:
        stream = edge.stream
        bad = SaleCompleted(msgspec.structs.replace(stream.sale(1).sale, **POISON[what]))
        await talk.say(stream.state(stream.sale(), bad, stream.sale()))
        ack = await talk.ack(lambda ack: ack.next == 4)
    assert ack.held == ""
    assert len(hq.sales_of(edge.name)) == 2
    parked = [row for row in hq.api.get("/v1/quarantine", limit=1000)["items"] if row["edge"] == edge.name]
    assert [row["seq"] for row in parked] == [2]
    assert "quarantined" in hq.incidents(edge.name)
    assert money_in_suspense_is_what_lies_in_quarantine(hq)


def money_in_suspense_is_what_lies_in_quarantine(hq: Office) -> bool:
    """I12."""
    parked: int = sum(row["value_minor"] for row in hq.api.get("/v1/quarantine", limit=1000)["items"])
    return hq.figure("shopwire_quarantine_minor") == parked


async def test_f35_bytes_that_are_no_event_are_parked_too(hq: Office) -> None:
    edge = hq.edge("F35Z")
    async with edge.connected() as talk:
        event = b'{"id":"x","source":"S1"}'
        await talk.transport.publish(edge.topic("up"), with_event(edge, event))
        assert (await talk.ack(lambda ack: ack.next == 2)).held == ""
        edge.stream.add(event)
        assert (await talk.sell()).next == 3


async def test_f34_an_unknown_type_holds_its_stream_and_no_other(hq: Office) -> None:
    edge, other = hq.edge("F34A"), hq.edge("F34B")
    stream = edge.stream
    newer = json.loads(stream.encode(stream.sale()))
    newer["type"] = "shopwire.sale_completed.v2"
    async with edge.connected() as talk, other.connected() as neighbour:
        stream.add(json.dumps(newer, separators=(",", ":")).encode())
        stream.add(stream.encode(stream.sale()))
        await talk.say(stream.batch(1, 2))
        held = await talk.ack(lambda ack: ack.held != "")
        assert held.next == 1, "nothing is skipped"
        assert "sale_completed" in held.held
        assert (await neighbour.sell()).next == 2
    assert "stream_held" in hq.incidents("F34A")
    assert hq.api.post("/v1/edges/F34A/release") == {"released": True}
    async with edge.connected() as talk:
        assert (await talk.greet()).held == ""


async def test_f20_a_gap_is_not_applied_and_the_ack_asks_for_what_is_missing(hq: Office) -> None:
    edge = hq.edge("F20A")
    async with edge.connected() as talk:
        stream = edge.stream
        batches = [stream.state(stream.sale()) for _ in range(3)]
        await talk.say(batches[2])
        assert (await talk.ack()).next == 1
        for batch in batches:
            await talk.say(batch)
        await talk.ack(lambda ack: ack.next == 4)
    assert hq.sales_of("F20A") == ["F20A-1", "F20A-2", "F20A-3"]


async def test_f21_bytes_that_fail_their_hash_are_asked_for_again_and_then_held(hq: Office) -> None:
    edge = hq.edge("F21A")
    async with edge.connected() as talk:
        good = edge.stream.state(edge.stream.sale())
        torn = msgspec.structs.replace(good, last_hash="0" * 32)
        for _ in range(3):
            await talk.say(torn)
            assert (await talk.ack()).held == ""
        await talk.say(torn)
        assert "hash" in (await talk.ack()).held
    assert "stream_held" in hq.incidents("F21A")
    assert hq.api.post("/v1/edges/F21A/release") == {"released": True}
    async with edge.connected() as talk:
        await talk.say(good)
        await talk.ack(lambda ack: ack.next == 2)


async def test_f55_retained_junk_and_a_forged_last_will_decide_nothing(hq: Office) -> None:
    edge = hq.edge("F55A")
    async with edge.connected() as talk:
        await talk.sell(2)
        junk = b'{"kind":"status","v":1,"online":"perhaps"}'
        await talk.transport.publish(edge.topic("status"), junk, retain=True)
    await break_off(edge, Will(edge.topic("status"), encode(Status(1, online=True)), retain=True))
    before = hq.figure(DUPLICATES)
    await break_off(edge, Will(edge.topic("up"), encode(edge.stream.batch(1, 1)), retain=True))
    until_now(lambda: hq.figure(DUPLICATES) == before + 1)  # the will was said …
    await let_headquarters_subscribe_again(hq)
    until_now(lambda: hq.figure(DUPLICATES) == before + 2)  # … and was heard again, for it is retained
    async with edge.connected() as talk:
        assert (await talk.greet()).next == 3
        assert (await talk.sell()).next == 4
    assert hq.sales_of("F55A") == ["F55A-1", "F55A-2", "F55A-3"]
    assert hq.incidents("F55A") <= {"clock_skew"}


async def break_off(edge: StreamEdge, will: Will) -> None:
    """Connect, leave without a word, and let the broker say the will."""
    card = edge.identity.card()
    async with Line(card.broker_host, card.broker_port) as line, edge.connected(will=will, port=line.port) as talk:
        line.reset()
        with pytest.raises(LinkError):
            await talk.ack()


async def let_headquarters_subscribe_again(hq: Office) -> None:
    """Take its connection over with its own name, so that it comes back and is given all that is retained."""
    made = CertificateAuthority(hq.folder / "ca").ensure_coordinator(hq.folder / "link")
    files: dict[str, Any] = {"ca_file": str(made.authority), "cert_file": str(made.chain), "key_file": str(made.key)}
    port = int(hq.announced["broker"]["port"])
    async with MqttTransport(LinkSettings(host="127.0.0.1", port=port, client_id="coordinator", **files)):
        pass


async def test_another_shard_is_refused_by_headquarters(hq: Office) -> None:
    edge = hq.edge("SHRD1")
    before = hq.figure('shopwire_ingest_messages_total{outcome="refused"}')
    async with edge.connected() as talk:
        wrong = f"shopwire/v1/{(edge.shard + 1) % 64}/SHRD1/up"
        await talk.transport.publish(wrong, encode(edge.stream.state(edge.stream.sale())))
        assert (await talk.greet()).next == 1
    assert hq.figure('shopwire_ingest_messages_total{outcome="refused"}') == before + 1


async def test_f11_what_two_stores_state_under_one_id_counts_once(hq: Office) -> None:
    mine, theirs = hq.edge("F11A"), hq.edge("F11B", "2")
    event_id = new_id()
    async with mine.connected() as first, theirs.connected() as second:
        for talk in (first, second):
            stream = talk.edge.stream
            stream.add(stream.encode(stream.sale(), event_id))
            await talk.say(stream.batch(1, 1))
            await talk.ack(lambda ack: ack.next == 2)
    assert hq.sales_of("F11A") == ["F11A-1"]
    assert hq.sales_of("F11B") == []
    assert hq.incidents("F11B") & {"event_changed", "quarantined"}, "a person is told that two stores say it"


ABUSE: dict[str, Callable[[str], bytes]] = {
    "ten thousand user properties": lambda topic: publish(topic, b"x", qos=1, properties=user_properties(10_000)),
    "a topic alias that was never named": lambda topic: publish("", b"x", qos=1, properties=b"\x23\x00\x07"),
    "a topic with a wildcard": lambda topic: publish("shopwire/v1/+/+/up", b"x", qos=1),
    "a topic of 60 000 characters": lambda topic: publish(topic + "/x" * 30_000, b"x", qos=1),
    "quality of service 3": lambda topic: publish(topic, b"x", qos=3),
    "a length without an end": lambda topic: b"\x30\xff\xff\xff\xff\xff",
    "a packet above the limit": lambda topic: publish(topic, b"x" * 300_000, qos=1),
    "a second CONNECT": lambda topic: packet(0x10, b"\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"),
    "no packet at all": lambda topic: b"GET / HTTP/1.1\r\n\r\n" * 50,
}


@pytest.mark.parametrize("what", ABUSE)
async def test_f54_protocol_abuse_hurts_only_its_own_connection(hq: Office, what: str) -> None:
    number = list(ABUSE).index(what)
    rogue, honest = hq.edge(f"F54A{number}"), hq.edge(f"F54B{number}")
    async with honest.connected() as talk:
        with ForeignClient(rogue.settings()) as attacker:
            assert attacker.connect().kind == CONNACK
            with contextlib.suppress(OSError):  # thrown out while still writing
                attacker.send(ABUSE[what](rogue.topic("up")))
            assert (await talk.sell()).next == 2
        assert (await talk.sell()).next == 3
    async with rogue.connected() as talk:
        assert (await talk.sell()).next == 2


async def test_f54_quality_2_that_is_never_completed_is_bounded(hq: Office) -> None:
    rogue, honest = hq.edge("F54C"), hq.edge("F54D")
    payload = encode(rogue.stream.state(rogue.stream.sale()))
    async with honest.connected() as talk:
        with ForeignClient(rogue.settings()) as attacker:
            assert attacker.connect().kind == CONNACK
            with contextlib.suppress(OSError):
                for number in range(1, 500):
                    attacker.send(publish(rogue.topic("up"), payload, qos=2, number=number))
            heard = await asyncio.to_thread(attacker.until_silent)
            assert [answer.kind for answer in heard].count(PUBREC) == 0, "quality 2 is not spoken here (max_qos 1)"
        assert (await talk.sell()).next == 2
    assert hq.sales_of("F54C") == [], "half a hand-shake is no message"


def test_f54_a_will_for_the_brokers_own_control_topic_is_not_said(hq: Office) -> None:
    rogue = hq.edge("F54E")
    name = rogue.name.encode()
    will = b"\x00" + text(b"$CONTROL/dynamic-security/v1") + text(b'{"commands":[]}')
    with ForeignClient(rogue.settings()) as attacker:
        attacker.send(packet(0x10, text(b"MQTT") + b"\x05\x06\x00\x3c\x00" + text(name) + will))
        assert attacker.read().kind == CONNACK
    asyncio.run(sell_on_a_new_line(rogue))


async def test_a_message_of_a_foreign_kind_on_status_is_no_matter(hq: Office) -> None:
    edge = hq.edge("STAT1")
    async with edge.connected() as talk:
        await talk.transport.publish(edge.topic("status"), encode(edge.stream.state(edge.stream.sale())))
        assert (await talk.greet()).next == 1


def test_f16_broker_and_its_files_die_and_come_back(hq: Office) -> None:
    """Headquarters looks after its own Mosquitto: killed and emptied, it is back and the next sale is taken."""
    edge = hq.edge("F16A")
    asyncio.run(sell_on_a_new_line(edge))
    [pid] = [child for child, name in children_of(hq.pid) if name == "mosquitto"]
    for file in (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0"):
        if file.endswith(b"mosquitto.conf"):
            shutil.rmtree(Path(file.decode()).parent)
    os.kill(pid, signal.SIGKILL)
    until_now(lambda: came_back(edge), 20)
    assert len(hq.sales_of("F16A")) == 2


async def sell_on_a_new_line(edge: StreamEdge) -> None:
    async with edge.connected() as talk:
        await talk.sell()


def came_back(edge: StreamEdge) -> bool:
    async def attempt() -> bool:
        try:
            async with edge.connected() as talk:
                stream = edge.stream
                batch: Batch = stream.state(stream.sale()) if len(stream.raws) == 1 else stream.batch(2, 2)
                await talk.say(batch)
                await talk.ack(lambda ack: ack.next == 3, 1.0)
                return True
        except (LinkError, TimeoutError):
            return False

    return asyncio.run(attempt())
