"""Which schema a database has, and taking it to the one of this program."""

import secrets
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from coordinator.db import tables
from coordinator.db.engine import Database
from coordinator.db.statements import upsert
from coordinator.errors import SchemaOutOfDate

MIGRATIONS = Path(__file__).parent / "migrations"


def wanted() -> str:
    """Return the revision that this program works with."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None, "no migrations"  # noqa: S101 - a broken installation
    return head


def found(database: Database) -> str | None:
    """Return the revision of a database, None for an empty one."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(database: Database) -> None:
    """Refuse a database of another revision.

    Raises:
        SchemaOutOfDate: says which command takes it there.
    """
    here, there = found(database), wanted()
    if here != there:
        raise SchemaOutOfDate(
            f"the database has schema {here or '(none)'}, this program needs {there}: run 'shopwire coordinator migrate' "
            "(or serve --migrate)"
        )


def migrate(database: Database, revision: str = "head") -> tuple[str | None, str]:
    """Take a database to ``revision`` in one transaction; return (before, after)."""
    before = found(database)
    with database.writer(), database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        _begin(connection)
    return before, wanted()


def _begin(connection: Connection) -> None:
    """Give a new database its generation and a name of its own."""
    rows = [("gen", "1"), ("instance", secrets.token_hex(8))]
    upsert(connection, tables.meta, ("key", "value"), rows)


def differences(database: Database) -> list[object]:
    """Return how tables and migrations differ (a test wants none)."""
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        return list(compare_metadata(context, tables.metadata))
