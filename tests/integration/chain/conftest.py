"""One headquarters per module, as a process; every test brings edges of its own."""

from collections.abc import Iterator

import pytest

from tests.office import Office, office


@pytest.fixture(scope="module")
def hq() -> Iterator[Office]:
    with office() as running:
        yield running
