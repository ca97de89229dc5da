from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_store import Store, store


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path) as open_store:
        yield open_store
