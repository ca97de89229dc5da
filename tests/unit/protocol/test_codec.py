"""F36 and F37: what is too large, too deep, doubled or no text is refused by name, before it costs anything."""

import json
import time
import tracemalloc
import zlib

import msgspec
import pytest

from domain.ids import EventId
from protocol import codec
from protocol.envelope import Event, genesis
from protocol.errors import MalformedMessage, UnknownFact, UnsupportedVersion
from protocol.facts import DeviceStateChanged, StockMoved
from protocol.messages import Ack, Batch, DownlinkPosition
from protocol.strict_json import MAX_DEPTH, depth

ACK = Ack(1, 1, 1, genesis("S2", 1).hex(), 0, 65536, 1, "2017-01-01T00:00:00Z")
EVENT_ID = EventId("01595978-b503-7304-8506-0708090a0b0c")


def event_bytes(fact: StockMoved | DeviceStateChanged) -> bytes:
    return codec.encode_event(
        fact, event_id=EVENT_ID, source="S2", time="2017-01-01T00:00:00Z", bootid="b", monotonicms=1, clock="ntp"
    )


def event_with(data: bytes, kind: str = "shopwire.stock_moved.v1", **more: str) -> bytes:
    head = {"specversion": "1.0", "id": EVENT_ID, "source": "S2", "type": kind, "time": "t"} | more
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"data":' + data + b"}"


def test_short_messages_are_readable_and_long_ones_compressed() -> None:
    assert codec.encode(ACK).startswith(b'{"kind":"ack"')
    held = msgspec.structs.replace(ACK, held="x" * 5000)
    assert codec.encode(held)[0] == 0x78
    assert codec.decode_ack(codec.encode(held)) == held


@pytest.mark.parametrize(
    ("payload", "thing"),
    [
        (b"", "ack"),
        (b"null", "ack"),
        (b"\x00\x01", "ack"),
        (b"{}", "ack"),
        (b'{"kind":"batch"}', "ack"),
        (b'{"kind":"ack"', "nesting of ack"),
        (b"x" * (codec.MAX_WIRE_BYTES + 1), "size of ack"),
        (b"[" * 100_000 + b"]" * 100_000, "nesting of ack"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nesting of ack"),
        (b'{"kind":"ack","hq_time":"\xff\xfe"}', "ack"),
        (zlib.compress(b"{}")[:-3], "ack"),
        (zlib.compress(b"{}") + b"more", "ack"),
        (b"\x78 no zlib at all", "ack"),
    ],
)
def test_what_is_no_message_is_refused_by_name(payload: bytes, thing: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        codec.decode_ack(payload)
    assert caught.value.thing == thing
    assert caught.value.limit


def test_a_zip_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(b" " * 200 * 1024 * 1024, 9)
    assert len(bomb) < codec.MAX_WIRE_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessage, match="at most 1048576 bytes"):
            codec.decode_up(bomb)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * codec.MAX_INFLATED_BYTES, "of 200 MB"


def test_a_nest_of_a_megabyte_is_refused_in_milliseconds() -> None:
    nest = zlib.compress(b'{"x":' * 170_000 + b"}" * 170_000)
    before_s = time.thread_time()  # the wall would count other programs too; the square of the depth takes minutes
    with pytest.raises(MalformedMessage, match="nesting"):
        codec.decode_up(nest)
    assert time.thread_time() - before_s < 2


@pytest.mark.parametrize(
    ("raw", "levels"),
    [
        (b"1", 0),
        (b"{}", 1),
        (b'{"a":[1,{}]}', 3),
        (b'{"a":"[[[["}', 1),
        (b'{"a":"\\"[[","b":[]}', 2),
        (b'{"a":"\\\\","b":[[]]}', 3),
    ],
)
def test_depth_counts_brackets_outside_of_strings(raw: bytes, levels: int) -> None:
    assert depth(raw) == levels


@pytest.mark.parametrize(
    "changes",
    [
        {"next": 0},
        {"epoch": 0},
        {"credit": -1},
        {"head_hash": "00"},
        {"head_hash": "G" * 32},
        {"next": 2**60},
        {"next": "1"},
        {"next": 1.5},
        {"gen": None},
    ],
)
def test_a_field_beyond_its_limit_is_refused(changes: dict[str, object]) -> None:
    payload = json.dumps(msgspec.to_builtins(ACK) | changes).encode()
    with pytest.raises(MalformedMessage, match=next(iter(changes))):
        codec.decode_ack(payload)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 400, b"01", b"0x10"])
