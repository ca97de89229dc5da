"""Ringing up, voiding, paying."""

import msgspec
import pytest

from domain.basket import STEPS, Basket, advance, amounts, identify, open_lines, ring_up, settle, total, void_line
from domain.errors import (
    EmptyBasket,
    ImpossibleSale,
    InvalidMoney,
    LineAlreadyVoided,
    TenderTooLarge,
    TenderTooSmall,
    UnknownLine,
    WrongStep,
)
from domain.ids import EdgeId, LaneId, MemberNo, SaleId, StoreId
from domain.limits import MAX_LINES
from domain.pricing import price_line
from domain.sale import Discount, Tender, verify
from tests.unit.domain.tills import COLA, COLA_PRICE, HAM, HAM_PRICE, NOON, basket, sold

COLA_LINE = price_line(COLA, COLA_PRICE)
HAM_LINE = price_line(HAM, HAM_PRICE)


def test_lines_are_numbered_as_they_come() -> None:
    filled = basket(COLA_LINE, HAM_LINE, COLA_LINE)
    assert [line.no for line in filled.lines] == [1, 2, 3]
    assert amounts(filled.lines) == (7_690, 7_690)
    assert filled.state == "shopping"


def test_a_voided_line_keeps_its_place_in_the_basket_and_leaves_the_sale() -> None:
    filled = void_line(basket(COLA_LINE, HAM_LINE, COLA_LINE), 2)
    assert [line.no for line in filled.lines] == [1, 2, 3]
    assert [line.no for line in open_lines(filled)] == [1, 3]
    sale = sold(ring_up(filled, HAM_LINE), Tender("cash", 10_000))
    assert [(line.no, line.sku) for line in sale.lines] == [(1, "cola"), (2, "cola"), (3, "ham")]
    verify(sale)


def test_cash_gives_change() -> None:
    sale = sold(basket(COLA_LINE, HAM_LINE), Tender("qr", 340), Tender("cash", 10_000))
    assert (sale.total_minor, sale.due_minor, sale.change_minor) == (7_340, 7_340, 3_000)
    assert sale.completed_at == "2026-05-01T04:00:00+00:00"
    verify(sale)


def test_too_little_and_too_much() -> None:
    with pytest.raises(TenderTooSmall, match="tender 349 is below what is due, 350") as small:
        sold(basket(COLA_LINE), Tender("cash", 349))
    assert small.value.missing_minor == 1
    with pytest.raises(TenderTooLarge) as large:
        sold(basket(COLA_LINE), Tender("qr", 351))
    assert (large.value.tendered_minor, large.value.left_minor) == (351, 350)


@pytest.mark.parametrize(
    ("tenders", "thing"),
    [
        ([Tender("cash", 0), Tender("cash", 350)], "cash tender"),
        ([Tender("cash", 700), Tender("qr", -350)], "qr tender"),
        ([Tender("cash", 10**12 + 1)], "cash tender"),
        ([Tender("cash", 350)] * 17, "number of tenders"),
        ([Tender("qr", 350, "T-1\x1b")], "reference of the qr tender"),
        ([Tender("qr", 350, "T" * 129)], "reference of the qr tender"),
    ],
)
def test_tenders_that_cannot_be(tenders: list[Tender], thing: str) -> None:
    with pytest.raises(InvalidMoney) as caught:
        sold(basket(COLA_LINE), *tenders)
    assert caught.value.thing == thing


def test_coupons_above_the_goods_are_given_back_without_a_tender() -> None:
    line = price_line(COLA, COLA_PRICE, discounts=(Discount("coupon", 500, "manufacturer"),))
    sale = sold(basket(line))
    assert (sale.total_minor, sale.due_minor, sale.change_minor, sale.tenders) == (350, -150, 150, ())
    verify(sale)
    with pytest.raises(TenderTooLarge):
        sold(basket(line), Tender("qr", 1))
    with pytest.raises(ImpossibleSale, match="give no change is 1, expected at most what is due, 0"):
        verify(msgspec.structs.replace(sale, tenders=(Tender("qr", 1),), change_minor=151))


def test_a_free_sale_needs_no_tender() -> None:
    sale = sold(basket(price_line(COLA, None, gross_minor=0)))
    assert (sale.due_minor, sale.change_minor) == (0, 0)
    verify(sale)


def test_member_and_source_travel_into_the_sale() -> None:
    filled = identify(Basket(LaneId("1"), "CNY", price_version=7, source_ref="b-1"), MemberNo("H1"))
    assert filled.state == "shopping"
    sale = sold(ring_up(filled, COLA_LINE), Tender("cash", 350))
    assert (sale.member, sale.price_version, sale.source_ref, sale.lane) == ("H1", 7, "b-1", "1")


def test_nothing_left_to_pay() -> None:
    with pytest.raises(WrongStep):
        total(basket())
    with pytest.raises(EmptyBasket):
        total(void_line(basket(COLA_LINE), 1))
    with pytest.raises(EmptyBasket):
        settle(
            Basket(LaneId("1"), "CNY", state="tendering"),
            (),
            sale_id=SaleId("x"),
            edge=EdgeId("S2"),
            store=StoreId("2"),
            epoch=1,
            receipt_no=1,
            business_date="2026-05-01",
            completed_at=NOON,
        )


def test_lines_that_are_not_there_or_gone() -> None:
    filled = basket(COLA_LINE)
    for no in (0, 2, -1):
        with pytest.raises(UnknownLine):
            void_line(filled, no)
    with pytest.raises(LineAlreadyVoided):
        void_line(void_line(filled, 1), 1)


def test_a_line_that_contradicts_itself_is_not_rung_up() -> None:
    with pytest.raises(ImpossibleSale, match="net_minor of line 1"):
        basket(msgspec.structs.replace(COLA_LINE, net_minor=1))


def test_a_full_basket_says_what_to_do() -> None:
    full = basket(*[COLA_LINE] * MAX_LINES)
    with pytest.raises(ImpossibleSale, match="second sale"):
        ring_up(full, COLA_LINE)


def test_while_tendering_nothing_is_rung_up() -> None:
    tendering = total(basket(COLA_LINE))
    with pytest.raises(WrongStep, match="a basket that is tendering takes no ring_up") as caught:
        ring_up(tendering, COLA_LINE)
    assert set(caught.value.allowed) == {"back", "settle", "intervene", "cancel"}
    assert advance(tendering, "back").state == "shopping"


def test_shopping_cannot_be_settled_without_a_total() -> None:
    with pytest.raises(WrongStep):
        advance(basket(COLA_LINE), "settle")


def test_every_state_ends_in_closed_and_closed_is_the_end() -> None:
    states = {state for state, _ in STEPS} | set(STEPS.values())
    for state in states - {"closed"}:
        reached: set[str] = set()
        grown: set[str] = {state}
        while grown - reached:
            reached |= grown
            grown = {after for (at, _), after in STEPS.items() if at in reached}
        assert "closed" in reached, state
    assert not [event for at, event in STEPS if at == "closed"]
    assert ("paid", "cancel") not in STEPS


def test_a_basket_survives_the_disk_line_by_line() -> None:
    filled = void_line(basket(COLA_LINE, HAM_LINE), 1)
    kept = msgspec.json.decode(msgspec.json.encode(filled), type=Basket)
    assert kept == filled
    assert ring_up(kept, COLA_LINE).lines[:2] == filled.lines
