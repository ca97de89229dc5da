"""Voids, returns, stock, the end of the day, receipts on their way to paper: what the other handlers do and refuse."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from domain.errors import ReturnTooLarge, SaleAlreadyVoided, UnknownLine
from domain.ids import LaneId, SaleId, SkuId
from edge_agent.errors import DayAlreadyClosed, LaneBusy, SaleNotFound
from edge_agent.handlers.baskets import BasketLine, GivenBasket, sell_basket
from edge_agent.handlers.commands import CloseDay, MoveStock, Reprint, Resume, ReturnLines, Step, VoidSale
from edge_agent.handlers.day import close_day
from edge_agent.handlers.give_back import return_lines, void_sale
from edge_agent.handlers.lane import ScanCode, scan
from edge_agent.handlers.printing import move_job, reprint, resume, take_job
from edge_agent.handlers.sell import step
from edge_agent.handlers.state import device_changed
from edge_agent.handlers.stock import move_stock
from edge_agent.ports import PrintState
from protocol.facts import DayClosed, DeviceStateChanged, SaleVoided, StockChange, StockMoved
from tests.edge_store import LANE, RICE, TEA, Store, sale_id, store


def do(shop: Store, handler: Any, cmd: Any, *, timed: bool = True) -> Any:
    return shop.journal.call(lambda: handler(cmd, shop.uow, shop.clock) if timed else handler(cmd, shop.uow))


def levels(shop: Store) -> dict[str, int]:
    return dict(shop.ask("SELECT sku, on_hand_milli FROM stock_level"))


def test_a_voided_sale_puts_its_goods_back_once(shop: Store) -> None:
    sale = shop.sell(TEA, RICE)
    do(shop, void_sale, VoidSale(sale.sale_id, "wrong till", "anna", "v1"))
    do(shop, void_sale, VoidSale(sale.sale_id, "wrong till", "anna", "v1"))
    assert levels(shop) == {"TEA": 0, "RICE": 0}
    assert [fact for fact in shop.facts() if isinstance(fact, SaleVoided)] == [
        SaleVoided(sale.sale_id, "wrong till", "2026-11-21", "anna")
    ]
    with pytest.raises(SaleAlreadyVoided):
        do(shop, void_sale, VoidSale(sale.sale_id, "again"))
    with pytest.raises(SaleAlreadyVoided):
        do(shop, return_lines, ReturnLines(LANE, sale.sale_id, sale_id(), {1: 1000}))
    with pytest.raises(SaleNotFound, match="nowhere"):
        do(shop, void_sale, VoidSale(SaleId("nowhere"), "x"))


def test_returns_take_back_no_more_than_was_sold(shop: Store) -> None:
    shop.ring(TEA, quantity_milli=3000)
    sale = shop.pay()
    wish = ReturnLines(LANE, sale.sale_id, sale_id(), {1: 2000}, request_id="r1")
    first = do(shop, return_lines, wish)
    again = do(shop, return_lines, wish)
    assert again == first
    assert (first.kind, first.receipt_no, first.total_minor) == ("return", 2, 2 * 6800)
    assert levels(shop) == {"TEA": -1000}
    with pytest.raises(ReturnTooLarge, match="1000"):
        do(shop, return_lines, ReturnLines(LANE, sale.sale_id, sale_id(), {1: 2000}))
    with pytest.raises(UnknownLine):
        do(shop, return_lines, ReturnLines(LANE, sale.sale_id, sale_id(), {9: 1000}))
    do(shop, void_sale, VoidSale(first.sale_id, "back again"))
    assert levels(shop) == {"TEA": -3000}
    assert do(shop, return_lines, ReturnLines(LANE, sale.sale_id, sale_id(), {1: 3000})).total_minor == 3 * 6800


def test_goods_that_come_are_one_movement(shop: Store) -> None:
    changes = (StockChange(SkuId("TEA"), 5000), StockChange(SkuId("TEA"), 1000), StockChange(SkuId("RICE"), -500))
    for _ in range(2):
        do(shop, move_stock, MoveStock("received", changes, "delivery 7", "m1"))
    assert levels(shop) == {"TEA": 6000, "RICE": -500}
    assert [fact for fact in shop.facts() if isinstance(fact, StockMoved)] == [
        StockMoved(shop.uow.place.store, "received", changes, "delivery 7")
    ]
    assert shop.ask("SELECT count(*) FROM stock_movement") == [(1,)]


def test_a_day_closes_by_receipts_and_once(shop: Store) -> None:
    first = [shop.sell(TEA), shop.sell(RICE)]
    do(shop, return_lines, ReturnLines(LANE, first[0].sale_id, sale_id(), {1: 1000}))
    closed = do(shop, close_day, CloseDay(LANE))
    assert (closed.first_receipt_no, closed.last_receipt_no, closed.sales, closed.total_minor) == (1, 3, 3, 4590)
    with pytest.raises(DayAlreadyClosed, match="2026-11-21"):
        do(shop, close_day, CloseDay(LANE))
    shop.clock.jump(datetime(2026, 11, 22, 9, tzinfo=UTC))
    empty = do(shop, close_day, CloseDay(LANE))
    assert (empty.first_receipt_no, empty.last_receipt_no, empty.sales) == (0, 0, 0)
    assert len([fact for fact in shop.facts() if isinstance(fact, DayClosed)]) == 2
    shop.sell(TEA)
    shop.clock.jump(datetime(2026, 11, 23, 9, tzinfo=UTC))
    third = do(shop, close_day, CloseDay(LANE))
    assert (third.first_receipt_no, third.sales) == (4, 1)


def test_a_device_that_changed_is_a_fact(shop: Store) -> None:
    shop.journal.call(lambda: device_changed("printer-1", "failed", "cover open", shop.uow, shop.clock))
    assert shop.facts() == [DeviceStateChanged("printer-1", "failed", "cover open")]


def test_a_print_job_goes_its_way_and_a_late_sent_changes_nothing(shop: Store) -> None:
    shop.sell(TEA)
    taken = shop.journal.call(lambda: take_job(shop.uow))
    assert taken is not None
    assert (taken.job.state, taken.sale.receipt_no) == ("sending", 1)
    assert shop.journal.call(lambda: take_job(shop.uow)) is None
    states: tuple[PrintState, ...] = ("sent", "printed", "sent")
    for state in states:
        shop.journal.call(partial(move_job, taken.job, state, "", shop.uow))
    assert shop.ask("SELECT state FROM print_job") == [("printed",)]
    assert do(shop, resume, Resume(LANE), timed=False).unprinted is None


def test_what_was_on_its_way_at_a_kill_is_asked_about(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("edge")
    with store(path) as before:
        sale = before.sell(TEA)
        before.journal.call(lambda: take_job(before.uow))
    with store(path) as after:
        stands = do(after, resume, Resume(LANE), timed=False)
        assert stands.unprinted == sale
        assert stands.job.state == "unknown"
        job = do(after, reprint, Reprint(sale.sale_id), timed=False)
        assert (job.copy, job.sale_number & 0xFFFF) == (1, 1)
        taken = after.journal.call(lambda: take_job(after.uow))
        assert taken is not None
        assert taken.job.copy == 1
        assert after.sell(RICE).receipt_no == 2
        with pytest.raises(SaleNotFound):
            do(after, reprint, Reprint(SaleId("nowhere")), timed=False)


def test_a_sale_without_a_printer_can_still_be_printed_as_a_copy(tmp_path_factory: pytest.TempPathFactory) -> None:
    with store(tmp_path_factory.mktemp("edge"), prints=False) as shop:
        sale = shop.sell(TEA)
        assert shop.ask("SELECT count(*) FROM print_job") == [(0,)]
        assert do(shop, reprint, Reprint(sale.sale_id), timed=False).copy == 1


def test_a_payment_code_pays_what_is_due_only_while_tendering(shop: Store) -> None:
    code = "134567890123456789"
    shop.ring(TEA)
    shop.journal.call(lambda: step(Step(LANE, "total"), shop.uow))
    done = do(shop, scan, ScanCode(LANE, sale_id(), code, None, request_id="p1"))
    assert done.sale is not None
    assert done.sale.tenders[0].reference == "wechat 1345**********6789"
    assert done.sale.tenders[0].amount_minor == 6800
    assert do(shop, scan, ScanCode(LANE, sale_id(), code, None, request_id="p1")) == done


GIVEN = GivenBasket("b1", "2017-01-05T10:00:00", "cash", (BasketLine(1000, TEA), BasketLine(2000, RICE)))


def sell_given(shop: Store, given: GivenBasket = GIVEN) -> Any:
    return shop.journal.call(lambda: sell_basket(given, LaneId("1"), sale_id(), shop.uow, shop.clock))


def test_a_given_basket_is_taken_up_where_a_kill_stopped_it(shop: Store) -> None:
    shop.ring(TEA, source_ref="b1")
    sale = sell_given(shop)
    assert [line.sku for line in sale.lines] == ["TEA", "RICE"]
    assert sell_given(shop) == sale


def test_what_another_basket_left_on_the_lane_is_given_up(shop: Store) -> None:
    shop.ring(RICE, source_ref="b0")
    assert [line.sku for line in sell_given(shop).lines] == ["TEA", "RICE"]


def test_a_given_basket_with_a_time_that_is_none_is_refused(shop: Store) -> None:
    from msgspec.structs import replace

    from domain.errors import DomainError

    with pytest.raises(DomainError, match="soon"):
        sell_given(shop, replace(GIVEN, at="soon"))
    assert shop.ask("SELECT count(*) FROM sale") == [(0,)]


def test_a_given_basket_without_a_name_is_refused_and_takes_nobodys_lines(shop: Store) -> None:
    from msgspec.structs import replace

    from domain.errors import DomainError

    shop.ring(RICE)  # a cashier's own, which has no name either
    with pytest.raises(DomainError, match="source_ref of a basket is empty"):
        sell_given(shop, replace(GIVEN, source_ref=""))
    assert [line.sku for line in shop.pay().lines] == ["RICE"]


def test_old_answers_are_let_go_and_young_ones_stay(shop: Store) -> None:
    shop.sell(TEA, request_id="r1")
    shop.ring(TEA, request_id="s1")
    shop.ask("UPDATE request SET at_s = at_s - 2 * 86400")
    assert shop.journal.call(lambda: shop.journal.release(0, 0)) == 1
    assert shop.ask("SELECT request_id FROM request") == [("r1",)]
    shop.ask("UPDATE request SET at_s = at_s - 40 * 86400")
    assert shop.journal.call(lambda: shop.journal.release(0, 0)) == 1
    assert shop.journal.call(lambda: shop.journal.release(0, 0)) == 0


def test_a_given_basket_does_not_push_a_persons_sale_aside(shop: Store) -> None:
    shop.ring(TEA)
    with pytest.raises(LaneBusy):
        sell_given(shop)
    [(lines,)] = shop.ask("SELECT count(*) FROM basket_line WHERE no > 0")
    assert lines == 1, "what the person had scanned is still there"
    shop.pay()
    assert sell_given(shop).source_ref == "b1"
