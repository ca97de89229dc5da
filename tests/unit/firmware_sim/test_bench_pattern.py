"""Patterns of scenarios: what fits, and what does not."""

from typing import Any

import pytest

from firmware_sim.bench.pattern import fits

SEEN: dict[str, Any] = {
    "weight": 412,
    "stable": True,
    "lines": ["APPLE", "  3.50"],
    "deep": {"paper_end": False},
    "why": "",
}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"weight": 412},
        {"weight": {"at_least": 412, "at_most": 412}},
        {"lines": {"contains": "APP"}},
        {"lines": ["APPLE", {"matches": r"\d\.50$"}]},
        {"deep": {"paper_end": False}},
        {"why": {"empty": True}, "lines": {"empty": False}},
        {"weight": {"not": 0}},
        {"stable": True},
    ],
)
def test_what_fits(pattern: dict[str, Any]) -> None:
    assert fits(pattern, SEEN)


@pytest.mark.parametrize(
    "pattern",
    [
        {"weight": 411},
        {"weight": {"at_least": 413}},
        {"absent": {"empty": True}},
        {"lines": {"contains": "PEAR"}},
        {"lines": ["APPLE"]},
        {"deep": {"paper_end": True}},
        {"stable": 1},
        {"stable": {"at_least": 0}},
        {"why": {"empty": False}},
        {"weight": {"not": 412}},
    ],
)
def test_what_does_not(pattern: dict[str, Any]) -> None:
    assert not fits(pattern, SEEN)


def test_growth_is_counted_from_the_beginning() -> None:
    pattern = {"receipts": {"grown_by": 2}, "lines": {"grown_by": 1}}
    before = {"receipts": 3, "lines": ["a"]}
    assert not fits(pattern, {"receipts": 4, "lines": ["a", "b"]}, before)
    assert fits(pattern, {"receipts": 5, "lines": ["a", "b"]}, before)
