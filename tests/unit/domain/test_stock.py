"""Movements and the levels they fold into."""

from msgspec.structs import replace

from domain.ids import SkuId
from domain.pricing import price_line
from domain.sale import Tender
from domain.stock import Level, StockDelta, fold, movements_of, reversal_of
from tests.unit.domain.tills import COLA, COLA_PRICE, HAM, HAM_PRICE, basket, sold

GOOD = sold(
    basket(
        price_line(COLA, COLA_PRICE, 2_000),
        price_line(HAM, HAM_PRICE, 455),
        price_line(COLA, COLA_PRICE, 1_000, barcode=COLA.barcodes[1]),
    ),
    Tender("cash", 100_000),
)


def test_one_movement_per_sku_in_order_of_first_appearance() -> None:
    assert movements_of(GOOD) == [StockDelta(SkuId("cola"), -14_000), StockDelta(SkuId("ham"), -455)]


def test_a_return_and_a_void_put_back() -> None:
    assert movements_of(replace(GOOD, kind="return")) == reversal_of(GOOD)
    assert fold(movements_of(GOOD) + reversal_of(GOOD)) == {
        SkuId("cola"): Level(SkuId("cola")),
        SkuId("ham"): Level(SkuId("ham")),
    }


def test_a_line_that_moves_nothing_has_no_movement() -> None:
    assert movements_of(sold(basket(price_line(COLA, None, 0, gross_minor=0)))) == []


def test_folding_starts_from_known_levels_and_leaves_them_alone() -> None:
    before = {SkuId("cola"): Level(SkuId("cola"), 5_000), SkuId("tea"): Level(SkuId("tea"), 1_000)}
    after = fold(movements_of(GOOD), before)
    assert after[SkuId("cola")].on_hand_milli == -9_000
    assert after[SkuId("cola")].oversold
    assert after[SkuId("tea")] == before[SkuId("tea")]
    assert before[SkuId("cola")].on_hand_milli == 5_000
    assert not before[SkuId("cola")].oversold
