"""The log: what is written is read by people on terminals."""

import logging

import pytest
import structlog

from edge_agent.log import configure
from edge_agent.settings import LoggingSettings

BAD = "\x1b[31mred\x9b2J\u202e"


@pytest.fixture(autouse=True)
def _as_before() -> object:
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = [*root.handlers]
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("form", ["console", "json"])
def test_no_control_character_of_a_device_reaches_a_terminal(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    configure(LoggingSettings(format=form))  # type: ignore[arg-type]
    structlog.get_logger("shop").warning("device_lost", reason=BAD, device_id="a\nb")
    logging.getLogger("library").warning("said %s", BAD)
    structlog.get_logger("shop").error("driver_failed", exc_info=ValueError(BAD))
    said = capfd.readouterr().err
    assert "red" in said
    assert not [line for line in said.splitlines() if not line.isprintable()]
