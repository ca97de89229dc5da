"""Every driver says what it owes and keeps; a rule marked done names a file that exists."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from devices.registry import KINDS

ROOT = Path(__file__).parents[3]
RULES = {"hot-plug", "outage-logged-once", "faults-surfaced", "golden-bytes", "simulator", "recovery", "runbook"}
DRIVERS = sorted(path.parent.name for path in (ROOT / "devices").glob("*/driver.py"))


def quality(driver: str) -> dict[str, dict[str, Any]]:
    loaded = tomllib.loads((ROOT / "devices" / driver / "quality.toml").read_text("utf-8"))
    rules: dict[str, dict[str, Any]] = loaded["rules"]
    return rules


def test_the_drivers_are_found() -> None:
    assert sorted(KINDS) == DRIVERS


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_rule_is_done_todo_or_exempt_with_a_reason(driver: str) -> None:
    rules = quality(driver)
    assert set(rules) == RULES
    for rule, entry in rules.items():
        match entry["state"]:
            case "done":
                assert (ROOT / entry["where"]).is_file(), f"{driver}: {rule} points to {entry['where']}"
            case "exempt" | "todo":
                assert len(entry["reason"]) > 10, f"{driver}: {rule} gives no reason"
            case other:
                pytest.fail(f"{driver}: {rule} is {other!r}, not done, todo or exempt")


@pytest.mark.parametrize("driver", DRIVERS)
def test_codecs_do_no_input_or_output(driver: str) -> None:
    for name in ("codec.py", "encoder.py", "text.py", "symbols.py", "codes.py"):
        path = ROOT / "devices" / driver / name
        if path.is_file():
            imported = [
                line.split()[1]
                for line in path.read_text("utf-8").splitlines()
                if line.startswith(("import ", "from "))
            ]
            assert not {"asyncio", "os", "socket", "time", "serial", "structlog"} & set(imported), path
