"""The replay as a user types it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.child import child
from tests.e2e.small_chain import running_with

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]


def _replay(*words: str) -> tuple[int, dict[str, Any], str]:
    command = [sys.executable, "-m", "shopwire", "--lang", "en", "sim", "replay", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    said = done.stdout.splitlines()
    return done.returncode, json.loads(said[-1]) if said else {}, done.stderr


def test_a_week_of_a_few_stores_comes_out_exact() -> None:
    code, summary, said = _replay("--weeks", "1", "--stores", "5", "--processes", "2")
    assert code == 0, said
    assert summary["stores"] == 5
    assert summary["hq_lines"] == summary["lines"] > 200
    assert summary["hq_sales_minor"] == summary["sales_minor"]
    assert (summary["missing"], summary["duplicated"], summary["mismatched"], summary["faults"]) == (0, 0, 0, 0)
    assert "exact: " in said


@pytest.mark.chaos
def test_faults_change_nothing(tmp_path: Path) -> None:
    code, summary, said = _replay(
        "--weeks", "1-2", "--stores", "5", "--faults", "--seed", "7", "--keep", str(tmp_path / "kept")
    )
    assert code == 0, said
    assert summary["faults"] >= 14
    assert summary["hq_baskets"] == summary["baskets"] > 300
    assert (tmp_path / "kept" / "headquarters" / "coordinator.db").exists()


def test_a_directory_with_something_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("letters")
    code, refused, _ = _replay("--weeks", "1", "--stores", "1", "--keep", str(tmp_path))
    assert code == 1
    assert "is not empty; a replay starts from nothing" in refused["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("weeks", ["0-2", "3-2", "x", "1-54"])
def test_weeks_that_are_none_are_refused_with_an_example(weeks: str) -> None:
    code, refused, _ = _replay("--weeks", weeks)
    assert code == 2
    assert "1-53" in refused["message"]


def in_background() -> None:
    """Ignore SIGINT, as a shell without a terminal lets what it puts in the background; CI may be run so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_everything_that_it_started(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "shopwire", "sim", "replay", "--speed", "3600", "--stores", "2"]
    with child(
        [*command, "--keep", str(tmp_path / "kept")], stderr=subprocess.PIPE, preexec_fn=in_background
    ) as replay:
        assert replay.stderr is not None
        said = []
        for line in replay.stderr:
            said.append(line)
            if "stores can sell" in line:
                break
        assert len(running_with(str(tmp_path))) >= 4, "".join(said)
        replay.send_signal(number)
        rest = replay.stderr.read()
    assert replay.returncode == 1
    assert "interrupted; everything that was started is ended" in rest
    assert "Traceback" not in rest
    assert running_with(str(tmp_path)) == []


@pytest.mark.parametrize("words", [("demo",), ("sim", "replay")])
def test_help_keeps_its_examples_on_lines_of_their_own(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "shopwire", *words, "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    examples = [line for line in said.splitlines() if line.startswith("    shopwire ")]
    assert len(examples) >= 2
