"""The small parts of a replay: who sells where, what goes wrong when, how fast time passes, what the summary says."""

import io
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.chain.usage import slope_per_s
from firmware_sim.replay.faults import KINDS, schedule
from firmware_sim.replay.feeding import assign
from firmware_sim.replay.pace import Pace
from firmware_sim.replay.progress import Count, Progress, bar
from firmware_sim.replay.summary import Summary, source_units
from firmware_sim.texts import Texts, catalogue

EXACT = Summary(
    lines=2, baskets=1, stores=1, products=2, quantity=3, sales_minor=500,
    retail_discount_minor=20, coupon_discount_minor=10, coupon_match_minor=5,
    hq_lines=2, hq_baskets=1, hq_quantity=3, hq_sales_minor=500,
    hq_retail_discount_minor=20, hq_coupon_discount_minor=10, hq_coupon_match_minor=5,
    missing=0, duplicated=0, mismatched=0, faults=0, seconds=1.0, sales_per_s=1.0,
)  # fmt: skip


@given(st.lists(st.integers(), unique=True), st.integers(1, 8))
def test_every_store_is_carried_by_exactly_one_host(stores: list[int], hosts: int) -> None:
    dealt = assign(stores, hosts)
    assert sorted(store for carried in dealt for store in carried) == sorted(stores)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


@given(st.integers(0, 1000), st.integers(0, 200_000), st.integers(1, 8))
def test_a_schedule_is_its_seeds_own_and_holds_every_kind_twice(seed: int, baskets: int, hosts: int) -> None:
    faults = schedule(seed, baskets, hosts)
    assert faults == schedule(seed, baskets, hosts)
    assert set(KINDS) == set(count := Counter(fault.kind for fault in faults))
    assert min(count.values()) >= 2
    assert [fault.after_baskets for fault in faults] == sorted(fault.after_baskets for fault in faults)
    assert all(fault.target < hosts and fault.after_baskets <= baskets for fault in faults)


def test_other_seeds_give_other_faults() -> None:
    assert schedule(1, 3301, 2) != schedule(2, 3301, 2)


def test_time_passes_as_fast_as_asked() -> None:
    pace = Pace(speed=60)
    assert pace.due_s("2017-01-01T11:00:00", 100.0) == 0
    assert pace.due_s("2017-01-01T11:10:00", 103.0) == pytest.approx(7.0)
    assert Pace(0).due_s("2017-12-31T00:00:00", 1.0) == 0
    with pytest.raises(ValueError, match="speed -1 is below 0"):
        Pace(-1)


def test_a_summary_agrees_only_when_every_figure_does() -> None:
    assert EXACT.agrees
    for name in ("missing", "duplicated", "mismatched"):
        assert not msgspec.structs.replace(EXACT, **{name: 1}).agrees
    for name in (name for name in Summary.__struct_fields__ if name.startswith("hq_")):
        assert not msgspec.structs.replace(EXACT, **{name: 99}).agrees


def test_the_summary_has_the_names_that_programs_read() -> None:
    names = (
        "lines, baskets, stores, products, quantity, sales_minor, retail_discount_minor, coupon_discount_minor, "
        "coupon_match_minor, hq_lines, hq_baskets, hq_quantity, hq_sales_minor, hq_retail_discount_minor, "
        "hq_coupon_discount_minor, hq_coupon_match_minor, missing, duplicated, mismatched, faults, seconds, sales_per_s"
    )
    assert list(msgspec.json.decode(msgspec.json.encode(EXACT))) == names.split(", ")


def test_a_fraction_that_the_source_does_not_have_stays_visible() -> None:
    assert source_units(2_609_927_000) == 2_609_927
    assert source_units(1_500) == 1.5


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_file_gets_lines() -> None:
    terminal, file = _Terminal(), io.StringIO()
    for out in (terminal, file):
        progress = Progress(Texts("en"), out)
        progress.show(Count(total=200, sold=100))
        progress.note("replay.draining")
    assert "█" in terminal.getvalue()
    assert "50%  100 of 200 baskets" in file.getvalue()
    assert "\r" not in file.getvalue()
    assert file.getvalue().endswith("waiting until headquarters has everything\n")


@given(st.floats(-1, 2))
def test_a_bar_is_always_as_wide_as_asked(share: float) -> None:
    assert len(bar(share, 20)) == 20


@given(st.floats(-100, 100), st.integers(2, 30))
def test_a_straight_line_has_its_own_slope(slope: float, samples: int) -> None:
    moments = [float(number) for number in range(samples)]
    assert slope_per_s(moments, [round(1e6 * slope * at) for at in moments]) == pytest.approx(1e6 * slope, abs=1)


def test_both_languages_say_the_same_things() -> None:
    zh, en = catalogue("zh"), catalogue("en")
    assert zh.keys() == en.keys()
    places = {key: [{part for part in text.split("{") if "}" in part} for text in (zh[key], en[key])] for key in zh}
    for key, (ours, theirs) in places.items():
        assert {part.split("}")[0] for part in ours} == {part.split("}")[0] for part in theirs}, key
