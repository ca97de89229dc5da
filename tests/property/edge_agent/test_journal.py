"""The journal against a model: whatever is scanned, paid, taken back, killed, acknowledged or renumbered, the books agree."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from domain.errors import DomainError
from domain.ids import SkuId
from domain.sale import Sale
from edge_agent.db.audit import sales_unlike_their_facts
from edge_agent.db.journal import Journal, open_journal
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.stock import differences
from edge_agent.db.writer import Writer
from edge_agent.handlers.commands import MoveStock, ReturnLines, Step, VoidLine, VoidSale
from edge_agent.handlers.give_back import return_lines, void_sale
from edge_agent.handlers.sell import step, void_line
from edge_agent.handlers.stock import move_stock
from edge_agent.memory import SettableClock, SettableRoom
from protocol.codec import decode_event, decode_fact
from protocol.facts import SaleCompleted, StockChange
from protocol.sender import Acknowledged, StartEpoch
from tests.edge_store import CASE_OF_TEA, LANE, RICE, TEA, Store, sale_id, stock_up

CODES = {TEA: ("TEA", 1000), RICE: ("RICE", 1000), CASE_OF_TEA: ("TEA", 12_000)}


class Books(RuleBasedStateMachine):
    """One store, and beside it what a person with a pencil would have written down."""

    sold = Bundle("sold")

    @initialize()
    def open_the_shop(self) -> None:
        base = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=base if base.is_dir() else None))
        self.writer = Writer()
        self.basket: list[tuple[str, int]] = []
        self.voided: set[int] = set()
        self.stock: dict[str, int] = {}
        self.receipts: list[tuple[int, int]] = []
        self.totals: dict[str, int] = {}
        self.gone: set[str] = set()
        self.epoch, self.released = 1, 0
        self._open()

    def _open(self) -> None:
        self.journal: Journal = open_journal(self.folder / "edge.db", self.writer)
        self.writer.call(lambda: stock_up(self.journal))
        self.shop = Store(self.journal, SettableClock(), SettableRoom(), prints=True)
        self.relay = SqliteRelayJournal(
            self.journal,
            self.shop.clock,
            boot_id="b",
            software="test",
            fetch=_never,
            in_thread=_never,
            free_bytes=lambda: 0,
            epoch_started=lambda _: None,
        )

    def _move(self, sku: str, milli: int) -> None:
        self.stock[sku] = self.stock.get(sku, 0) + milli

    def _receipt(self, sale: Sale) -> None:
        last = [number for epoch, number in self.receipts if epoch == self.epoch]
        assert (sale.epoch, sale.receipt_no) == (self.epoch, len(last) + 1)
        self.receipts.append((sale.epoch, sale.receipt_no))
        self.totals[sale.sale_id] = sale.total_minor

    @rule(code=st.sampled_from(sorted(CODES)), quantity=st.integers(1, 5000))
    def scan(self, code: str, quantity: int) -> None:
        self.shop.ring(code, quantity_milli=quantity)
        sku, factor = CODES[code]
        self.basket.append((sku, quantity * factor // 1000))

    @precondition(lambda self: len(self.basket) > len(self.voided))
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        no = data.draw(st.sampled_from([at for at in range(1, len(self.basket) + 1) if at not in self.voided]))
        self.journal.call(lambda: void_line(VoidLine(LANE, no), self.shop.uow))
        self.voided.add(no)

    @precondition(lambda self: self.basket)
    @rule()
    def cancel(self) -> None:
        self.journal.call(lambda: step(Step(LANE, "cancel"), self.shop.uow))
        self.basket, self.voided = [], set()

    @precondition(lambda self: len(self.basket) > len(self.voided))
    @rule(target=sold, twice=st.booleans())
    def pay(self, twice: bool) -> Any:
        sale = self.shop.pay(request_id=f"r{len(self.receipts)}")
        if twice:
            assert self.shop.pay(request_id=f"r{len(self.receipts)}") == sale
        self._receipt(sale)
        for no, (sku, milli) in enumerate(self.basket, 1):
            if no not in self.voided:
                self._move(sku, -milli)
        self.basket, self.voided = [], set()
        return sale

    @precondition(lambda self: not self.basket)
    @rule(target=sold, codes=st.lists(st.sampled_from(sorted(CODES)), min_size=1, max_size=4))
    def sell(self, codes: list[str]) -> Any:
        for code in codes:
            self.scan(code, 1000)
        return self.pay(twice=False)

    @rule(sale=consumes(sold))
    def void_a_sale(self, sale: Sale) -> None:
        self.journal.call(lambda: void_sale(VoidSale(sale.sale_id, "changed my mind"), self.shop.uow, self.shop.clock))
        for line in sale.lines:
            self._move(line.sku, line.stock_milli)

    @rule(sale=consumes(sold))
    def return_all_of_it(self, sale: Sale) -> None:
        wanted = {line.no: line.quantity_milli for line in sale.lines}
        cmd = ReturnLines(LANE, sale.sale_id, sale_id(), wanted)
        returned = self.journal.call(lambda: return_lines(cmd, self.shop.uow, self.shop.clock))
        assert returned.total_minor == sale.total_minor
        self._receipt(returned)
        for line in sale.lines:
            self._move(line.sku, line.stock_milli)

    @rule(sku=st.sampled_from(["TEA", "RICE"]), milli=st.integers(-9000, 9000).filter(bool), name=st.integers(0, 5))
    def receive(self, sku: str, milli: int, name: int) -> None:
        known = f"m{name}" in self.gone
        changes = (StockChange(SkuId(sku), milli),)
        cmd = MoveStock("counted", changes, "", f"m{name}")
        self.journal.call(lambda: move_stock(cmd, self.shop.uow, self.shop.clock))
        self.gone.add(f"m{name}")
        if not known:
            self._move(sku, milli)

    @rule(clean=st.booleans())
    def restart(self, clean: bool) -> None:
        self.journal.call(self.journal.close if clean else self.journal.connection.close)
        self._open()
        assert self.shop.boot.was_clean is clean

    @rule(share=st.floats(0, 1))
    def acknowledge(self, share: float) -> None:
        at = self.journal.call(self.journal.outbox.position)
        up_to = max(at.acked, int(at.top * share))
        self.journal.call(lambda: self.relay.keep([Acknowledged(up_to, up_to, 1)]))
        self.journal.call(lambda: self.journal.release(2**50, 0))

    @rule()
    def begin_an_epoch(self) -> None:
        self.epoch += 1
        self.journal.call(lambda: self.relay.keep([StartEpoch(self.epoch, "rolled back")]))

    @rule(code=st.sampled_from(["", "x" * 3000, "6901234567890", "\x1b"]))
    def scan_nonsense(self, code: str) -> None:
        with pytest.raises(DomainError):
            self.shop.ring(code)

    @invariant()
    def the_books_agree(self) -> None:
        assert dict(self.shop.ask("SELECT sku, on_hand_milli FROM stock_level WHERE on_hand_milli <> 0")) == {
            sku: milli for sku, milli in self.stock.items() if milli
        }
        assert self.shop.ask("SELECT epoch, receipt_no FROM sale ORDER BY number") == sorted(self.receipts)
        assert dict(self.shop.ask("SELECT sale_id, total_minor FROM sale")) == self.totals
        basket = self.journal.call(lambda: self.shop.uow.baskets.load(LANE))
        lines = [(line.sku, line.stock_milli) for line in basket.lines] if basket else []
        assert (lines, set(basket.voided) if basket else set()) == (self.basket, self.voided)

    @invariant()
    def the_stream_is_whole(self) -> None:
        self.journal.call(self.journal.verify)
        connection = self.journal.connection
        assert self.journal.call(lambda: sales_unlike_their_facts(connection)) == []
        assert self.journal.call(lambda: differences(connection)) == []
        at = self.journal.call(self.journal.outbox.position)
        assert at.epoch == self.epoch
        kept = self.journal.call(lambda: self.journal.outbox.read(at.base + 1, 10**6, 10**9))
        assert len(kept) == at.top - at.base
        stated = {
            fact.sale.sale_id for fact in map(decode_fact, map(decode_event, kept)) if isinstance(fact, SaleCompleted)
        }
        assert stated <= set(self.totals)

    def teardown(self) -> None:
        if hasattr(self, "writer"):
            self.shop.close()
            self.writer.close()
            shutil.rmtree(self.folder)


def _never(*_: Any) -> Any:
    raise AssertionError("no snapshot comes in this test")


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBooks.pytestmark = [pytest.mark.timeout(300)]  # type: ignore[attr-defined]
