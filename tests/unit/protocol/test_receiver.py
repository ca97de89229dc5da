"""Headquarters' side: what counts, what is old, what stops the stream."""

import msgspec
import pytest

from protocol.codec import encode_event
from protocol.envelope import chain, genesis
from protocol.facts import DeviceStateChanged
from protocol.messages import Batch
from protocol.receiver import ASK_AGAIN, Reception, StreamPosition, answer, beginning, greet, receive, release
from tests.streams import EDGE, Headquarters, batch_of, event_of, filled_outbox, hello_of


def take(position: StreamPosition, batch: Batch) -> Reception:
    return receive(position, EDGE, batch, lambda seq: None)


def of_events(events: list[bytes], first: int = 1, epoch: int = 1) -> Batch:
    """Return a batch of these bytes at the beginning of a stream, correctly hashed."""
    head = before = genesis(EDGE, epoch)
    for event in events:
        head = chain(head, event)
    raws = tuple(map(msgspec.Raw, events))
    return msgspec.structs.replace(
        batch_of(filled_outbox(1), 1, 1),
        epoch=epoch,
        first_seq=first,
        prev_hash=before.hex(),
        last_hash=head.hex(),
        events=raws,
    )


def test_what_follows_is_accepted_in_order() -> None:
    outbox = filled_outbox(5)
    reception = take(beginning(EDGE), batch_of(outbox, 1, 5))
    assert [each.seq for each in reception.accepted] == [1, 2, 3, 4, 5]
    assert reception.position == StreamPosition(1, 6, outbox.head())
    assert all(each.fact is not None and not each.problem for each in reception.accepted)


def test_f19_what_was_there_is_counted_and_ignored() -> None:
    outbox = filled_outbox(5)
    position = take(beginning(EDGE), batch_of(outbox, 1, 3)).position
    again = take(position, batch_of(outbox, 1, 3))
    assert (again.accepted, again.duplicates, again.position) == ((), 3, position)
    overlap = take(position, batch_of(outbox, 2, 5))
    assert ([each.seq for each in overlap.accepted], overlap.duplicates) == ([4, 5], 2)
    assert overlap.position.head == outbox.head()


def test_f20_a_gap_is_not_applied() -> None:
    outbox = filled_outbox(5)
    reception = take(beginning(EDGE), batch_of(outbox, 3, 5))
    assert reception.gap
    assert (reception.accepted, reception.position) == ((), beginning(EDGE))


def test_another_history_is_a_fork_whether_it_follows_or_overlaps() -> None:
    ours, theirs = filled_outbox(5), filled_outbox(5, "other")
    hq = Headquarters()
    hq.take(batch_of(ours, 1, 4))
    for first, last in ((5, 5), (3, 5), (1, 4), (2, 3)):
        reception = receive(hq.position, EDGE, batch_of(theirs, first, last), hq.hash_of)
        assert reception.fork
        assert (reception.accepted, reception.position) == ((), hq.position)


def test_bytes_that_fail_their_hash_are_asked_for_three_times_and_then_held() -> None:
    batch = batch_of(filled_outbox(3), 1, 3)
    rotten = msgspec.structs.replace(batch, events=(*batch.events[:2], msgspec.Raw(event_of(9)[0])))
    position = beginning(EDGE)
    for _ in range(ASK_AGAIN):
        reception = take(position, rotten)
        assert (reception.damaged, reception.held, reception.accepted) == (True, "", ())
        position = reception.position
    held = take(position, rotten)
    assert "1-3 do not match" in held.held
    assert take(held.position, batch).accepted == (), "nothing is taken while the stream is held"
    freed = take(release(held.position), batch)
    assert len(freed.accepted) == 3


def test_a_good_batch_forgets_damage_on_the_way() -> None:
    batch = batch_of(filled_outbox(3), 1, 3)
    rotten = msgspec.structs.replace(batch, last_hash="0" * 32)
    position = take(take(beginning(EDGE), rotten).position, rotten).position
    assert position.damaged == 2
    assert take(position, batch).position.damaged == 0


def test_f34_an_unknown_type_holds_the_stream_and_skips_nothing() -> None:
    newer = event_of(2)[0].replace(b"stock_moved.v1", b"stock_moved.v2")
    unknown = event_of(2)[0].replace(b"stock_moved", b"order_fulfilled")
    for raw in (newer, unknown):
        batch = of_events([event_of(1)[0], raw, event_of(3)[0]])
        reception = take(beginning(EDGE), batch)
        assert [each.seq for each in reception.accepted] == [1]
        assert reception.position.next == 2
        assert reception.held.startswith("event 2:")
        assert take(reception.position, batch).accepted == ()
        again = take(release(reception.position), batch)
        assert (again.held, again.position.next) == (reception.held, 2), "released without an upgrade it holds again"


