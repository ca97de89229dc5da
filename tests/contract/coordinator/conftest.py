"""The same suite over both databases, with real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.coordinator.chain import Chain
from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hq.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.lent("contract") as fresh:
        yield fresh


@pytest.fixture
def chain(url: str) -> Iterator[Chain]:
    made = Chain(url)
    yield made
    made.close()
