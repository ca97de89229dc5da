import contextlib
from datetime import UTC, datetime

import pytest

from domain.errors import DomainError, EmptyBasket, PriceMissing, SaleAlreadyReturned, TenderTooSmall, WrongStep
from domain.ids import MemberNo
from domain.sale import Discount, Tender
from edge_agent.errors import BasketFull, NothingOnLane, RequestReused, ReserveReached, UnknownBarcode
from edge_agent.handlers.commands import CheckOut, Identify, ReturnLines, Step, VoidLine, VoidSale
from edge_agent.handlers.give_back import return_lines, void_sale
from edge_agent.handlers.sell import check_out, identify, step, void_line
from protocol.facts import SaleCompleted
from tests.edge_store import CASE_OF_TEA, LANE, RICE, TEA, UNPRICED, Store, sale_id, store


def test_a_sale_is_one_commit_with_number_stock_fact_and_print_job(shop: Store) -> None:
    shop.ring(TEA)
    shop.ring(RICE, quantity_milli=2000)
    sale = shop.pay(exact=None, tenders=(Tender("cash", 20_000),))
    assert (sale.total_minor, sale.change_minor, sale.receipt_no, sale.epoch) == (6800 + 2 * 4590, 4020, 1, 1)
    assert sale.business_date == "2026-11-21"
    assert sale.price_version == 7
    assert shop.facts() == [SaleCompleted(sale)]
    assert shop.ask("SELECT sku, on_hand_milli FROM stock_level ORDER BY sku") == [("RICE", -2000), ("TEA", -1000)]
    assert shop.ask("SELECT sale_number, copy, state FROM print_job") == [(1 << 32 | 1, 0, "queued")]
    assert shop.ask("SELECT count(*) FROM basket_line") == [(0,)]
    assert shop.ask("SELECT epoch, receipt_no, total_minor, lane, kind FROM sale") == [(1, 1, 15_980, "1", "sale")]


def test_receipt_numbers_are_gapless_through_refused_payments(shop: Store) -> None:
    first = shop.sell(TEA)
    shop.ring(TEA)
    with pytest.raises(TenderTooSmall, match="6800"):
        shop.pay(exact=None, tenders=(Tender("cash", 1),))
    second = shop.pay()
    assert (first.receipt_no, second.receipt_no) == (1, 2)


def test_a_case_moves_and_costs_its_units(shop: Store) -> None:
    sale = shop.sell(CASE_OF_TEA)
    assert sale.total_minor == 12 * 6800
    assert shop.ask("SELECT on_hand_milli FROM stock_level") == [(-12_000,)]


def test_a_weighed_label_is_found_by_its_plu(shop: Store) -> None:
    basket = shop.ring("2106013040083")  # 21 = amount in fen, item 06013, 40.08
    assert (basket.lines[0].sku, basket.lines[0].gross_minor, basket.lines[0].price_source) == ("PLUMS", 4008, "label")


def test_a_gs1_code_with_batch_and_serial_is_the_item_and_its_separator_stays_out_of_the_sale(shop: Store) -> None:
    basket = shop.ring(f"]C101{TEA.zfill(14)}10LOT-7\x1d21SERIAL")
    assert (basket.lines[0].sku, basket.lines[0].gross_minor) == ("TEA", 6800)
    assert "\x1d" not in basket.lines[0].code


def test_an_amount_given_by_hand_keeps_its_named_discounts(shop: Store) -> None:
    discounts = (Discount("retail", 100), Discount("coupon", 50, "manufacturer", "spring"))
    sale = shop.ring(sku="TEA", code="", gross_minor=500, discounts=discounts)
    assert sale.lines[0].price_source == "given"
    done = shop.pay()
    assert (done.total_minor, done.due_minor) == (400, 350)
    assert done.lines[0].discounts == discounts


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("9520000000998", "no item"),
        ("9520000000011x", "no item"),
        ("6901234567890", "check digit"),
        ("134567890123456789", "payment code"),
        ("\x1b@ESC", "control character"),
        ("", "empty"),
        ("x" * 5000, "too long"),
    ],
)
def test_what_cannot_be_sold_is_refused_and_changes_nothing(shop: Store, code: str, reason: str) -> None:
    with pytest.raises(UnknownBarcode, match=reason) as refused:
        shop.ring(code)
    assert "\x1b" not in str(refused.value)
    assert shop.ask("SELECT count(*) FROM basket_line") == [(0,)]


def test_an_item_without_price_is_refused_by_name(shop: Store) -> None:
    with pytest.raises(PriceMissing, match="NEW"):
        shop.ring(UNPRICED)


def test_a_repeat_gets_the_first_sale(shop: Store) -> None:
    first = shop.sell(TEA, request_id="r1")
    again = shop.pay(request_id="r1")
    assert again == first
    shop.ring(TEA, source_ref="b7")
    with_ref = shop.pay(source_ref="b7")
    assert shop.pay(source_ref="b7") == with_ref
    assert shop.ask("SELECT count(*) FROM sale") == [(2,)]
    assert len(shop.facts()) == 2


def test_a_repeated_scan_is_one_line(shop: Store) -> None:
    shop.ring(TEA, request_id="s1")
    assert len(shop.ring(TEA, request_id="s1").lines) == 1
    with pytest.raises(RequestReused, match="s1"):
        shop.pay(request_id="s1")


