"""SQLite in memory with a plug that can be pulled at each commit, and a disk that can take commits back."""

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from domain.sale import Sale
from edge_agent.db.catalogue import Replica
from edge_agent.db.schema import migrate

SKUS = ("TEA", "RICE", "SOAP")
KEPT_IMAGES = 8


class PowerCut(Exception):
    """The process is gone; nothing after this line was done by it."""


class Disk(sqlite3.Connection):
    """One edge's file. ``before_commit`` and ``after_commit`` may raise ``PowerCut``; ``kept`` hears of each real commit."""

    before_commit: Callable[[], None] | None = None
    after_commit: Callable[[], None] | None = None
    kept: Callable[[], None] | None = None
    undone: Callable[[], None] | None = None
    remembers: bool = False
    images: list[bytes]

    def execute(self, sql: str, /, *parameters: Any) -> sqlite3.Cursor:
        """Run a statement; COMMIT and ROLLBACK are the moments that matter."""
        if sql != "COMMIT":
            if sql == "ROLLBACK" and self.undone:
                self.undone()
            return super().execute(sql, *parameters)
        if self.before_commit:
            self.before_commit()
        cursor = super().execute(sql)
        if self.kept:
            self.kept()
        if self.remembers:
            self.images = [*self.images[-KEPT_IMAGES + 1 :], self.serialize()]
        if self.after_commit:
            self.after_commit()
        return cursor

    def power_off(self) -> None:
        """Lose what was not committed."""
        if self.in_transaction:
            super().execute("ROLLBACK")


@lru_cache(maxsize=1)
def new_edge_file() -> bytes:
    """Return an empty edge file with a small catalogue."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, ":memory:")
    replica = Replica(db)
    replica.put("catalogue", [{"sku": sku, "name_zh": sku, "name_en": sku} for sku in SKUS])
    replica.put("prices", [{"sku": sku, "unit_price_minor": 100 + 7 * no} for no, sku in enumerate(SKUS)])
    image = db.serialize()
    db.close()
    return image


def open_disk(image: bytes | None = None) -> Disk:
    """Return a disk with the given content, or a new edge's."""
    disk = sqlite3.connect(":memory:", isolation_level=None, factory=Disk)
    disk.deserialize(image or new_edge_file())
    disk.images = []
    return disk


def taken_back(disk: Disk, commits: int) -> tuple[Disk, int]:
    """Return a disk that has forgotten its last ``commits`` although they were confirmed, and how many it were.

    It is another connection: prepared statements do not survive a change of the content below them.
    """
    back = min(commits, len(disk.images) - 1)
    if back <= 0:
        return disk, 0
    images = disk.images[:-back]
    disk.close()
    older = open_disk(images[-1])
    older.images, older.remembers = images, True
    return older, back


def sales_of(disk: sqlite3.Connection, decode: Callable[[bytes], Sale]) -> dict[str, Sale]:
    """Return the sales that an edge's file holds."""
    return {sale_id: decode(body) for sale_id, body in disk.execute("SELECT sale_id, body FROM sale")}
