from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_box import Box, Child
from tests.edge_store import Store, store


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path) as open_store:
        yield open_store


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path, port=9)  # nobody listens there: it must sell all the same
    made.settle()
    yield made
    if made.agent is not None and made.agent.process.poll() is None:
        made.agent.kill()


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Child]:
    child = Child("firmware_sim.printer", "--out", str(tmp_path / "paper"), "--no-png")
    yield child
    child.end()
