"""Which weights may be sold: removal, range, settling, a stuck display, a tare of ours. All without a clock."""

import pytest

from devices.ports.scale import NotReady, Reason, Stable, Weight
from devices.weighing import Platter, Remove, Rules


def platter(**rules: object) -> Platter:
    return Platter(Rules(**rules))  # type: ignore[arg-type]


def reason(weight: Weight) -> Reason | None:
    return weight.reason if isinstance(weight, NotReady) else None


def test_f46_only_a_stable_weight_in_its_range_is_sold() -> None:
    plate = platter()
    for seen, why in (
        (NotReady(Reason.MOVING, 455), Reason.MOVING),
        (Stable(-5), Reason.UNDER_ZERO),
        (Stable(15_005), Reason.OVER_CAPACITY),
        (Stable(95), Reason.BELOW_MINIMUM),
        (Stable(0), Reason.BELOW_MINIMUM),
        (NotReady(Reason.WRONG_UNIT), Reason.WRONG_UNIT),
        (Stable(100), None),
    ):
        plate.see(seen, 0.0)
        assert reason(plate.verdict()) is why


def test_nothing_is_sold_twice_until_the_platter_was_empty() -> None:
    plate = platter()
    plate.see(Stable(455), 0.0)
    assert plate.take() == Stable(455)
    for seen in (
        Stable(455),
        NotReady(Reason.MOVING, 300),
        Stable(910),
        NotReady(Reason.SILENT),
        NotReady(Reason.GARBLED),
    ):
        plate.see(seen, 1.0)
        assert isinstance(plate.take(), NotReady)
    plate.see(Stable(5), 2.0)  # one division is as good as zero
    plate.see(Stable(455), 3.0)
    assert plate.take() == Stable(455)


def test_a_lifted_platter_counts_as_empty() -> None:
    plate = platter()
    plate.see(Stable(455), 0.0)
    plate.take()
    plate.see(NotReady(Reason.UNDER_ZERO), 1.0)
    plate.see(Stable(455), 2.0)
    assert plate.take() == Stable(455)


def test_where_another_weight_is_enough() -> None:
    plate = platter(remove=Remove.CHANGE)
    plate.see(Stable(455), 0.0)
    plate.take()
    plate.see(Stable(460), 1.0)
    assert reason(plate.take()) is Reason.NOT_REMOVED
    plate.see(Stable(910), 2.0)
    assert plate.take() == Stable(910)
    free = platter(remove=Remove.NEVER)
    free.see(Stable(455), 0.0)
    assert free.take() == free.take() == Stable(455)


def test_without_a_word_of_the_scale_a_weight_must_stand() -> None:
    plate = platter(settle_s=0.5)
    seen = [(0.0, 0), (0.6, 0), (0.7, 300), (0.8, 455), (1.2, 455), (1.3, 455)]
    shown = [plate.see(Stable(grams), at) for at, grams in seen]
    assert [reason(weight) for weight in shown] == [
        Reason.MOVING,
        None,
        Reason.MOVING,
        Reason.MOVING,
        Reason.MOVING,
        None,
    ]


def test_f46_a_weight_that_stands_for_ever_is_not_believed() -> None:
    plate = platter(stuck_s=600)
    plate.see(Stable(455), 0.0)
    assert reason(plate.see(Stable(455), 599.0)) is None
    plate.see(NotReady(Reason.SILENT), 599.5)  # silence is no movement
    assert plate.see(Stable(455), 600.0) == NotReady(Reason.STUCK, 455)
    assert reason(plate.take()) is Reason.STUCK
    assert reason(plate.see(Stable(460), 601.0)) is None
    assert reason(plate.see(NotReady(Reason.MOVING), 602.0)) is Reason.MOVING
    assert reason(plate.see(Stable(460), 1300.0)) is None
    empty = platter(stuck_s=600)
    empty.see(Stable(0), 0.0)
    assert empty.see(Stable(0), 10_000.0) == Stable(0)  # an idle scale shows zero all night


def test_a_tare_of_ours_goes_with_its_item() -> None:
    plate = platter()
    plate.see(Stable(20), 0.0)
    assert plate.hold(None) is None
    assert plate.see(Stable(475), 1.0) == Stable(455, net=True)
    assert plate.take() == Stable(455, net=True)
    assert plate.see(Stable(0), 2.0) == Stable(0)
    assert plate.see(Stable(475), 3.0) == Stable(475)
    assert plate.hold(20) is None
    assert plate.see(NotReady(Reason.MOVING, 300), 4.0) == NotReady(Reason.MOVING, 280, net=True)
    assert plate.see(NotReady(Reason.MOVING), 4.0) == NotReady(Reason.MOVING, None, net=True)
    assert plate.hold(15_000) == NotReady(Reason.REFUSED, 15_000)
    assert plate.hold(None) == NotReady(Reason.MOVING, None, net=True)


def test_the_minimum_is_of_what_lies_there_and_not_of_what_is_left_of_it() -> None:
    plate = platter()
    plate.hold(60)
    plate.see(Stable(100), 0.0)
    assert plate.take() == Stable(40, net=True)
    plate = platter()
    plate.hold(100)
    plate.see(Stable(100), 0.0)
    assert reason(plate.take()) is Reason.BELOW_MINIMUM


@pytest.mark.parametrize(
    "wrong",
    [{"capacity_g": 0}, {"division_g": 0}, {"minimum_g": -1}, {"minimum_g": 16_000}, {"settle_s": 11}, {"stuck_s": -1}],
)
def test_rules_that_no_scale_has_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"expected|settle_s"):
        Rules(**wrong)  # type: ignore[arg-type]