def test_a_scan_that_is_repeated_after_its_sale_begins_no_other_one(shop: Store) -> None:
    shop.ring(TEA, request_id="s1")
    shop.pay()
    with pytest.raises(NothingOnLane):
        shop.ring(TEA, request_id="s1")
    assert shop.uow.failure is None
    assert shop.ring(TEA, request_id="s2").lines[0].no == 1


def test_lines_are_voided_and_steps_go_back_and_forth(shop: Store) -> None:
    shop.ring(TEA)
    shop.ring(RICE)
    uow = shop.uow
    shop.journal.call(lambda: void_line(VoidLine(LANE, 1), uow))
    shop.journal.call(lambda: identify(Identify(LANE, MemberNo("H1")), uow))
    assert shop.journal.call(lambda: step(Step(LANE, "total"), uow)).state == "tendering"
    with pytest.raises((WrongStep, UnknownBarcode)):
        shop.ring(TEA)
    assert shop.journal.call(lambda: step(Step(LANE, "back"), uow)).state == "shopping"
    sale = shop.pay()
    assert [line.sku for line in sale.lines] == ["RICE"]
    assert sale.member == "H1"


def test_a_cancelled_sale_leaves_nothing(shop: Store) -> None:
    shop.ring(TEA)
    assert shop.journal.call(lambda: step(Step(LANE, "cancel"), shop.uow)).state == "closed"
    with pytest.raises(NothingOnLane):
        shop.pay()
    assert shop.facts() == []


def test_an_empty_basket_cannot_be_paid(shop: Store) -> None:
    shop.ring(TEA)
    shop.journal.call(lambda: void_line(VoidLine(LANE, 1), shop.uow))
    with pytest.raises(EmptyBasket):
        shop.pay()


def test_no_new_sale_on_the_reserve_but_the_open_one_is_finished(shop: Store) -> None:
    shop.ring(TEA)
    shop.room.full = True
    shop.ring(RICE)
    shop.pay()
    with pytest.raises(ReserveReached, match="200 MB"):
        shop.ring(TEA)


def test_a_sale_from_another_system_carries_its_own_time(shop: Store) -> None:
    at = datetime(2017, 1, 1, 23, 30, tzinfo=UTC)
    shop.ring(TEA, started_at=at, source_ref="b1")
    sale = shop.pay(completed_at=at, source_ref="b1")
    assert (sale.business_date, sale.completed_at) == ("2017-01-02", "2017-01-01T23:30:00+00:00")


def test_the_open_basket_survives_a_restart_to_the_letter(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("edge")
    with store(path) as before:
        before.ring(TEA)
        before.ring(RICE, discounts=(Discount("manual", 90, name="dent"),))
        before.journal.call(lambda: void_line(VoidLine(LANE, 1), before.uow))
        basket = before.journal.call(lambda: before.uow.baskets.load(LANE))
    with store(path) as after:
        assert after.boot.boots == 2
        assert after.boot.was_clean
        assert after.journal.call(lambda: after.uow.baskets.load(LANE)) == basket
        assert after.pay().total_minor == 4500


def test_a_refused_command_leaves_the_remembered_basket_as_on_disk(shop: Store) -> None:
    shop.ring(TEA)
    with pytest.raises(DomainError):
        shop.journal.call(lambda: check_out(CheckOut(LANE, sale_id(), (Tender("qr", 9999),)), shop.uow, shop.clock))
    assert len(shop.ring(TEA).lines) == 2
    assert shop.ask("SELECT count(*) FROM basket_line") == [(3,)]


def test_a_sale_of_which_something_came_back_cannot_be_voided_on_top(shop: Store) -> None:
    sale = shop.sell(TEA)
    call = shop.journal.call
    back = call(lambda: return_lines(ReturnLines(LANE, sale.sale_id, sale_id(), {1: 400}), shop.uow, shop.clock))
    with pytest.raises(SaleAlreadyReturned, match="return the rest of it"):
        call(lambda: void_sale(VoidSale(sale.sale_id, "mistake"), shop.uow, shop.clock))
    assert shop.ask("SELECT on_hand_milli FROM stock_level") == [(-600,)]
    call(lambda: void_sale(VoidSale(back.sale_id, "mistake"), shop.uow, shop.clock))
    call(lambda: void_sale(VoidSale(sale.sale_id, "mistake"), shop.uow, shop.clock))
    assert shop.ask("SELECT on_hand_milli FROM stock_level") == [(0,)]


def test_a_sale_that_would_not_fit_one_fact_is_stopped_at_the_line_and_can_be_paid(shop: Store) -> None:
    discounts = tuple(Discount("manual", 1, name="很" * 200) for _ in range(30))
    with contextlib.suppress(BasketFull):
        while True:
            shop.ring(TEA, discounts=discounts)
    with pytest.raises(BasketFull, match="second sale"):
        shop.ring(TEA, discounts=discounts)
    sale = shop.pay()
    assert len(sale.lines) > 3
    assert shop.ask("SELECT max(length(bytes)) < 131072 FROM outbox") == [(1,)]
    assert len(shop.ring(TEA, discounts=discounts).lines) == 1
