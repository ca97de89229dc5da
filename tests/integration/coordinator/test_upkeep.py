"""What headquarters looks after by itself: silent edges, papers, backups, old rows, held streams."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coordinator.clock import stamp
from coordinator.db.views import SqlViews
from coordinator.handlers.ingest import Arrival
from coordinator.handlers.upkeep import Swept, release_all, sweep
from coordinator.rows import RequestRow, SnapshotRow
from coordinator.settings import TickerSettings
from tests.contract.coordinator.chain import Chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    yield made
    made.close()


def swept(chain: Chain) -> Swept:
    return sweep(TickerSettings(), SqlViews(chain.database), chain.uow(), chain.clock)


def open_kinds(chain: Chain) -> list[str]:
    return [row[0] for row in chain.rows("SELECT kind FROM incident WHERE closed_at IS NULL ORDER BY id")]


def test_an_edge_that_falls_silent_is_an_incident_until_it_speaks_again(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale())
    assert swept(chain).silent == 0
    chain.clock.pass_s(901)
    assert [swept(chain).silent for _ in range(3)] == [1, 1, 1]
    assert open_kinds(chain) == ["edge_silent"]
    chain.take(Arrival("S1", 0, edge.hello(wall_at="")))
    assert swept(chain).silent == 0
    assert open_kinds(chain) == []


def test_a_late_backup_is_spoken_of_only_where_backups_are_made(chain: Chain) -> None:
    swept(chain)
    assert open_kinds(chain) == []
    with chain.uow() as uow:
        uow.records.set_note("backup_at", stamp(chain.clock.now()))
        uow.commit()
    chain.clock.pass_s(86_401)
    swept(chain)
    assert open_kinds(chain) == ["backup_overdue"]


def test_old_answers_and_replicas_go_and_the_newest_stays(chain: Chain) -> None:
    def snapshot(name: str, cursor: int) -> SnapshotRow:
        return SnapshotRow(name, "S1", 1, cursor, b"{}", "0" * 64, "sig", stamp(chain.clock.now()))

    with chain.uow() as uow:
        uow.snapshots.add(snapshot("old", 1), {"a": b"1", "shared": b"2"})
        uow.records.reserve_request(RequestRow("me", "k", "f", 200, b"{}", stamp(chain.clock.now())))
        uow.commit()
    chain.clock.pass_s(86_401)
    with chain.uow() as uow:
        uow.snapshots.add(snapshot("new", 2), {"b": b"3", "shared": b"2"})
        uow.commit()
    assert swept(chain) == Swept(snapshots=1, requests=1, silent=0)
    assert chain.rows("SELECT sha256 FROM snapshot_chunk ORDER BY sha256") == [("b",), ("shared",)]
    chain.clock.pass_s(10 * 86_400)
    assert swept(chain).snapshots == 0  # the newest of an edge stays, however old


def test_held_streams_are_tried_again_after_an_upgrade(chain: Chain) -> None:
    edge = chain.edges["S1"]
    edge.add(edge.encode(edge.sale()).replace(b"sale_completed.v1", b"sale_completed.v2"))
    chain.take(Arrival("S1", 0, edge.batch(1, 1)))
    assert open_kinds(chain) == ["stream_held"]
    assert release_all(chain.uow(), chain.clock, actor="start") == ["S1"]
    assert open_kinds(chain) == []
    assert release_all(chain.uow(), chain.clock, actor="start") == []
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 1)))[0]
    assert taken.ack is not None
    assert taken.ack.held
    assert open_kinds(chain) == ["stream_held"]
