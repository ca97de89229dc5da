"""The source as published: the figures that the year fixes, and the odd lines that must not get lost."""

from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from firmware_sim.replay import dataset
from firmware_sim.replay.dataset import Source, Totals


@pytest.fixture(scope="module")
def fortnight() -> Source:
    return dataset.read(1, 2)


def test_weeks_1_and_2_hold_what_the_source_fixes(fortnight: Source) -> None:
    assert fortnight.totals == Totals(
        lines=35_176,
        baskets=3_301,
        stores=142,
        products=12_754,
        quantity=2_609_927,
        sales_minor=10_384_779,
        retail_minor=1_734_858,
        coupon_minor=40_405,
        coupon_match_minor=6_841,
    )


def test_the_whole_year_holds_what_the_source_fixes() -> None:
    assert dataset.read(1, 53).totals == Totals(
        lines=1_469_307,
        baskets=155_848,
        stores=457,
        products=68_509,
        quantity=152_923_108,
        sales_minor=459_603_958,
        retail_minor=79_165_064,
        coupon_minor=2_635_990,
        coupon_match_minor=454_265,
    )


def test_baskets_carry_every_line_once_in_the_order_of_time(fortnight: Source) -> None:
    baskets = list(fortnight.baskets())
    assert len({basket.source_ref for basket in baskets}) == len(baskets) == 3_301
    assert sum(len(basket.lines) for basket in baskets) == 35_176
    assert sum(basket.sales_minor for basket in baskets) == 10_384_779
    assert sum(line.quantity for basket in baskets for line in basket.lines) == 2_609_927
    assert [basket.at for basket in baskets] == sorted(basket.at for basket in baskets)


def test_odd_lines_are_carried(fortnight: Source) -> None:
    lines = [line for basket in fortnight.baskets() for line in basket.lines]
    assert any(line.quantity == 0 for line in lines)
    assert any(line.sales_minor == 0 for line in lines)
    assert any(line.quantity > 5_000 for line in lines), "fuel, in thousandths of a gallon"
    assert any(line.coupon_minor > line.sales_minor for line in lines)


def test_a_product_nobody_lists_is_named_so(fortnight: Source) -> None:
    names = [product.name for product in fortnight.products()]
    assert len(names) == 12_754
    assert sum(name.startswith("unlisted product ") for name in names) == 5


def test_each_store_lists_what_it_sells(fortnight: Source) -> None:
    assortment = dict(fortnight.assortment())
    assert len(assortment) == 142
    for basket in islice(fortnight.baskets(), 200):
        assert {line.product for line in basket.lines} <= set(assortment[basket.store])


def test_the_busiest_stores_can_be_chosen_alone(fortnight: Source) -> None:
    few = dataset.read(1, 2, stores=3)
    assert few.stores() == fortnight.stores()[:3]
    assert few.totals.stores == 3
    assert few.totals.baskets == sum(basket.store in few.stores() for basket in fortnight.baskets())


def test_cells_add_up_to_the_totals(fortnight: Source) -> None:
    first, last = fortnight.days()
    second = first + timedelta(days=1)
    cells = [*fortnight.cells(first, first).to_pylist(), *fortnight.cells(second, last).to_pylist()]
    assert sum(cell["lines"] for cell in cells) == 35_176
    assert sum(cell["quantity_milli"] for cell in cells) == 2_609_927_000
    assert sum(cell["net_minor"] for cell in cells) == 10_384_779
    for cell in cells:
        assert cell["gross_minor"] == cell["net_minor"] + cell["retail_minor"] + cell["coupon_match_minor"]


@pytest.mark.parametrize(("first", "last"), [(0, 2), (3, 2), (52, 54)])
def test_weeks_that_are_no_weeks_of_the_year_are_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match=f"weeks {first}-{last} are not within 1-53"):
        dataset.read(first, last)


def test_a_missing_package_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dataset, "PACKAGE", "no_such_package_of_ours")
    with pytest.raises(dataset.DataMissing, match="script/bootstrap replay"):
        dataset.locate()
