"""The words at the desk and in CI: they exist, they parse, and bootstrap says clearly what is missing."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted([*(ROOT / "script").iterdir(), ROOT / ".ci/run"])
WORDS = {"bootstrap", "demo", "test", "lint", "bench", "lock"}


def test_the_words_are_there() -> None:
    assert {script.name for script in SCRIPTS} >= WORDS | {"run"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_executable_plain_sh_and_explains_itself(script: Path) -> None:
    assert os.access(script, os.X_OK)
    first, second = script.read_text().splitlines()[:2]
    assert first == "#!/bin/sh"
    assert second.startswith("# ")
    subprocess.run(["/bin/sh", "-n", script], check=True)


def test_the_readme_has_exactly_the_two_commands() -> None:
    commands = re.findall(r"^script/\S+", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands == ["script/demo", "script/test"]


def test_ci_runs_what_the_desk_runs() -> None:
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("exec script/test")


def test_no_folder_of_tests_is_forgotten() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert set(options["testpaths"]) == {
        f"tests/{path.relative_to(ROOT / 'tests').parts[0]}" for path in (ROOT / "tests").rglob("test_*.py")
    }


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout on a machine that has Python and an apt-get, and nothing that Shopwire needs besides."""
    checkout = tmp_path / "a folder with spaces"
    tools = tmp_path / "bin"
    for folder in (checkout / "script", checkout / "requirements", tools):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "script/bootstrap", checkout / "script")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    (checkout / "requirements/all.txt").touch()
    for tool in ("dirname", "date", "grep", "head", "cat", "ls", "sha256sum", "cut", "mktemp", "rm", "tail", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    fake(tools, "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    fake(tools, "apt-get", 'echo "E: no mirror answers"; exit 100')
    return checkout


def fake(tools: Path, name: str, body: str) -> None:
    (tools / name).write_text(f"#!/bin/sh\n{body}\n")
    (tools / name).chmod(0o755)


def bootstrap(checkout: Path, user: int) -> subprocess.CompletedProcess[str]:
    tools = checkout.parent / "bin"
    fake(tools, "id", f"echo {user}")
    fake(tools, "sudo", "exit 1")
    return subprocess.run(
        [checkout / "script/bootstrap", "all"],
        env={"PATH": str(tools)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_root_it_lists_what_is_missing_and_the_command(bare: Path) -> None:
    done = bootstrap(bare, user=1000)
    assert done.returncode == 1
    assert "Neither root nor sudo" in done.stderr
    assert "apt-get install --no-install-recommends python3-venv" in done.stderr


def test_with_root_a_failing_apt_is_quoted(bare: Path) -> None:
    done = bootstrap(bare, user=0)
    assert done.returncode == 1
    assert "E: no mirror answers" in done.stderr
    assert "SHOPWIRE_SKIP_APT=1" in done.stderr
    assert not (bare / ".venv").exists()


def test_without_python_it_says_which_one_is_needed(bare: Path) -> None:
    fake(bare.parent / "bin", "python3", "exit 1")
    done = bootstrap(bare, user=0)
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr


def test_an_unknown_set_names_the_sets(bare: Path) -> None:
    venv = bare / ".venv/bin"
    venv.mkdir(parents=True)
    (venv / "pip").write_text(f"#!{venv}/python\n")
    fake(venv, "python", "exit 0")
    tools = bare.parent / "bin"
    fake(tools, "sed", "cat")
    done = subprocess.run(
        [bare / "script/bootstrap", "everything"],
        env={"PATH": str(tools), "SHOPWIRE_SKIP_APT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no set 'everything'; there are: all.txt" in done.stderr
