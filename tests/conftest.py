"""What every test of the house shares."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# A deadline for one example measures the machine, not the rule; each test has its own time limit (pyproject.toml).
# CI judges a change by the same examples each time; the desk goes on looking for new ones.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Undo what a command that ran inside a test made of the log: the next test's lines would be filtered by its level."""
    yield
    structlog.reset_defaults()
