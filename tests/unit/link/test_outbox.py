"""The outbox keeps what was committed, in order and provably unchanged, until it may go."""

import sqlite3

import pytest

from link.chain import BrokenChain
from link.outbox import SCHEMA, NoStream, Outbox
from protocol.envelope import chain, genesis
from tests.streams import EDGE, event_of, filled_outbox, new_outbox

DAY_MS = 86_400_000
LATER_MS = 1_483_264_800_000 + 31 * DAY_MS


def connection_of(outbox: Outbox) -> sqlite3.Connection:
    return outbox._db


def test_a_file_without_a_stream_says_so() -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    with pytest.raises(NoStream, match="enrol"):
        Outbox(db).position()
    db.close()


def test_initialising_twice_keeps_the_first() -> None:
    outbox = filled_outbox(2)
    outbox.initialise("S3", 9)
    assert (outbox.position().edge, outbox.position().epoch, outbox.top()) == (EDGE, 1, 2)


def test_events_are_numbered_and_chained_from_the_genesis() -> None:
    outbox = new_outbox()
    head = genesis(EDGE, 1)
    assert outbox.hash_at(0) == head == outbox.head()
    for number in (1, 2, 3):
        raw, event_id = event_of(number)
        assert outbox.append(raw, event_id) == number
        head = chain(head, raw)
        assert outbox.hash_at(number) == head == outbox.head()
    assert outbox.hash_at(4) is None
    assert outbox.verify_chain() == 3


def test_an_append_belongs_to_the_callers_transaction() -> None:
    outbox = filled_outbox(1)
    before = outbox.position()
    db = connection_of(outbox)
    db.execute("BEGIN IMMEDIATE")
    outbox.append(*event_of(2))
    assert outbox.top() == 2
    db.execute("ROLLBACK")
    assert outbox.position() == before
    assert outbox.append(*event_of(2)) == 2, "the number was not used up"


def test_reading_is_limited_by_count_and_bytes_but_gives_at_least_one() -> None:
    outbox = filled_outbox(10)
    size = len(event_of(1)[0])
    assert len(outbox.read(1, 64, 1 << 20)) == 10
    assert len(outbox.read(4, 3, 1 << 20)) == 3
    assert len(outbox.read(1, 64, 3 * size)) == 3
    assert len(outbox.read(1, 64, 1)) == 1
    assert outbox.read(11, 64, 1 << 20) == []


def test_rows_go_only_when_acknowledged_and_safe_and_old() -> None:
    outbox = filled_outbox(10)
    assert outbox.release(LATER_MS) == 0, "nothing is acknowledged"
    outbox.acknowledge(8, 0, 1)
    assert outbox.release(LATER_MS) == 0, "nothing is in a backup"
    outbox.acknowledge(8, 6, 1)
    assert outbox.release(LATER_MS - 2 * DAY_MS) == 0, "nothing is old enough"
    assert outbox.release(LATER_MS, limit=4) == 4
    assert outbox.release(LATER_MS) == 2
    assert outbox.release(LATER_MS) == 0
    assert (outbox.position().base, outbox.hash_at(6)) == (6, filled_outbox(6).head())
    assert outbox.hash_at(5) is None
    assert outbox.verify_chain() == 4
    assert outbox.append(*event_of(11)) == 11


def test_safe_is_never_beyond_acked() -> None:
    outbox = filled_outbox(5)
    outbox.acknowledge(3, 5, 1)
    assert outbox.position().safe == 3
    outbox.rewind(2, 2)
    assert (outbox.position().acked, outbox.position().safe, outbox.position().hq_gen) == (2, 2, 2)


@pytest.mark.parametrize("released", [0, 3])
def test_a_new_epoch_renumbers_every_retained_row_and_keeps_its_bytes(released: int) -> None:
    outbox = filled_outbox(2500)
    outbox.acknowledge(2000, released, 1)
    outbox.release(LATER_MS)
    kept = outbox.read(released + 1, 5000, 1 << 30)
    outbox.start_epoch(2)
    assert outbox.read(1, 5000, 1 << 30) == kept
    at = outbox.position()
    assert (at.epoch, at.top, at.acked, at.safe, at.base) == (2, 2500 - released, 0, 0, 0)
    assert outbox.hash_at(0) == genesis(EDGE, 2)
    assert outbox.verify_chain() == 2500 - released


def test_an_epoch_must_grow() -> None:
    outbox = filled_outbox(1)
    with pytest.raises(ValueError, match="epoch 1 does not follow epoch 1"):
        outbox.start_epoch(1)


@pytest.mark.parametrize(
    ("damage", "seq"),
    [
        ("UPDATE outbox SET bytes = CAST('x' AS BLOB) WHERE seq = 3", 3),
        ("DELETE FROM outbox WHERE seq = 3", 3),
        ("DELETE FROM outbox WHERE seq = 5", 5),
        ("UPDATE outbox SET hash = zeroblob(16) WHERE seq = 2", 2),
        ("INSERT INTO outbox SELECT 6, event_id, bytes, hash, 0 FROM outbox WHERE seq = 5", 6),
        ("UPDATE stream SET head = zeroblob(16)", 6),
        ("UPDATE stream SET epoch = 6", 1),
        ("UPDATE stream SET edge = 'S9'", 1),
    ],
)
def test_f09_every_change_from_outside_breaks_the_chain(damage: str, seq: int) -> None:
    outbox = filled_outbox(5)
    connection_of(outbox).execute(damage)
    with pytest.raises(BrokenChain) as caught:
        outbox.verify_chain()
    assert caught.value.seq == seq


def test_the_downlink_cursor_lies_in_the_same_row() -> None:
    outbox = new_outbox()
    outbox.move_downlink(3, 41)
    assert (outbox.position().dl_gen, outbox.position().dl_cursor) == (3, 41)
