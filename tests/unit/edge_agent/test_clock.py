"""F14: the clock jumps, time does not run back, and selling goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.clock import BUILT_AT, LATEST, HeadquartersTime, SystemClock, kernel_quality
from protocol.envelope import ClockQuality, chain, genesis
from tests.edge_store import Store

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Hands:
    """The hands of a box's clocks."""

    def __init__(self, quality: ClockQuality = "guess") -> None:
        self.wall, self.steady, self.worth = NOON.timestamp(), 1000.0, quality

    def clock(self, floor: datetime = BUILT_AT) -> SystemClock:
        return SystemClock(floor, lambda: self.wall, lambda: self.steady, self.quality)

    def quality(self) -> ClockQuality:
        return self.worth

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)])
def test_a_box_without_battery_starts_at_its_last_event(wrong: datetime) -> None:
    hands = Hands()
    hands.wall = wrong.timestamp()
    clock = hands.clock(floor=NOON)
    assert clock.now() == NOON
    hands.pass_time(60)
    assert clock.now() == NOON + timedelta(seconds=60)
    assert clock.lagging_s() > 60


def test_no_clock_is_older_than_the_software() -> None:
    hands = Hands()
    hands.wall = 0.0
    assert hands.clock(floor=datetime(2001, 1, 1, tzinfo=UTC)).now() == BUILT_AT


def test_a_jump_back_while_running_stops_time_from_running_back() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.pass_time(100)
    before = clock.now()
    hands.wall -= 365 * 86_400
    hands.steady += 5
    assert clock.now() == before + timedelta(seconds=5)


def test_a_time_server_may_set_it_back() -> None:
    hands = Hands(quality="ntp")
    clock = hands.clock()
    hands.wall += 365 * 86_400
    assert clock.now().year == 2027
    hands.wall -= 365 * 86_400
    assert clock.now() == NOON


@pytest.mark.parametrize("quality", ["ntp", "guess"])
def test_a_clock_beyond_every_date_is_not_believed(quality: ClockQuality) -> None:
    hands = Hands(quality)
    hands.wall = LATEST.timestamp() + 1e9
    assert hands.clock(floor=NOON).now() == NOON


def test_quality_is_asked_once_a_minute() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.worth = "ntp"
    assert clock.quality() == "guess"
    hands.pass_time(61)
    assert clock.quality() == "ntp"


def test_the_kernel_answers(tmp_path: Path) -> None:
    assert kernel_quality() in ("ntp", "rtc", "guess")
    assert kernel_quality(tmp_path / "none") in ("ntp", "guess")


def test_headquarters_time_goes_on_with_the_steady_clock() -> None:
    hands = Hands()
    told = HeadquartersTime(hands.clock(), lambda: hands.steady)
    assert told.now() == NOON
    assert told.skew_s() is None
    told.hear("2026-12-01T12:10:00+00:00")
    hands.steady += 2
    assert told.now() == NOON + timedelta(seconds=602)
    assert told.skew_s() == pytest.approx(-600)
    for nonsense in ("", "yesterday", "2026-12-01T12:00:00"):
        told.hear(nonsense)
    assert told.now() == NOON + timedelta(seconds=602)


@pytest.mark.parametrize(
    "jump", [datetime(2027, 11, 21, tzinfo=UTC), datetime(2025, 11, 21, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)]
)
def test_selling_goes_on_over_every_jump_and_the_order_stays(shop: Store, jump: datetime) -> None:
    first = shop.sell()
    shop.clock.jump(jump)
    second = shop.sell()
    assert (first.receipt_no, second.receipt_no) == (1, 2)
    rows = shop.ask("SELECT seq, bytes, hash FROM outbox ORDER BY seq")
    head = genesis("S1", 1)
    for seq, raw, digest in rows:
        head = chain(head, raw)
        assert digest == head, seq
    assert second.completed_at.startswith(str(jump.year))
