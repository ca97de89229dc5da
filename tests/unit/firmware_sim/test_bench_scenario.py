"""Scenarios: steps with deadlines, what they saw when they fail, and the ones that come with the bench."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_sim.bench import scenario
from firmware_sim.bench.errors import CommandRefused, NoSuchDevice, ScenarioUnusable
from firmware_sim.bench.scenario import Scenario, StepReport, load, play


class ToyStage:
    """One scale that shows what is put on it after it was looked at twice."""

    def __init__(self) -> None:
        self.weight, self.shown, self.looks = 0, 0, 0

    async def do(self, subject: str, command: dict[str, Any]) -> dict[str, Any]:
        if "put" not in command:
            raise CommandRefused(f"{subject}: unknown command {command}")
        self.weight, self.looks = command["put"], 0
        return {}

    async def seen(self, subject: str) -> dict[str, Any]:
        self.looks += 1
        if self.looks > 2:
            self.shown = self.weight
        return {"weight": self.shown}

    def check(self, subject: str) -> None:
        if subject != "scale":
            raise NoSuchDevice(f"no device {subject!r}")


def script(*steps: dict[str, Any], needs: tuple[str, ...] = ()) -> Scenario:
    words = {"en": "step", "zh": "步骤"}
    full = [{"say": words, "on": "scale", "within_s": 0.2, **step} for step in steps]
    return msgspec.convert({"about": words, "steps": full, "needs": needs}, Scenario)


@pytest.fixture
def told() -> list[StepReport]:
    return []


async def test_it_does_waits_and_reports(told: list[StepReport]) -> None:
    wanted = script({"do": {"put": 412}, "until": {"weight": 412}}, {"expect": {"weight": {"at_least": 400}}})
    report = await play("toy", wanted, ToyStage(), told.append)
    assert report.ok
    assert report.steps == told
    assert [step.no for step in told] == [1, 2]


async def test_it_stops_at_the_first_step_that_fails_and_says_what_it_saw(told: list[StepReport]) -> None:
    wanted = script({"do": {"put": 1}, "until": {"weight": 2}}, {"expect": {"weight": 1}})
    report = await play("toy", wanted, ToyStage(), told.append)
    assert not report.ok
    [failed] = report.steps
    assert failed.saw == {"weight": 1}
    assert '{"weight":2}' in failed.why
    assert failed.seconds >= 0.2


async def test_a_refused_command_is_a_failed_step(told: list[StepReport]) -> None:
    report = await play("toy", script({"do": [{"put": 1}, {"sing": True}]}), ToyStage(), told.append)
    assert not report.ok
    assert "sing" in report.steps[0].why


async def test_what_the_bench_does_not_have_is_told_before_anything_is_done(told: list[StepReport]) -> None:
    stage = ToyStage()
    with pytest.raises(NoSuchDevice, match="printer"):
        await play("toy", script({"do": {"put": 1}}, needs=("printer",)), stage, told.append)
    assert stage.weight == 0


@pytest.mark.parametrize("name", scenario.names())
def test_those_that_come_with_the_bench_are_understood(name: str) -> None:
    script = load(name)
    assert script.steps
    assert {step.on.removeprefix("edge:") for step in script.steps} <= set(script.needs), (
        "what it touches stands in needs"
    )


def damaged(write: Callable[[str], int]) -> None:
    write('about = { en = "x", zh = "x" }\n[[steps]]\nsay = { en = "x", zh = "x" }\non = "scale"\nuntill = {}\n')


def test_a_script_that_is_not_understood_is_refused_by_name(tmp_path: Path) -> None:
    damaged((tmp_path / "mine.toml").write_text)
    with pytest.raises(ScenarioUnusable, match="untill"):
        load(str(tmp_path / "mine.toml"))
    with pytest.raises(ScenarioUnusable, match="there is no scenario 'no-such'"):
        load("no-such")
