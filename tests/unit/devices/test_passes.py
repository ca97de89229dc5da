"""A double read is told from a second pass in one place."""

import asyncio

import structlog
from hypothesis import given
from hypothesis import strategies as st

from devices.passes import QUEUED_SCANS, REMEMBERED_CODES, Intake, Passes
from devices.reading import Code, Refusal


def test_one_pass_counts_once_and_two_passes_twice() -> None:
    passes = Passes(0.4)
    read = [("A", 0.0), ("A", 0.1), ("A", 0.4), ("A", 0.7), ("A", 1.1), ("A", 1.2)]
    assert [passes.counts(*each) for each in read] == [True, False, False, False, True, False]


def test_another_code_counts_at_once_and_both_are_remembered() -> None:
    passes = Passes(0.4)
    assert [passes.counts(code, number * 0.05) for number, code in enumerate("ABABAC")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]


def test_a_window_of_nothing_counts_every_read() -> None:
    passes = Passes(0)
    assert [passes.counts("A", 1.0) for _ in range(3)] == [True] * 3


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0, 0.3)), max_size=60))
def test_a_code_counts_exactly_when_it_was_out_of_sight_for_the_window(reads: list[tuple[str, float]]) -> None:
    passes, at_s, last = Passes(0.4), 0.0, dict[str, float]()
    for code, pause_s in reads:
        at_s += pause_s
        assert passes.counts(code, at_s) == (at_s - last.get(code, -1) >= 0.4)
        last[code] = at_s


def test_codes_without_end_take_no_memory() -> None:
    passes = Passes(10)
    for number in range(10_000):
        assert passes.counts(str(number), number * 0.0001)
    assert len(passes._seen_s) == REMEMBERED_CODES


async def test_a_full_queue_slows_the_scanner_and_loses_nothing() -> None:
    intake = Intake("s")
    taking = asyncio.create_task(intake.take(Code(str(number), None) for number in range(QUEUED_SCANS + 5)))
    await asyncio.sleep(0)
    assert not taking.done()
    scans = intake.scans()
    assert [(await anext(scans)).data for _ in range(QUEUED_SCANS + 5)] == [str(n) for n in range(QUEUED_SCANS + 5)]
    await taking


async def test_refusals_are_counted_and_logged_once_a_reason() -> None:
    intake = Intake("s")
    with structlog.testing.capture_logs() as logs:
        await intake.take([Refusal("noise", 1)] * 5 + [Refusal("checksum", 9)])
    assert intake.refused == {"noise": 5, "checksum": 1}
    assert [entry["reason"] for entry in logs] == ["noise", "checksum"]
