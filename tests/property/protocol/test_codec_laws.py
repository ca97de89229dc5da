"""Laws of the codec: what is encoded comes back, and nothing that arrives can crash it."""

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import EdgeId, EventId, LaneId, SkuId, StoreId
from domain.sale import Discount, Line, Sale, Tender
from protocol import codec
from protocol.errors import ProtocolError
from protocol.facts import (
    DayClosed,
    DeviceStateChanged,
    DrawerOpened,
    EdgeStarted,
    EpochStarted,
    Fact,
    SaleCompleted,
    SaleVoided,
    StockChange,
    StockMoved,
)
from protocol.messages import Ack, Batch, Down, DownEntry, DownlinkPosition, Hello, SnapshotRef, Status
from protocol.strict_json import depth

text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
amount = st.integers(-(10**17), 10**17)
count = st.integers(0, 2**53)
number = st.integers(1, 2**53)
epoch = st.integers(1, 2**31)
digest = st.binary(min_size=16, max_size=16).map(bytes.hex)
position = st.builds(DownlinkPosition, gen=count, cursor=count)

discounts = st.builds(Discount, kind=st.sampled_from(["retail", "coupon"]), amount_minor=amount, name=text)
lines = st.builds(
    Line,
    no=count,
    sku=text.map(SkuId),
    quantity_milli=amount,
    unit_price_minor=amount,
    gross_minor=amount,
    net_minor=amount,
    stock_milli=amount,
    name=text,
    discounts=st.lists(discounts, max_size=2).map(tuple),
)
sales = st.builds(
    Sale,
    sale_id=text,
    edge=text.map(EdgeId),
    store=text.map(StoreId),
    lane=text.map(LaneId),
    epoch=count,
    receipt_no=count,
    business_date=text,
    completed_at=text,
    currency=text,
    lines=st.lists(lines, max_size=3).map(tuple),
    tenders=st.lists(st.builds(Tender, kind=st.sampled_from(["cash", "qr"]), amount_minor=amount), max_size=2).map(
        tuple
    ),
    total_minor=amount,
    due_minor=amount,
    change_minor=amount,
)
facts = st.one_of(
    st.builds(SaleCompleted, sales),
    st.builds(SaleVoided, sale_id=text, reason=text, business_date=text, by=text),
    st.builds(
        StockMoved,
        store=text,
        kind=st.sampled_from(["received", "counted", "adjusted", "wasted"]),
        changes=st.lists(st.builds(StockChange, sku=text, delta_milli=amount), max_size=4).map(tuple),
        reason=text,
    ),
    st.builds(
        DayClosed,
        store=text,
        lane=text,
        business_date=text,
        epoch=count,
        first_receipt_no=count,
        last_receipt_no=count,
        sales=count,
        total_minor=amount,
    ),
    st.builds(DeviceStateChanged, device=text, state=st.sampled_from(["absent", "ok", "failed"]), reason=text),
    st.builds(DrawerOpened, store=text, lane=text, device=text, by=text, reason=text),
    st.builds(EdgeStarted, edge=text, boot_id=text, software=text, incidents=st.lists(text, max_size=3).map(tuple)),
    st.builds(EpochStarted, edge=text, old_epoch=count, new_epoch=count, reason=text),
)
raw_events = st.dictionaries(text, st.one_of(amount, text, st.none(), st.lists(amount, max_size=3)), max_size=3).map(
    lambda value: msgspec.Raw(msgspec.json.encode(value))
)
hellos = st.builds(
    Hello,
    v=st.just(1),
    epoch=epoch,
    acked=count,
    top=count,
    head=digest,
    dl=position,
    boot=text,
    reads=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    software=text,
    wall_at=text,
    monotonic_ms=amount,
    clock=text,
    free_bytes=amount,
    number=count,
)
batches = st.builds(
    Batch,
    v=st.just(1),
    epoch=epoch,
    first_seq=number,
    prev_hash=digest,
    last_hash=digest,
    events=st.lists(raw_events, max_size=64).map(tuple),
    dl=position,
    top=count,
    boot=text,
)
acks = st.builds(
    Ack,
    v=st.just(1),
    epoch=epoch,
    next=number,
    head_hash=digest,
    safe=count,
    credit=count,
    gen=count,
    hq_time=text,
    held=text,
    fork=text,
    boot=text,
    hello=count,
)
downs = st.builds(
    Down,
    v=st.just(1),
    gen=count,
    top=count,
    entries=st.lists(
        st.builds(
            DownEntry,
            seq=number,
            feed=text,
            version=amount,
            put=st.lists(st.dictionaries(text, amount, max_size=2), max_size=3).map(tuple),
            drop=st.lists(text, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    snapshot=st.none() | st.builds(SnapshotRef, path=text, cursor=count, sha256=text),
)
statuses = st.builds(Status, v=st.just(1), online=st.booleans(), boot=text, software=text)
READERS = (codec.decode_up, codec.decode_ack, codec.decode_down, codec.decode_status)


def plain(batch: Batch) -> tuple[Batch, list[bytes]]:
    """Return a batch without its events, and them, for raw bytes do not compare."""
    return msgspec.structs.replace(batch, events=()), [bytes(event) for event in batch.events]


@given(facts)
def test_a_fact_comes_back(fact: Fact) -> None:
    raw = codec.encode_event(
        fact, event_id=EventId("id-1"), source="S2", time="t", bootid="b", monotonicms=1, clock="rtc", traceparent="x"
    )
    assert codec.decode_fact(codec.decode_event(raw)) == fact


@given(batches)
def test_a_batch_comes_back(batch: Batch) -> None:
    back = codec.decode_up(codec.encode(batch))
    assert isinstance(back, Batch)
    assert plain(back) == plain(batch)


@given(hellos, acks, downs, statuses)
def test_every_other_message_comes_back(hello: Hello, ack: Ack, down: Down, status: Status) -> None:
    assert codec.decode_up(codec.encode(hello)) == hello
    assert codec.decode_ack(codec.encode(ack)) == ack
    assert codec.decode_down(codec.encode(down)) == down
    assert codec.decode_status(codec.encode(status)) == status


def survives(payload: bytes) -> None:
    for read in (*READERS, lambda raw: codec.decode_fact(codec.decode_event(raw))):
        with suppress(ProtocolError):
            read(payload)


@given(st.binary(max_size=300))
def test_garbage_is_refused_by_name(payload: bytes) -> None:
    survives(payload)
    survives(b"\x78\x01" + payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(["hello", "batch", "ack", "down", "status"]), st.dictionaries(text, json_values, max_size=6))
def test_json_of_any_shape_is_read_or_refused_by_name(kind: str, members: dict[str, Any]) -> None:
    survives(json.dumps({"kind": kind, "v": 1} | members).encode())


@given(batches, st.data())
def test_a_changed_byte_never_crashes(batch: Batch, data: st.DataObject) -> None:
    payload = bytearray(codec.encode(batch))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    survives(bytes(payload))


def nesting(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    return 1 + max(map(nesting, value), default=0) if isinstance(value, list) else 0


@given(json_values)
def test_depth_is_what_a_parser_finds(value: Any) -> None:
    for ascii_only in (True, False):
        assert depth(json.dumps(value, ensure_ascii=ascii_only).encode()) == nesting(value)
