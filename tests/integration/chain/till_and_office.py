"""A store's real journal and headquarters' real ingest on one machine, with a test in the middle as the line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from coordinator.handlers.ingest import Arrival, Taken
from domain.catalogue import Item
from protocol.messages import Batch
from tests.contract.coordinator.chain import Chain
from tests.edge_store import ITEMS, Store, store
from tests.streams import batch_of


class Line:
    """Carries what the store has to headquarters, as often as a test wants."""

    def __init__(self, shop: Store, chain: Chain) -> None:
        self.shop, self.chain = shop, chain

    def batch(self, first: int = 1) -> Batch:
        """Return everything from ``first`` on."""
        outbox = self.shop.journal.outbox
        return self.shop.journal.call(lambda: batch_of(outbox, first, outbox.top()))

    def carry(self, batch: Batch | None = None) -> Taken:
        """Deliver a batch, by default everything that the store ever stated."""
        [taken] = self.chain.take(Arrival("S1", 0, batch or self.batch()))
        return taken

    def sales(self) -> list[tuple[str, int]]:
        """Return id and total of the sales at headquarters."""
        return [(str(i), int(m)) for i, m in self.chain.rows("SELECT sale_id, total_minor FROM sale ORDER BY sale_no")]


@contextmanager
def office_with_goods(folder: Path) -> Iterator[Chain]:
    """A headquarters (SQLite file) that sells what the tests' store sells."""
    chain = Chain(f"sqlite:///{folder / 'hq.db'}")
    with chain.uow() as uow:
        uow.catalogue.put_items(msgspec.convert(ITEMS, list[Item]))
        uow.commit()
    try:
        yield chain
    finally:
        chain.close()


@contextmanager
def till_and_office(folder: Path) -> Iterator[Line]:
    """Both ends and the line between them."""
    with office_with_goods(folder) as chain, store(folder) as shop:
        yield Line(shop, chain)
