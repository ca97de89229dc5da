"""The disk by class: what is dropped at which level, and that an open sale is always finished."""

from pathlib import Path

import pytest

from edge_agent.errors import ReserveReached
from edge_agent.settings import StorageSettings
from edge_agent.storage import DiskBudget, Level, Space, space_of

GB = 1_000_000_000


def budget(used_percent: float, total: int = 32 * GB, **settings: int) -> DiskBudget:
    free = round(total * (100 - used_percent) / 100)
    return DiskBudget(StorageSettings(**settings), lambda: Space(total, free))


@pytest.mark.parametrize(
    ("used", "level"),
    [
        (10, Level.NORMAL),
        (79.9, Level.NORMAL),
        (80, Level.WARN),
        (90, Level.DROP_TRACES),
        (95, Level.STOP_EXTRAS),
        (98, Level.REFUSE_SALES),
        (100, Level.REFUSE_SALES),
    ],
)
def test_levels(used: float, level: Level) -> None:
    assert budget(used).level() is level


def test_the_reserve_counts_on_small_disks() -> None:
    assert budget(90, total=GB).level() is Level.REFUSE_SALES
    assert budget(90, total=GB, reserve_mb=10).level() is Level.DROP_TRACES


def test_a_new_sale_is_refused_with_the_figures() -> None:
    budget(97).require_room_for_a_sale()
    with pytest.raises(ReserveReached, match="free space"):
        budget(99).require_room_for_a_sale()


def test_traces_go_first_then_half_fetched_snapshots(tmp_path: Path) -> None:
    def lay_out() -> tuple[Path, Path, Path]:
        kept, traces, snapshots = tmp_path / "edge.db", tmp_path / "traces", tmp_path / "snapshots"
        for folder in (traces, snapshots):
            folder.mkdir(exist_ok=True)
            (folder / "file").write_text("x")
        kept.write_text("sales")
        return kept, traces, snapshots

    kept, traces, snapshots = lay_out()
    assert budget(85).sweep(tmp_path) is Level.WARN
    assert traces.exists()
    budget(92).sweep(tmp_path)
    assert (traces.exists(), snapshots.exists()) == (False, True)
    lay_out()
    budget(99).sweep(tmp_path)
    assert (kept.exists(), traces.exists(), snapshots.exists()) == (True, False, False)


def test_extras_stop_before_sales_do() -> None:
    assert budget(94).allows_extras()
    assert not budget(95).allows_extras()


def test_the_real_disk_answers(tmp_path: Path) -> None:
    space = space_of(tmp_path)
    assert 0 < space.free <= space.total