@pytest.mark.parametrize(
    "raw", [b"{}", b'{"id":1}', b"[1,2]", b'"text"', b"17", event_of(1)[0].replace(b'"received"', b'"stolen"')]
)
def test_f35_poison_is_accepted_with_its_reason(raw: bytes) -> None:
    reception = take(beginning(EDGE), of_events([raw, event_of(2)[0]]))
    poison, good = reception.accepted
    assert poison.fact is None
    assert poison.problem
    assert poison.raw == raw
    assert 0 < len(poison.event_id) <= 64
    assert good.fact is not None
    assert reception.position.next == 3


def test_poison_without_an_id_is_known_again() -> None:
    first = take(beginning(EDGE), of_events([b"{}"])).accepted[0]
    again = take(beginning(EDGE), of_events([b"{}"], epoch=2)).accepted[0]
    assert first.event_id == again.event_id


def test_a_new_epoch_begins_at_one_and_an_old_one_is_stale() -> None:
    outbox = filled_outbox(4)
    position = take(beginning(EDGE), batch_of(outbox, 1, 4)).position
    old = batch_of(outbox, 1, 2)
    outbox.start_epoch(2)
    assert take(position, batch_of(outbox, 2, 4)).gap
    reception = take(position, batch_of(outbox, 1, 4))
    assert (reception.position.epoch, reception.position.next, reception.position.safe) == (2, 5, 0)
    assert take(reception.position, old).stale


def test_a_new_epoch_must_hash_from_its_own_beginning() -> None:
    position = take(beginning(EDGE), batch_of(filled_outbox(4), 1, 4)).position
    pretended = msgspec.structs.replace(batch_of(filled_outbox(4), 1, 4), epoch=9)
    reception = take(position, pretended)
    assert reception.fork
    assert (reception.accepted, reception.position) == ((), position)


def test_a_greeting_shows_where_histories_part() -> None:
    hq, outbox = Headquarters(), filled_outbox(5)
    hq.take(batch_of(outbox, 1, 5))
    assert greet(hq.position, hello_of(outbox), hq.hash_of) == ""
    assert "ends at 3" in greet(hq.position, hello_of(filled_outbox(3)), hq.hash_of)
    assert "other history" in greet(hq.position, hello_of(filled_outbox(5, "other")), hq.hash_of)
    assert greet(hq.position, hello_of(filled_outbox(9, "cannot tell")), hq.hash_of) == ""
    newer = filled_outbox(1)
    newer.start_epoch(2)
    assert greet(hq.position, hello_of(newer), hq.hash_of) == ""
    assert "epoch 1" in greet(beginning(EDGE, 2), hello_of(outbox), hq.hash_of)


def test_an_ack_repeats_the_number_of_a_greeting_only() -> None:
    outbox = filled_outbox(1)
    hello = msgspec.structs.replace(hello_of(outbox), number=7)
    position = StreamPosition(1, 5, b"\x01" * 16, safe=9)
    ack = answer(position, hello, gen=3, credit=10, hq_time="t")
    assert (ack.boot, ack.hello, ack.next, ack.safe) == ("b1", 7, 5, 4), "safe is never beyond what is committed"
    assert answer(position, batch_of(outbox, 1, 1), gen=3, credit=10, hq_time="t").hello == 0
    assert answer(position, None, gen=3, credit=10, hq_time="t").boot == ""


def test_an_empty_batch_moves_nothing() -> None:
    outbox = filled_outbox(2)
    position = take(beginning(EDGE), batch_of(outbox, 1, 2)).position
    empty = msgspec.structs.replace(batch_of(outbox, 2, 2), first_seq=3, prev_hash=outbox.head().hex(), events=())
    assert take(position, empty) == Reception(position)


def test_other_facts_count_too() -> None:
    fact = DeviceStateChanged("printer-1", "failed", "cover open")
    raw = encode_event(fact, event_id=event_of(1)[1], source=EDGE, time="t", bootid="b", monotonicms=0, clock="rtc")
    assert take(beginning(EDGE), of_events([raw])).accepted[0].fact == fact
