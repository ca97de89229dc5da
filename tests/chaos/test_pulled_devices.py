"""Every kind of device frozen, garbled, slowed, cut in mid-word and pulled out 100 times while a lane goes on selling (F45, R17)."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.chaos.pulled_store import LAPS, ROUNDS, Told

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
PULLS = LAPS * ROUNDS
FLAT_BYTES = 8 << 20
"""Over 80 rounds of 13 devices: 8 kB a pull. One heap, trimmed before it is measured, grows by 2 or 3 MB and then no more."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What the store told, once for all tests: it takes a minute."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos.pulled_store", str(tmp_path_factory.mktemp("pulled"))],
        cwd=ROOT,
        env=os.environ | {"MALLOC_ARENA_MAX": "1"},  # one heap: what threads leave in heaps of their own is no growth
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return msgspec.json.decode(run.stdout, type=Told)


@pytest.mark.req(17)
def test_f45_every_sale_finishes_while_every_device_is_pulled_a_hundred_times(told: Told) -> None:
    # Every sale that was begun is on disk, with a number of its own.
    assert told.last_receipt_no == told.sales > PULLS


def test_f45_each_loss_is_told_once_and_each_return_once(told: Told) -> None:
    assert len(told.lost) >= 13
    for name, lost in told.lost.items():
        # A frozen or garbled device may be lost once more than its cable was pulled.
        assert PULLS <= lost <= PULLS * 1.5, (name, lost)
        assert told.recovered[name] == lost, name


def test_f45_no_driver_fails_and_none_is_built_anew(told: Told) -> None:
    assert {name: count for name, count in told.failed.items() if count} == {}
    assert told.restarts == {}


def test_f45_files_and_memory_are_flat(told: Told) -> None:
    assert abs(told.files[-1] - told.files[0]) <= 2, told.files
    grown = told.resident[-1] - told.resident[0]
    assert grown < FLAT_BYTES, f"grew by {grown >> 20} MB: {told.resident}"
