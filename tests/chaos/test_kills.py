"""Real processes are killed with -9 and lines are broken while the stores sell: nothing is lost, nothing comes twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.replay.faults import KINDS
from tests.chaos.stand import sell_while
from tests.postgres import Postgres, running

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.broker, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


async def test_edges_are_killed(tmp_path: Path) -> None:
    await sell_while(["edge"], tmp_path, count=10)


async def test_headquarters_is_killed(tmp_path: Path) -> None:
    await sell_while(["coordinator"], tmp_path, count=5)


@pytest.mark.postgres
async def test_headquarters_on_postgresql_is_killed(tmp_path: Path, postgres: Postgres) -> None:
    await sell_while(["coordinator"], tmp_path, count=5, database=postgres.database("chaos"))


async def test_the_broker_with_its_default_persistence_is_killed(tmp_path: Path) -> None:
    await sell_while(["broker"], tmp_path, count=6)


async def test_lines_are_cut_deaf_slow_and_reset(tmp_path: Path) -> None:
    await sell_while(["cut", "black_hole", "slow", "reset"], tmp_path, count=12)


async def test_everything_at_once(tmp_path: Path) -> None:
    await sell_while(KINDS, tmp_path, count=21, seed=2)
