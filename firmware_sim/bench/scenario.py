"""Scenarios: hands that follow a script. A TOML file of steps; each does something, then waits for what shall come of it.

    about = { en = "Paper out in mid receipt", zh = "打印中途缺纸" }
    needs = ["printer", "till"]

    [[steps]]
    say = { en = "The roll ends after five more lines", zh = "再打五行就没纸了" }
    on = "printer"
    do = { fault = "paper_out", after_lines = 5 }
    until = { condition.paper_end = true }
    within_s = 5

``on`` is a device's id, a face (``printer``: the first one on the bench), ``till`` (the edge's till: ``do`` is an ask of its control
socket, what is seen is its open basket), or ``edge:FACE`` (what the edge says of that device: ``health`` and ``reason``).
``until`` waits for a pattern with a deadline, ``expect`` looks once; see ``firmware_sim.bench.pattern``.
"""

import asyncio
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from firmware_sim.bench.errors import BenchError, ScenarioUnusable
from firmware_sim.bench.pattern import fits

FOLDER = Path(__file__).parent / "scenarios"
WITHIN_S = 10.0
_LOOK_S = 0.03

Seen = dict[str, Any]


class Words(msgspec.Struct, frozen=True):
    """A text in both languages."""

    en: str
    zh: str

    def told(self, lang: str) -> str:
        """Return it in one of them (``zh`` or ``en``)."""
        return self.zh if lang == "zh" else self.en


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: what is done to ``on``, what must come of it, and how long that may take."""

    say: Words
    on: str
    do: dict[str, Any] | list[dict[str, Any]] = []
    until: dict[str, Any] | None = None
    expect: dict[str, Any] | None = None
    within_s: float = WITHIN_S


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A script; ``needs`` are the faces that must be on the bench (``till``: the edge must run)."""

    about: Words
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()


class StepReport(msgspec.Struct, frozen=True):
    """What became of one step; ``saw`` is what was seen instead, when it failed."""

    no: int
    say: Words
    ok: bool
    seconds: float
    why: str = ""
    saw: Seen = {}


class Report(msgspec.Struct, frozen=True):
    """What became of a scenario."""

    scenario: str
    ok: bool
    seconds: float
    steps: list[StepReport]


class Stage(Protocol):
    """What a scenario plays on."""

    async def do(self, subject: str, command: dict[str, Any]) -> Seen:
        """Carry out one command.

        Raises:
            BenchError: it could not be carried out.
        """
        ...

    async def seen(self, subject: str) -> Seen:
        """Return what can be seen of ``subject``."""
        ...

    def check(self, subject: str) -> None:
        """Raise NoSuchDevice when nothing of that name is there."""
        ...


def names() -> list[str]:
    """Return the names of the scenarios that come with the bench."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> Scenario:
    """Return the scenario ``name``, or the one in a file of that name when it ends in ``.toml``.

    Raises:
        ScenarioUnusable: there is none, or it is not understood.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Scenario)
    except FileNotFoundError as error:
        known = ", ".join(names())
        raise ScenarioUnusable(f"there is no scenario {name!r}: take one of {known}, or the path of a .toml") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScenarioUnusable(f"scenario {path}: {error}") from error


def check(scenario: Scenario, stage: Stage) -> None:
    """Raise NoSuchDevice when the scenario needs something that ``stage`` does not have; nothing is done for it."""
    for subject in _subjects(scenario):
        stage.check(subject)


def _subjects(scenario: Scenario) -> set[str]:
    return {*scenario.needs, *(step.on for step in scenario.steps)}


async def play(name: str, scenario: Scenario, stage: Stage, tell: Callable[[StepReport], None]) -> Report:
    """Play every step until one fails; ``tell`` hears of each.

    Raises:
        NoSuchDevice: the scenario needs something that this bench does not have.
    """
    clock = asyncio.get_running_loop().time
    check(scenario, stage)
    subjects = _subjects(scenario)
    began, before = clock(), {subject: await stage.seen(subject) for subject in subjects}
    reports: list[StepReport] = []
    for no, step in enumerate(scenario.steps, 1):
        reports.append(await _step(no, step, stage, before[step.on]))
        tell(reports[-1])
        if not reports[-1].ok:
            break
    return Report(name, reports[-1].ok if reports else True, round(clock() - began, 3), reports)


async def _step(no: int, step: Step, stage: Stage, before: Seen) -> StepReport:
    clock = asyncio.get_running_loop().time
    began = clock()

    def report(*, ok: bool, why: str = "", saw: Seen | None = None) -> StepReport:
        return StepReport(no, step.say, ok, round(clock() - began, 3), why, saw or {})

    try:
        for command in [step.do] if isinstance(step.do, dict) else step.do:
            await stage.do(step.on, command)
        seen = await _awaited(step, stage, before)
    except BenchError as error:
        return report(ok=False, why=str(error))
    wanted = {**(step.until or {}), **(step.expect or {})}
    if all(fits(part, seen, before) for part in (step.until, step.expect) if part is not None):
        return report(ok=True)
    return report(ok=False, why=f"{step.on} does not show {msgspec.json.encode(wanted).decode()}", saw=seen)


async def _awaited(step: Step, stage: Stage, before: Seen) -> Seen:
    """Return what is seen as soon as it fits ``until``, or at the deadline."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + step.within_s
    seen = await stage.seen(step.on)
    while step.until is not None and not fits(step.until, seen, before) and clock() < deadline:
        await asyncio.sleep(_LOOK_S)
        seen = await stage.seen(step.on)
    return seen
