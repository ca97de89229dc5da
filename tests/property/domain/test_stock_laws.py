"""Levels do not depend on how movements arrive."""

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import SkuId
from domain.stock import StockDelta, fold

deltas = st.lists(
    st.builds(StockDelta, st.sampled_from([SkuId("a"), SkuId("b"), SkuId("c")]), st.integers(-(10**9), 10**9)),
    max_size=30,
)


@given(deltas, st.data())
def test_grouping_and_order_do_not_matter(sent: list[StockDelta], data: st.DataObject) -> None:
    left = data.draw(st.permutations(sent))
    levels = fold([])
    while left:
        size = data.draw(st.integers(1, len(left)))
        levels, left = fold(left[:size], levels), left[size:]
    assert levels == fold(sent)


@given(deltas)
def test_a_level_is_the_sum_of_its_movements(sent: list[StockDelta]) -> None:
    levels = fold(sent)
    assert set(levels) == {delta.sku for delta in sent}
    for sku, level in levels.items():
        assert level.on_hand_milli == sum(delta.delta_milli for delta in sent if delta.sku == sku)
        assert level.oversold == (level.on_hand_milli < 0)