def test_a_number_that_is_none_is_refused_wherever_it_hides(number: bytes) -> None:
    payload = codec.encode(ACK)[:-1] + b',"unknown_field":' + number + b"}"
    data = b'{"store":"2","kind":"received","changes":[],"later":' + number + b"}"
    for read, raw in (
        (codec.decode_down, payload.replace(b'"ack"', b'"down"')),
        (codec.decode_event, event_with(data)),
    ):
        with pytest.raises(MalformedMessage):
            read(raw)


def test_a_doubled_name_is_refused_at_every_level() -> None:
    with pytest.raises(MalformedMessage, match="'gen' twice"):
        codec.decode_ack(codec.encode(ACK)[:-1] + b',"gen":9}')
    with pytest.raises(MalformedMessage, match="'source' twice"):
        codec.decode_event(event_with(b"{}")[:-1] + b',"source":"S3"}')
    doubled = codec.decode_event(
        event_with(b'{"store":"2","kind":"received","changes":[{"sku":"1","sku":"2","delta_milli":1}]}')
    )
    with pytest.raises(MalformedMessage, match="'sku' twice"):
        codec.decode_fact(doubled)


def test_unknown_fields_are_ignored() -> None:
    assert codec.decode_ack(codec.encode(ACK)[:-1] + b',"later":{"a":[1,2]}}') == ACK


def test_a_newer_version_is_told_apart_from_nonsense() -> None:
    with pytest.raises(UnsupportedVersion, match="version 2"):
        codec.decode_up(b'{"kind":"batch","v":2,"quite":"different"}')
    with pytest.raises(UnsupportedVersion):
        codec.decode_ack(codec.encode(msgspec.structs.replace(ACK, v=2)))


def test_facts_unknown_or_newer_are_no_poison() -> None:
    with pytest.raises(UnknownFact):
        codec.decode_fact(codec.decode_event(event_with(b"{}", "shopwire.order_fulfilled.v1")))
    with pytest.raises(UnsupportedVersion):
        codec.decode_fact(codec.decode_event(event_with(b"{}", "shopwire.stock_moved.v2")))
    with pytest.raises(UnsupportedVersion):
        codec.decode_event(event_with(b"{}", specversion="2.0"))


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b'{"store":"2","kind":"stolen","changes":[]}', b'{"store":2,"kind":"received","changes":[]}']
)
def test_a_known_fact_of_another_shape_is_poison(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match=r"shopwire\.stock_moved\.v1"):
        codec.decode_fact(codec.decode_event(event_with(data)))


def test_text_of_every_script_survives_and_nul_does_not() -> None:
    odd = "香蕉 🍌 \u202egnp.exe e\u0301 \x1bp"
    fact = DeviceStateChanged("printer-1", "failed", odd * 200)
    assert codec.decode_fact(codec.decode_event(event_bytes(fact))) == fact
    with pytest.raises(MalformedMessage, match="NUL"):
        event_bytes(DeviceStateChanged("printer-1", "failed", "a\x00b"))
    literal = DeviceStateChanged("printer-1", "failed", "a\\u0000b")
    assert codec.decode_fact(codec.decode_event(event_bytes(literal))) == literal
    with pytest.raises(MalformedMessage):
        codec.decode_event(event_with(b'{"device":"\\ud800"}'))


def test_an_event_that_would_never_fit_is_refused_before_its_commit() -> None:
    with pytest.raises(MalformedMessage, match="at most 131072 bytes"):
        event_bytes(DeviceStateChanged("printer-1", "failed", "x" * 140_000))


def test_an_event_needs_an_id_that_a_database_can_index() -> None:
    for name in ("", "x" * 65):
        with pytest.raises(MalformedMessage, match="id of event"):
            codec.decode_event(event_with(b"{}", id=name))


def test_events_travel_as_they_are() -> None:
    raw = event_bytes(DeviceStateChanged("printer-1", "ok", "it's \u4e2d"))
    batch = Batch(1, 1, 1, "0" * 32, "1" * 32, (msgspec.Raw(raw),) * 64, DownlinkPosition(0, 0), 64)
    back = codec.decode_up(codec.encode(batch))
    assert isinstance(back, Batch)
    assert [bytes(event) for event in back.events] == [raw] * 64
    assert isinstance(codec.decode_event(bytes(back.events[0])), Event)


def test_a_batch_of_more_events_than_allowed_is_refused() -> None:
    batch = Batch(1, 1, 1, "0" * 32, "1" * 32, (msgspec.Raw(b"1"),) * 65, DownlinkPosition(0, 0), 64)
    with pytest.raises(MalformedMessage, match="events"):
        codec.decode_up(codec.encode(batch))


def test_the_deepest_of_our_own_messages_is_far_from_the_limit() -> None:
    assert MAX_DEPTH == 32
    assert depth(event_bytes(DeviceStateChanged("a", "ok"))) < 10
