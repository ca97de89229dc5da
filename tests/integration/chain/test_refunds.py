"""Money back (F33): at the till once and no more than was paid, never for another store's receipt; and headquarters looks again."""

from pathlib import Path

import msgspec
import pytest

from domain.errors import ReturnTooLarge, SaleAlreadyReturned, SaleAlreadyVoided
from domain.ids import SaleId
from domain.sale import Sale
from edge_agent.errors import SaleNotFound
from edge_agent.handlers.commands import ReturnLines, VoidSale
from edge_agent.handlers.give_back import return_lines, void_sale
from protocol.facts import SaleCompleted
from tests.edge_store import LANE, TEA, Store, sale_id
from tests.integration.chain.till_and_office import Line, till_and_office


def give_back(shop: Store, sale: SaleId, milli: int, *, request_id: str = "") -> Sale:
    wish = ReturnLines(LANE, sale, sale_id(), {1: milli}, request_id=request_id)
    return shop.journal.call(lambda: return_lines(wish, shop.uow, shop.clock))


def test_f33_the_second_refund_is_refused_and_headquarters_books_one(tmp_path: Path) -> None:
    with till_and_office(tmp_path) as line:
        shop = line.shop
        sale = shop.sell(TEA, TEA)
        back = give_back(shop, sale.sale_id, 1000, request_id="r1")
        assert give_back(shop, sale.sale_id, 1000, request_id="r1") == back, "the same wish again, not another refund"
        with pytest.raises(ReturnTooLarge):
            give_back(shop, sale.sale_id, 1000)
        with pytest.raises(SaleAlreadyReturned):
            shop.journal.call(lambda: void_sale(VoidSale(sale.sale_id, "slip"), shop.uow, shop.clock))
        line.carry()
        assert [total for _, total in line.sales()] == [13600, 6800]
        assert "return_above_sale" not in kinds(line)
        assert line.chain.one("SELECT sum(amount_minor) FROM posting WHERE account = 'revenue'") == -6800


def test_f33_a_voided_sale_gives_nothing_back(tmp_path: Path) -> None:
    with till_and_office(tmp_path) as line:
        shop = line.shop
        sale = shop.sell(TEA)
        shop.journal.call(lambda: void_sale(VoidSale(sale.sale_id, "slip"), shop.uow, shop.clock))
        with pytest.raises(SaleAlreadyVoided):
            give_back(shop, sale.sale_id, 1000)
        line.carry()
        assert line.chain.one("SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = 'revenue'") == 0


def test_f33_another_stores_receipt_is_not_known_here(tmp_path: Path) -> None:
    with till_and_office(tmp_path) as line, pytest.raises(SaleNotFound):
        give_back(line.shop, sale_id(), 1000)


def test_f33_a_forged_refund_above_what_was_paid_is_booked_and_told(tmp_path: Path) -> None:
    """A store can be made to lie; its fact cannot be refused, but a person hears of it."""
    with till_and_office(tmp_path) as line:
        shop = line.shop
        sale = shop.sell(TEA)
        back = give_back(shop, sale.sale_id, 1000)
        forged = msgspec.structs.replace(back, sale_id=sale_id(), receipt_no=3)
        shop.journal.call(lambda: state(shop, SaleCompleted(forged)))
        line.carry()
        assert "return_above_sale" in kinds(line)


def state(shop: Store, fact: SaleCompleted) -> None:
    with shop.uow as uow:
        uow.facts.add(fact, shop.clock)
        uow.commit()


def kinds(line: Line) -> set[str]:
    return {str(kind) for (kind,) in line.chain.rows("SELECT kind FROM incident")}
