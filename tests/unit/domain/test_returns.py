"""What comes back is paid back as it was paid."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from domain.errors import InvalidIdentity, ReturnTooLarge, UnknownLine
from domain.ids import EdgeId, LaneId, SaleId, StoreId
from domain.pricing import price_line
from domain.returns import lines_left, return_of, returned_lines
from domain.sale import Discount, Sale, Tender, TenderKind, verify
from domain.stock import movements_of
from tests.unit.domain.tills import COLA, COLA_PRICE, HAM, HAM_PRICE, NOON, basket, sold

THREE = price_line(
    COLA,
    None,
    3_000,
    gross_minor=1_000,
    discounts=(Discount("retail", 100), Discount("coupon", 50, "manufacturer")),
)
GOOD = sold(basket(THREE, price_line(HAM, HAM_PRICE, 455), price_line(COLA, COLA_PRICE)), Tender("cash", 5_000))


def give_back(
    wanted: dict[int, int], returned: Sequence[Sale] = (), refund: TenderKind = "cash", original: Sale = GOOD
) -> Sale:
    sale = return_of(
        original,
        wanted,
        sale_id=SaleId(f"return-{len(returned)}"),
        edge=EdgeId("S2"),
        store=StoreId("2"),
        lane=LaneId("1"),
        epoch=1,
        receipt_no=2 + len(returned),
        business_date="2026-05-02",
        completed_at=NOON,
        returned=returned,
        refund=refund,
        reference="R-1" if refund == "qr" else "",
    )
    verify(sale)
    return sale


def test_three_returns_of_one_each_add_up_to_the_line() -> None:
    done: list[Sale] = []
    for _ in range(3):
        done.append(give_back({1: 1_000}, done))
    assert [sale.lines[0].gross_minor for sale in done] == [333, 334, 333]
    assert [sale.lines[0].discounts[0].amount_minor for sale in done] == [33, 34, 33]
    assert [sale.lines[0].discounts[1].amount_minor for sale in done] == [17, 17, 16]
    assert sum(sale.total_minor for sale in done) == GOOD.lines[0].net_minor == 900
    assert sum(sale.due_minor for sale in done) == 850
    assert 1 not in lines_left(GOOD, done)
    with pytest.raises(ReturnTooLarge) as caught:
        give_back({1: 1}, done)
    assert (caught.value.no, caught.value.left_milli) == (1, 0)


def test_a_return_refunds_exactly_what_is_due() -> None:
    back = give_back({2: 455, 3: 1_000}, refund="qr")
    assert [line.no for line in back.lines] == [2, 3]
    assert (back.kind, back.original_sale_id, back.due_minor, back.change_minor) == ("return", GOOD.sale_id, 3_530, 0)
    assert back.tenders == (Tender("qr", 3_530, "R-1"),)
    assert [(delta.sku, delta.delta_milli) for delta in movements_of(back)] == [("ham", 455), ("cola", 1_000)]


def test_the_whole_sale_at_once() -> None:
    back = give_back({1: 3_000, 2: 455, 3: 1_000})
    assert (back.total_minor, back.due_minor) == (GOOD.total_minor, GOOD.due_minor)


def test_more_than_was_sold_is_refused() -> None:
    for milli in (3_001, 0, -1):
        with pytest.raises(ReturnTooLarge) as caught:
            give_back({1: milli})
        assert (caught.value.no, caught.value.asked_milli, caught.value.left_milli) == (1, milli, 3_000)
    first = give_back({1: 2_000})
    with pytest.raises(ReturnTooLarge, match="1000 are left"):
        give_back({1: 1_001}, [first])


def test_lines_that_were_never_sold() -> None:
    for wanted in ({4: 1_000}, {0: 1_000}, {}):
        with pytest.raises(UnknownLine):
            give_back(wanted)


def test_a_line_of_quantity_nothing_comes_back_whole_and_once() -> None:
    odd = sold(basket(price_line(COLA, None, 0, gross_minor=150)), Tender("cash", 150))
    back = give_back({1: 0}, original=odd)
    assert back.due_minor == 150
    with pytest.raises(ReturnTooLarge):
        give_back({1: 0}, [back], original=odd)


def test_coupons_above_the_goods_are_paid_by_the_shopper_again() -> None:
    odd = sold(basket(price_line(COLA, COLA_PRICE, discounts=(Discount("coupon", 500, "manufacturer"),))))
    back = give_back({1: 1_000}, original=odd)
    assert (back.due_minor, back.change_minor, back.tenders) == (-150, 150, ())


def test_rounding_each_share_alone_would_make_a_negative_net() -> None:
    free = sold(
        basket(price_line(COLA, None, 2_000, gross_minor=2, discounts=(Discount("retail", 1), Discount("manual", 1))))
    )
    first = give_back({1: 1_000}, original=free)
    second = give_back({1: 1_000}, [first], original=free)
    assert [sale.lines[0].net_minor for sale in (first, second)] == [0, 0]
    assert [sum(d.amount_minor for d in sale.lines[0].discounts) for sale in (first, second)] == [1, 1]


def test_a_return_is_no_sale_to_return_from() -> None:
    back = give_back({3: 1_000})
    with pytest.raises(InvalidIdentity, match="a sale, not a return"):
        lines_left(back)
    with pytest.raises(InvalidIdentity, match="a return of sale"):
        lines_left(replace(GOOD, sale_id=SaleId("other")), [back])


def test_earlier_returns_that_contradict_the_sale_are_refused() -> None:
    back = give_back({3: 1_000})
    with pytest.raises(ReturnTooLarge):
        lines_left(GOOD, [back, replace(back, sale_id=SaleId("again"))])
    doubled = replace(back, lines=(replace(back.lines[0], quantity_milli=2_000),))
    with pytest.raises(ReturnTooLarge):
        lines_left(GOOD, [doubled])


def test_a_screen_can_show_the_amount_before() -> None:
    assert [line.net_minor for line in returned_lines(GOOD, {1: 1_000})] == [300]
