"""Errors of the disk at the n-th call for every n: the whole effect or none, and never on as if nothing were (F06, F08, F13)."""

from collections.abc import Callable

import apsw
import pytest

from domain.ids import SaleId
from edge_agent.db.connection import prepare
from edge_agent.db.journal import Journal
from edge_agent.db.writer import Writer
from edge_agent.errors import DiskFull, StorageError, StorageFailed
from edge_agent.memory import SettableClock, SettableRoom
from tests.edge_store import RICE, TEA, Store, sale_id, stock_up
from tests.faulty_disk import Disk, FaultyConnection

Fault = Callable[[str, int], None]


class Shop:
    """A store on a faulty disk, with one sale made before the faults begin."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.writer = Writer()
        self._open()
        self.writer.call(lambda: stock_up(self.store.journal))
        self.store.sell(TEA)

    def _open(self) -> None:
        self.connection = FaultyConnection(self.disk)
        prepare(self.connection.as_sqlite3(), "edge.db")
        self.connection.execute("PRAGMA wal_autocheckpoint=8")
        journal = Journal(self.connection.as_sqlite3(), "edge.db", self.writer)
        self.store = Store(journal, SettableClock(), SettableRoom(), prints=True)

    def fail_at(self, n: int, error: type[apsw.Error], *, once: bool = False) -> None:
        first = self.disk.calls + n

        def fault(call: str, number: int) -> None:
            if number == first or (not once and number > first and call in ("write", "sync")):
                raise error("injected")

        self.disk.fault = fault

    def restart(self) -> None:
        """Kill the process: what the operating system had in its cache is kept, what SQLite knew is forgotten."""
        self.disk.fault = None
        self.connection.close()
        self._open()

    def sales(self) -> list[SaleId]:
        return [row[0] for row in self.store.ask("SELECT sale_id FROM sale ORDER BY number")]

    def end(self) -> None:
        self.disk.fault = None
        self.connection.close()
        self.writer.close()


def steps_of_a_sale() -> int:
    shop = Shop()
    before = shop.disk.calls
    shop.store.sell(TEA, RICE)
    shop.end()
    return shop.disk.calls - before


def attempt(n: int, error: type[apsw.Error], *, once: bool) -> None:
    shop = Shop()
    try:
        shop.fail_at(n, error, once=once)
        wanted = sale_id()
        done = refused = False
        try:
            shop.store.ring(TEA)
            shop.store.ring(RICE)
            shop.store.pay(sale_id=wanted)
            done = True
        except StorageError as failure:
            refused = isinstance(failure, DiskFull)
        failed = shop.store.uow.failure is not None
        if failed:
            with pytest.raises(StorageFailed):
                shop.store.ring(TEA)
        shop.restart()
        assert shop.store.ask("PRAGMA integrity_check") == [("ok",)]
        assert shop.store.journal.verify() >= 1
        assert shop.store.ask("SELECT count(*) FROM outbox") == shop.store.ask("SELECT count(*) FROM sale")
        sales = shop.sales()
        if done:
            assert wanted in sales
        if refused:
            assert wanted not in sales
        assert shop.store.sell(TEA).receipt_no == len(sales) + 1
    finally:
        shop.end()


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError])
@pytest.mark.parametrize("once", [True, False])
def test_an_error_at_every_call_has_the_whole_effect_or_none(error: type[apsw.Error], once: bool) -> None:
    calls = steps_of_a_sale()
    assert calls > 30
    for n in range(1, calls + 2):
        attempt(n, error, once=once)


def test_a_full_disk_refuses_the_sale_and_the_next_try_works_when_there_is_room() -> None:
    shop = Shop()
    shop.store.ring(TEA)
    shop.fail_at(1, apsw.FullError)
    with pytest.raises(DiskFull, match="nothing was changed"):
        shop.store.pay()
    assert shop.store.uow.failure is None
    shop.disk.fault = None
    assert shop.store.pay().receipt_no == 2
    shop.end()


def test_a_failed_flush_is_never_tried_again_as_if_it_were_fine() -> None:
    shop = Shop()
    shop.store.ring(TEA)

    def fault(call: str, number: int) -> None:
        if call == "sync":
            raise apsw.IOError("injected")

    shop.disk.fault = fault
    with pytest.raises(StorageFailed, match="starts again from disk"):
        shop.store.pay()
    shop.disk.fault = None
    syncs = sum(type(step).__name__ == "Sync" for step in shop.disk.steps)
    with pytest.raises(StorageFailed):
        shop.store.pay()
    assert sum(type(step).__name__ == "Sync" for step in shop.disk.steps) == syncs
    shop.restart()
    assert shop.store.pay().receipt_no in (2, 3)
    shop.end()


def test_a_read_that_fails_outside_a_transaction_stops_the_journal_too() -> None:
    shop = Shop()
    with pytest.raises(StorageFailed, match="reading"):
        shop.store.ask("SELECT * FROM a_table_that_the_damage_took")
    with pytest.raises(StorageFailed):
        shop.store.ring(TEA)
    shop.restart()
    assert shop.store.sell(TEA).receipt_no == 2
    shop.end()
