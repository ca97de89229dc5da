"""The layer contracts hold, and each of them can break."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINT = Path(sys.executable).with_name("lint-imports")
HOUSE = ("domain", "protocol", "link", "devices", "edge_agent", "coordinator", "firmware_sim", "web")
NOT_SHIPPED = ("benchmarks", "tests")
MODULES = (
    *("coordinator/bootstrap", "edge_agent/agent", "edge_agent/bootstrap", "edge_agent/lanes", "edge_agent/till"),
    *("firmware_sim/demo/face", "link/broker", "link/hub", "link/mqtt", "link/relay"),
)
TRESPASSES = [
    ("domain/sale.py", "import protocol", "The house"),
    ("link/relay.py", "import devices", "The house"),
    ("web/serving.py", "import domain", "The house"),
    ("protocol/codec.py", "import web", "The core is pure"),
    ("edge_agent/agent.py", "import coordinator", "The house"),
    ("domain/clock.py", "import time", "The core is pure"),
    ("protocol/sender.py", "from asyncio import sleep", "The core is pure"),
    ("coordinator/server.py", "import devices", "Headquarters has no hardware"),
    ("firmware_sim/printer.py", "import devices", "The bench"),
    ("firmware_sim/replay.py", "import edge_agent.handlers", "The bench"),
    ("edge_agent/sales.py", "import sqlalchemy", "A store box"),
    ("devices/registry.py", "import pandas", "A store box"),
    ("firmware_sim/demo/face.py", "import pyarrow", "The demo"),
    ("edge_agent/lanes.py", "import edge_agent.db", "The running store"),
    ("edge_agent/handlers/print.py", "import devices", "Handlers know ports"),
    ("coordinator/handlers/ask.py", "import link.hub", "Handlers know ports"),
    ("coordinator/api/stock.py", "from sqlalchemy import text", "Pages read through views"),
    ("edge_agent/handlers/sell.py", "import edge_agent.db", "Inside an application"),
    ("coordinator/handlers/stock.py", "import coordinator.api", "Inside an application"),
    ("coordinator/db/stock.py", "import coordinator.bootstrap", "Inside an application"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    """The folders and the contracts of the house, with nothing in them that could trespass."""
    rooms = [
        f"{application}/{room}"
        for application in ("edge_agent", "coordinator")
        for room in ("handlers", "db", "api", "console")
    ]
    for package in (*HOUSE, "firmware_sim/demo", *rooms):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
    for module in MODULES:
        (tmp_path / f"{module}.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


def test_our_house_keeps_its_contracts() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


def test_an_empty_house_keeps_them(empty_house: Path) -> None:
    done = lint(empty_house)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(("place", "line", "contract"), TRESPASSES, ids=lambda value: str(value))
def test_a_trespass_is_seen(empty_house: Path, place: str, line: str, contract: str) -> None:
    (empty_house / place).write_text(f"{line}\n")
    done = lint(empty_house)
    assert done.returncode == 1
    assert any(row.startswith(contract) and row.endswith("BROKEN") for row in done.stdout.splitlines())


def test_a_detour_through_the_link_is_seen(empty_house: Path) -> None:
    (empty_house / "link/inbox.py").write_text("import sqlalchemy\n")
    assert lint(empty_house).returncode == 0
    (empty_house / "edge_agent/agent.py").write_text("import link.inbox\n")
    assert "edge_agent is not allowed to import sqlalchemy" in lint(empty_house).stdout


def test_every_folder_of_the_house_is_held_by_contracts_and_in_the_wheel() -> None:
    folders = sorted(file.parent.name for file in ROOT.glob("*/__init__.py") if file.parent.name not in NOT_SHIPPED)
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert folders == sorted(HOUSE)
    assert folders == sorted(tools["importlinter"]["root_packages"])
    assert folders == sorted(name.rstrip("*") for name in tools["setuptools"]["packages"]["find"]["include"])
    layers = tools["importlinter"]["contracts"][0]["layers"]
    assert folders == sorted(name for layer in layers for name in layer.split(" | "))


def test_every_contract_has_a_trespass() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    untried = [c["name"] for c in contracts if not any(c["name"].startswith(name) for _, _, name in TRESPASSES)]
    assert untried == []


def test_script_lint_asks_for_format_lint_types_and_layers() -> None:
    text = (ROOT / "script/lint").read_text()
    for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports"):
        assert tool in text
