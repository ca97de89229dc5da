"""The unit under which a store runs is one that systemd takes, and agrees with the program."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from edge_agent.__main__ import edge
from edge_agent.watchdog import STILL_S

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "config/systemd/shopwire-edge.service"
PLACE = "/opt/shopwire"


@pytest.fixture
def unit() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return parser


def test_it_starts_a_command_that_there_is(unit: ConfigParser) -> None:
    program, group, command, option, file = unit["Service"]["ExecStart"].split()
    assert (program, group) == (f"{PLACE}/.venv/bin/shopwire", "edge")
    assert option in {name for parameter in edge.commands[command].params for name in parameter.opts}
    assert (ROOT / "config" / Path(file).name).exists()


def test_systemd_waits_longer_than_our_own_watchdog(unit: ConfigParser) -> None:
    assert unit["Service"]["Type"] == "notify"
    assert unit["Service"]["Restart"] == "always"
    assert float(unit["Service"]["WatchdogSec"]) > STILL_S


def test_systemd_takes_it(tmp_path: Path) -> None:
    if (verify := shutil.which("systemd-analyze")) is None:
        pytest.skip("this machine has no systemd-analyze")
    program = tmp_path / ".venv/bin/shopwire"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(PLACE, str(tmp_path)), encoding="utf-8")
    run = subprocess.run([verify, "verify", str(copy)], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 0, run.stderr
    assert UNIT.name not in run.stderr, run.stderr
