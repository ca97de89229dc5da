"""A backup counts after it was read back; a restore is a new generation. Over both databases."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from coordinator.db.backup import BackupFailed, backup, restore
from coordinator.db.doctor import examine
from coordinator.db.engine import Database
from coordinator.errors import Conflict
from coordinator.handlers.ingest import Arrival
from link.chain import BrokenChain
from tests.contract.coordinator.chain import Chain
from tests.postgres import programs


@pytest.fixture
def chain(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    folder = programs()
    if url.startswith("postgresql") and folder and not shutil.which("pg_dump"):
        monkeypatch.setenv("PATH", str(folder), prepend=":")
    made = Chain(url)
    yield made
    made.close()


def ack(chain: Chain, edge: str = "S1") -> Any:
    told = chain.take(Arrival(edge, 0, chain.edges[edge].hello()))[0].ack
    assert told is not None
    return told


def test_safe_moves_only_with_a_verified_backup(chain: Chain, tmp_path: Path) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", *(edge.sale() for _ in range(5)))
    assert ack(chain).safe == 0
    made = backup(chain.database, tmp_path / "one.bak", chain.clock)
    assert (made.edges, made.events) == (1, 5)
    chain.send("S1", edge.sale())
    assert (ack(chain).safe, ack(chain).next) == (5, 7)
    with pytest.raises(Conflict, match="exists"):
        backup(chain.database, tmp_path / "one.bak", chain.clock)
    assert sorted(path.name for path in tmp_path.glob("one.bak*")) == ["one.bak"]


def test_a_copy_whose_chain_is_broken_is_no_backup(chain: Chain, tmp_path: Path) -> None:
    chain.send("S1", chain.edges["S1"].sale())
    with chain.database.engine.begin() as connection:
        connection.execute(text("UPDATE event SET hash = bytes"))
    with pytest.raises(BrokenChain):
        backup(chain.database, tmp_path / "bad.bak", chain.clock)
    assert list(tmp_path.glob("bad.bak*")) == []
    assert ack(chain).safe == 0


def test_a_restored_headquarters_is_a_new_generation_and_stores_refill_it(chain: Chain, tmp_path: Path) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale(), edge.sale())
    backup(chain.database, tmp_path / "night.bak", chain.clock)
    chain.send("S1", edge.sale(), edge.sale())
    before = chain.rows("SELECT sku, on_hand_milli FROM stock ORDER BY sku")
    gen = restore(chain.database, tmp_path / "night.bak", chain.clock)
    assert chain.one("SELECT count(*) FROM sale") == 2
    told = ack(chain)
    assert (told.gen, told.next, told.fork) == (gen, 3, "")
    assert chain.take(Arrival("S1", 0, edge.hello()))[0].behind  # its replica is of the old generation
    refilled = chain.take(Arrival("S1", 0, edge.batch(3, 4)))[0]
    assert refilled.sales == 2
    assert chain.rows("SELECT sku, on_hand_milli FROM stock ORDER BY sku") == before
    assert all(finding.holds for finding in examine(chain.database))
    assert restore(chain.database, tmp_path / "night.bak", chain.clock) == gen + 1


def test_a_backup_restored_twice_onto_nothing_is_two_generations(chain: Chain, tmp_path: Path) -> None:
    """The second disk is lost too: nobody is left who knows of the first restore but the stores, whose replicas are of that life."""
    chain.send("S1", chain.edges["S1"].sale())
    backup(chain.database, tmp_path / "night.bak", chain.clock)
    first = restore(chain.database, tmp_path / "night.bak", chain.clock)
    _lose(chain.database)
    chain.clock.pass_s(3600)
    assert restore(chain.database, tmp_path / "night.bak", chain.clock) > first > 1


def _lose(database: Database) -> None:
    if database.sqlite:
        database.close()
        for file in Path(str(database.engine.url.database)).parent.glob("hq.db*"):
            file.unlink()
        return
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def test_a_file_that_is_no_backup_changes_nothing(chain: Chain, tmp_path: Path) -> None:
    chain.send("S1", chain.edges["S1"].sale())
    junk = tmp_path / "junk.bak"
    junk.write_bytes(b"not a backup" * 1000)
    with pytest.raises(BackupFailed):
        restore(chain.database, junk, chain.clock)
    with pytest.raises(BackupFailed, match="does not exist"):
        restore(chain.database, tmp_path / "none", chain.clock)
    assert chain.one("SELECT count(*) FROM sale") == 1
    assert chain.one("SELECT value FROM meta WHERE key = 'gen'") == "1"


@pytest.mark.parametrize("kind", ["empty", "another program's"])
def test_a_database_that_is_not_ours_never_replaces_headquarters(tmp_path: Path, kind: str) -> None:
    made = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    made.send("S1", made.edges["S1"].sale())
    other = tmp_path / "other.db"
    other.touch()
    if kind != "empty":
        with closing(sqlite3.connect(other)) as connection:
            connection.execute("CREATE TABLE outbox (seq)")
    with pytest.raises(BackupFailed, match="no backup of a headquarters"):
        restore(made.database, other, made.clock)
    assert made.one("SELECT count(*) FROM sale") == 1
    assert sorted(file.name for file in tmp_path.glob("hq.db*")) == ["hq.db", "hq.db-shm", "hq.db-wal"]
    made.close()


def test_what_a_restore_replaces_stays_beside_it(tmp_path: Path) -> None:
    made = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    backup(made.database, tmp_path / "night.bak", made.clock)
    made.send("S1", made.edges["S1"].sale())
    restore(made.database, tmp_path / "night.bak", made.clock)
    assert made.one("SELECT count(*) FROM sale") == 0
    made.close()
    [kept] = tmp_path.glob("hq.db.replaced-*")
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM sale").fetchone() == (1,)


def test_a_damaged_database_can_be_replaced(tmp_path: Path) -> None:
    made = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    made.send("S1", made.edges["S1"].sale())
    backup(made.database, tmp_path / "night.bak", made.clock)
    made.database.close()
    (tmp_path / "hq.db").write_bytes(b"x" * 8192)
    restore(made.database, tmp_path / "night.bak", made.clock)
    assert made.one("SELECT count(*) FROM sale") == 1
    made.close()
