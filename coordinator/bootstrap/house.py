"""The lasting things of headquarters: database, authority, clock."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog

from coordinator.clock import SystemClock
from coordinator.db import schema
from coordinator.db.engine import Database
from coordinator.db.uow import SqlUnitOfWork
from coordinator.db.views import SqlViews
from coordinator.errors import UnsafeDatabase
from coordinator.handlers import access
from coordinator.settings import CoordinatorSettings
from link.certificates import CertificateAuthority

TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name
PAGE = 500

_log = structlog.get_logger(__name__)


class House:
    """What lasts beyond a process. Commands of the terminal need only this."""

    def __init__(self, settings: CoordinatorSettings, *, check_schema: bool = True) -> None:
        self.settings, self.clock = settings, SystemClock()
        settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = Database(settings.database_url, threads=settings.api.threads)
        self.known_skus: set[str] = set()
        self.views = SqlViews(self.database)
        if check_schema:
            self.check_schema()
        self._authority: CertificateAuthority | None = None

    def check_schema(self, *, migrate: bool = False) -> None:
        """Refuse an old schema; SQLite in our own directory, or when asked to, is taken to this program's first.

        Raises:
            SchemaOutOfDate: names the command that helps.
            UnsafeDatabase: headquarters worked here before, and its database is gone.
        """
        self._refuse_lost()
        if (migrate or not self.settings.database) and schema.found(self.database) != schema.wanted():
            before, after = schema.migrate(self.database)
            _log.info("schema_migrated", before=before or "(none)", after=after)
        schema.check(self.database)

    def _refuse_lost(self) -> None:
        """A lost database is never silently replaced by an empty one: no store would be known there, and nobody would see why."""
        token = self.settings.directory / TOKEN_FILE
        if not self.settings.database and token.exists() and schema.found(self.database) is None:
            raise UnsafeDatabase(
                f"headquarters worked in {self.settings.directory} before, and its database is gone: run 'shopwire coordinator restore "
                f"FILE' with the newest backup, or delete {token} to begin with nothing"
            )

    def begin(self) -> SqlUnitOfWork:
        """Return a unit of work."""
        return SqlUnitOfWork(self.database, self.known_skus)

    def parked(self, *, open_only: bool) -> Iterator[dict[str, Any]]:
        """Yield the events in quarantine, oldest first."""
        after = ""
        while rows := self.views.quarantine(after, PAGE, open_only=open_only):
            after = rows[-1]["received_at"] + rows[-1]["event_id"]
            yield from rows

    @property
    def authority(self) -> CertificateAuthority:
        """The certificate authority, made at first use."""
        if self._authority is None:
            self._authority = CertificateAuthority(self.settings.directory / "ca")
        return self._authority

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def admin_token(house: House) -> Path:
    """Return the file with an administrator's token of this machine, made at first use (0600)."""
    file = house.settings.directory / TOKEN_FILE
    if not file.exists():
        name = f"this-machine-{os.urandom(4).hex()}"
        token = access.create_token(name, "admin", house.begin(), house.clock, actor="bootstrap")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(token + "\n")
    return file
