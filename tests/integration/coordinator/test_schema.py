"""Tables and migrations agree, and an unsafe or outdated database is refused."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from coordinator.db import schema
from coordinator.db.engine import Database, assert_safe
from coordinator.errors import SchemaOutOfDate, UnsafeDatabase


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    yield made
    made.close()


def test_tables_and_migrations_agree(database: Database) -> None:
    assert schema.found(database) is None
    assert schema.differences(database) != []
    assert schema.migrate(database) == (None, schema.wanted())
    assert schema.differences(database) == []
    assert schema.migrate(database) == (schema.wanted(), schema.wanted())


def test_events_that_were_parked_before_the_way_out_still_wait(database: Database) -> None:
    schema.migrate(database, "0001")
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO quarantine (event_id, edge, epoch, seq, type, raw, reason, value_minor, currency, received_at) "
                "VALUES ('e1', 'S1', 1, 1, 't', '', 'why', 5, 'CNY', '2026')"
            )
        )
    schema.migrate(database)
    with database.reading() as connection:
        assert connection.execute(text("SELECT event_id, resolved_at FROM quarantine")).all() == [("e1", None)]


def test_a_new_database_has_a_generation_that_migrating_again_keeps(database: Database) -> None:
    schema.migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '7' WHERE key = 'gen'"))
    schema.migrate(database)
    with database.reading() as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE key = 'gen'")).scalar_one() == "7"


def test_an_outdated_schema_is_refused_with_the_command_that_helps(database: Database) -> None:
    with pytest.raises(SchemaOutOfDate, match="coordinator migrate"):
        schema.check(database)
    schema.migrate(database)
    schema.check(database)


def test_a_database_that_would_lose_commits_is_refused(database: Database) -> None:
    unsafe = "PRAGMA synchronous=NORMAL" if database.sqlite else "SET synchronous_commit = off"
    with database.engine.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute(unsafe)
        with pytest.raises(UnsafeDatabase, match="synchronous"):
            assert_safe(connection)
        connection.rollback()  # SQLite changes this between transactions only
        raw.execute("PRAGMA synchronous=FULL" if database.sqlite else "SET synchronous_commit = on")
        assert_safe(connection)


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(UnsafeDatabase, match="memory"):
        Database("sqlite://")
