"""What every test of the house shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# A deadline for one example measures the machine, not the rule, and so does how long drawing the first ones may take (a pause of a
# second fails it); each test has its own time limit (pyproject.toml).
# CI judges a change by the same examples each time; the desk goes on looking for new ones.
settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Undo what a command that ran inside a test made of the log: the next test's lines would be filtered by its level."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def _no_process_left() -> Iterator[None]:
    """Tell of processes that tests started and left: they hold ports, and take the time of the tests to come."""
    yield
    assert children() == [], "left running by some test"


def children() -> list[str]:
    """Return the command lines of the processes that this one started and that still run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (process / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:  # ended meanwhile
            continue
        if int(parent) == os.getpid() and state != "Z" and "multiprocessing.resource_tracker" not in words:
            found.append(words)
    return found
