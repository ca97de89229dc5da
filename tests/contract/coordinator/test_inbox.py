"""The inbox in both databases: position and events of every stream, each event once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import IntegrityError

from link.chain import BrokenChain
from link.inbox import Inbox, event_table, repeat_table, stream_table
from link.outbox import Outbox
from protocol.envelope import genesis
from protocol.receiver import Accepted, StreamPosition, beginning, hold, receive
from tests.postgres import Postgres
from tests.streams import EDGE, batch_of, event_of, filled_outbox

AT = "2026-11-21T12:00:00.000Z"


def _metadata() -> MetaData:
    metadata = MetaData()
    for table in (stream_table, event_table, repeat_table):
        table(metadata)
    return metadata


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url)
    if made.dialect.name == "sqlite":
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    _metadata().create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened


def take(connection: Connection, outbox: Outbox, first: int, last: int) -> tuple[Accepted, ...]:
    """Take a batch in, as ingest does, and commit."""
    inbox = Inbox(connection)
    position = inbox.position(EDGE)
    reception = receive(
        position, EDGE, batch_of(outbox, first, last), lambda seq: inbox.hash_at(EDGE, position.epoch, seq)
    )
    inbox.known([each.event_id for each in reception.accepted])
    inbox.record(EDGE, reception.position.epoch, reception.accepted, AT)
    inbox.advance(EDGE, reception.position, AT)
    connection.commit()
    return reception.accepted


def test_a_stream_begins_where_nobody_has_been(connection: Connection) -> None:
    inbox = Inbox(connection)
    assert inbox.position(EDGE) == beginning(EDGE)
    assert inbox.position(EDGE) == beginning(EDGE)
    assert inbox.positions() == {EDGE: beginning(EDGE)}
    assert inbox.hash_at(EDGE, 1, 0) == genesis(EDGE, 1)
    assert inbox.hash_at(EDGE, 1, 1) is None
    assert inbox.verify_chain("S99") == 0


def test_events_are_kept_with_their_hashes_and_the_position_moves(connection: Connection) -> None:
    outbox = filled_outbox(130)
    for first in (1, 65, 129):
        take(connection, outbox, first, min(first + 63, 130))
    inbox = Inbox(connection)
    assert inbox.position(EDGE) == StreamPosition(1, 131, outbox.head())
    assert [inbox.hash_at(EDGE, 1, seq) for seq in (1, 77, 130)] == [outbox.hash_at(seq) for seq in (1, 77, 130)]
    assert inbox.verify_chain(EDGE) == 130


def test_nothing_is_kept_without_the_commit(connection: Connection) -> None:
    outbox = filled_outbox(3)
    take(connection, outbox, 1, 1)
    inbox = Inbox(connection)
    reception = receive(inbox.position(EDGE), EDGE, batch_of(outbox, 2, 3), lambda seq: None)
    inbox.known([each.event_id for each in reception.accepted])
    inbox.record(EDGE, 1, reception.accepted, AT)
    inbox.advance(EDGE, reception.position, AT)
    connection.rollback()
    assert Inbox(connection).position(EDGE).next == 2
    assert Inbox(connection).verify_chain(EDGE) == 1


def test_an_event_is_kept_once_and_its_repetition_under_a_new_epoch_is_noted(connection: Connection) -> None:
    outbox = filled_outbox(4)
    take(connection, outbox, 1, 3)
    outbox.start_epoch(2)
    accepted = take(connection, outbox, 1, 4)
    assert len(accepted) == 4
    inbox = Inbox(connection)
    assert inbox.position(EDGE) == StreamPosition(2, 5, outbox.head())
    assert inbox.verify_chain(EDGE) == 3 + 4
    assert connection.execute(text("SELECT count(*) FROM event")).scalar() == 4
    assert connection.execute(text("SELECT count(*) FROM event_repeat")).scalar() == 3
    assert inbox.hash_at(EDGE, 2, 2) == outbox.hash_at(2)


def test_known_ids_are_found_in_any_number(connection: Connection) -> None:
    outbox = filled_outbox(60)
    take(connection, outbox, 1, 60)
    inbox = Inbox(connection)
    ids = [event_of(number)[1] for number in range(1, 3000)]
    assert inbox.known(ids) == set(ids[:60])
    assert inbox.known([]) == set()


def test_the_same_id_with_other_content_is_told(connection: Connection) -> None:
    outbox, other = filled_outbox(3), filled_outbox(3, "other words")
    take(connection, outbox, 1, 3)
    accepted = receive(beginning(EDGE), EDGE, batch_of(other, 1, 3), lambda seq: None).accepted
    same = receive(beginning(EDGE), EDGE, batch_of(outbox, 1, 3), lambda seq: None).accepted
    assert Inbox(connection).changed(accepted) == {each.event_id for each in accepted}
    assert Inbox(connection).changed(same) == set()


def test_recording_without_asking_first_fails_instead_of_doubling(connection: Connection) -> None:
    outbox = filled_outbox(2)
    accepted = take(connection, outbox, 1, 2)
    with pytest.raises(IntegrityError):
        Inbox(connection).record(EDGE, 2, accepted, AT)
    connection.rollback()


def test_held_and_damaged_survive(connection: Connection) -> None:
    inbox = Inbox(connection)
    position = hold(StreamPosition(1, 1, genesis(EDGE, 1), damaged=3), "event 1: upgrade")
    inbox.position(EDGE)
    inbox.advance(EDGE, position, AT)
    connection.commit()
    assert Inbox(connection).position(EDGE) == position


def test_safe_follows_verified_backups_only_forward_and_within_the_epoch(connection: Connection) -> None:
    outbox = filled_outbox(5)
    take(connection, outbox, 1, 5)
    inbox = Inbox(connection)

    def safe_after(backup: StreamPosition) -> int:
        inbox.secure({EDGE: backup, "S9": backup})
        return inbox.position(EDGE).safe

    head = genesis(EDGE, 1)
    assert safe_after(StreamPosition(1, 4, head)) == 3
    assert safe_after(StreamPosition(1, 3, head)) == 3
    assert safe_after(StreamPosition(1, 99, head)) == 3, "a backup cannot hold what is not here"
    assert safe_after(StreamPosition(2, 5, head)) == 3
    assert safe_after(StreamPosition(1, 6, head)) == 5
    inbox.secure({})
    connection.rollback()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET bytes = hash WHERE seq = 2",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = 3",
        "UPDATE stream SET next = 9",
    ],
)
def test_i13_every_change_from_outside_breaks_the_chain(connection: Connection, damage: str) -> None:
    take(connection, filled_outbox(3), 1, 3)
    connection.execute(text(damage))
    with pytest.raises(BrokenChain):
        Inbox(connection).verify_chain(EDGE)
    connection.rollback()


@pytest.mark.postgres
def test_the_row_of_a_stream_is_locked_on_postgres(postgres: Postgres) -> None:
    engine = create_engine(postgres.database("lock"))
    _metadata().create_all(engine)
    with engine.connect() as one, engine.connect() as two:
        Inbox(one).position(EDGE)
        one.commit()
        Inbox(one).position(EDGE)
        waiting = text("SELECT 1 FROM stream WHERE edge = :edge FOR UPDATE SKIP LOCKED")
        assert two.execute(waiting, {"edge": EDGE}).first() is None
        one.rollback()
        assert two.execute(waiting, {"edge": EDGE}).first() is not None
    engine.dispose()
