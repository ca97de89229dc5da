"""A real Mosquitto with the house's TLS and ACL, and identities for it."""

from collections.abc import Iterator

import pytest

from tests.integration.link.bench import Bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench
