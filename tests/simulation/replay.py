"""Play one seed again: ``python -m tests.simulation.replay SEED [--scenario NAME] [--mutant NAME]``."""

import argparse
import sys
from contextlib import nullcontext

from tests.simulation.faults import SCENARIOS
from tests.simulation.mutants import BY_NAME, without
from tests.simulation.world import World


def command(seed: int, mutant: str = "") -> str:
    """Return what to type to see ``seed`` again."""
    return f"python -m tests.simulation.replay {seed}" + (f" --mutant {mutant}" if mutant else "")


def main(arguments: list[str]) -> int:
    """Play a seed and show what came of it; an unexpected error shows its traceback."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.replay", description="Play one seed again.")
    parser.add_argument("seed", type=int)
    parser.add_argument("--scenario", choices=SCENARIOS, help="otherwise the seed decides")
    parser.add_argument("--mutant", choices=sorted(BY_NAME), help="remove this protection")
    options = parser.parse_args(arguments)
    with without(options.mutant) if options.mutant else nullcontext():
        world = World(options.seed, options.scenario)
        outcome = world.run()
    out = sys.stdout
    out.write(f"seed {outcome.seed}, scenario {outcome.scenario}\n{world.faults_drawn}\n{outcome.figures}\n")
    for shop in world.shops.values():
        for incident in shop.incidents:
            out.write(f"{shop.edge} {incident.kind}: {incident.text}\n")
    for violation in outcome.violations:
        out.write(f"VIOLATED {violation}\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
