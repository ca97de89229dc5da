"""The lock files mean the same on every machine: exact versions, hashes, no addresses, and no two of them disagree."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
EXTRAS_IN = {
    "base": set(),
    "demo": {"vision"},
    "replay": {"vision", "replay"},
    "postgres": {"postgres"},
    "all": {"vision", "postgres", "replay", "dev"},
    "planning": {"planning"},
}


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(PIN.findall(lock.read_text()))


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def test_there_is_a_lock_for_each_set() -> None:
    assert {lock.stem for lock in LOCKS} == set(EXTRAS_IN)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_names_an_address(lock: Path) -> None:
    assert "://" not in lock.read_text()
    assert not re.search(r"^-", lock.read_text(), re.MULTILINE), "an option of pip stands in a lock file"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_its_hashes(lock: Path) -> None:
    entries = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("smaller", ["base", "demo", "replay", "postgres"])
def test_smaller_sets_agree_with_all(smaller: str) -> None:
    assert pins(ROOT / f"requirements/{smaller}.txt") <= pins(ROOT / "requirements/all.txt")


@pytest.mark.parametrize("name", EXTRAS_IN)
def test_the_lock_holds_what_the_project_asks_for(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [
        *project["dependencies"],
        *(r for extra in EXTRAS_IN[name] for r in project["optional-dependencies"][extra]),
    ]
    locked = {canonical(pin) for pin, _ in pins(ROOT / f"requirements/{name}.txt")}
    assert {canonical(requirement) for requirement in asked} <= locked
