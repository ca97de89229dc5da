"""A slow line: what is sent twice must not look quick, and a queue is no loss."""

import pytest

from protocol.pacing import Flight, Pace


def test_an_ack_of_what_was_sent_twice_measures_nothing() -> None:
    pace = Pace()
    pace.depart(Flight(10, 4000, sent_at_s=0.0))
    pace.expired()
    pace.shrink()
    pace.depart(Flight(10, 4000, sent_at_s=0.5))
    pace.confirmed(10, now_s=0.69)  # the answer to the first one
    assert pace.timeout_s == 1.0, "nothing was measured, and the longer wait stays until something fresh is"

    pace.depart(Flight(20, 4000, sent_at_s=0.7))
    pace.confirmed(20, now_s=1.4)
    assert pace.smoothed_s == pytest.approx(0.7)


def test_answers_to_our_own_repeats_are_no_sign_of_a_loss() -> None:
    pace = Pace()
    for last in (10, 20, 30):
        pace.depart(Flight(last, 4000, sent_at_s=0.0))
    pace.shrink()
    pace.depart(Flight(10, 4000, sent_at_s=1.0))
    assert not any(pace.repeated() for _ in range(10))

    pace.confirmed(30, now_s=1.5)
    pace.depart(Flight(40, 4000, sent_at_s=1.6))
    assert [pace.repeated() for _ in range(3)] == [False, False, True]


def test_progress_starts_the_clock_again() -> None:
    pace = Pace()
    pace.measure(1.0)
    for last in (10, 20):
        pace.depart(Flight(last, 16_000, sent_at_s=0.0))
    assert pace.deadline_s == 3.0
    pace.confirmed(10, now_s=2.0)
    assert pace.deadline_s == 2.0 + pace.timeout_s


def test_a_new_connection_measures_anew() -> None:
    pace = Pace()
    pace.depart(Flight(10, 4000, sent_at_s=0.0))
    pace.shrink()
    pace.restart()
    pace.depart(Flight(5, 4000, sent_at_s=9.0))
    pace.confirmed(5, now_s=9.25)
    assert pace.smoothed_s == 0.25
