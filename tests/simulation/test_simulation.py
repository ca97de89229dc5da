"""Nothing lost, nothing twice, under every mixture of faults that the seeds come up with; a removed protection is noticed."""

import os
from collections import Counter

import pytest

from tests.simulation.faults import SCENARIOS
from tests.simulation.mutants import MUTANTS, Mutant, without
from tests.simulation.replay import command, main
from tests.simulation.world import run

SEEDS = int(os.environ.get("SHOPWIRE_SEEDS", "1000"))
CHUNK = 20
MUTANT_SEEDS = 300

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(300)]  # a busy machine is slow, not wrong


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        outcome = run(seed)
        assert outcome.violations == [], f"replay with: {command(seed)}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_removed_protection_is_noticed(mutant: Mutant) -> None:
    with without(mutant.name):
        seeds = range(SCENARIOS.index(mutant.scenario), min(MUTANT_SEEDS, SEEDS), len(SCENARIOS))
        assert any(run(seed).violations for seed in seeds), f"{mutant.name} went unnoticed in {len(seeds)} seeds"


def test_the_same_seed_is_the_same_run() -> None:
    assert run(5) == run(5)


def test_the_seeds_reach_what_they_are_for() -> None:
    figures: Counter[str] = Counter()
    for seed in range(30):
        figures.update(run(seed).figures)
    assert [
        name for name in ("sales", "poison", "epochs", "taken_back", "restores", "duplicates") if not figures[name]
    ] == []


def test_a_seed_can_be_played_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["4"]) == 0
    assert "scenario restored" in capsys.readouterr().out
    mutant = "nothing_is_sent_again"
    with without(mutant):
        seed = next(seed for seed in range(MUTANT_SEEDS) if run(seed).violations)
    assert main([str(seed), "--mutant", mutant]) == 1
    assert "VIOLATED" in capsys.readouterr().out
