"""T-ODOO-1 … 6: how another point of sale lost or doubled orders over the years, each against our real journal and our real ingest.

Its issues: time-outs that made duplicates (40567, 40600, 85527, 152259), equal references that hid orders (71455), paid offline orders
that were lost (288974), retries under the same id that crashed (258304).
"""

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coordinator.handlers.ingest import Arrival
from domain.ids import LaneId
from edge_agent.bootstrap import open_edge
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.writer import Writer
from edge_agent.errors import AlreadyRunning
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.settings import load
from link.certificates import CertificateAuthority
from protocol.downlink import Apply
from protocol.messages import Batch, DownEntry, DownlinkPosition
from protocol.receiver import StreamPosition
from tests.contract.coordinator.chain import Chain
from tests.edge_headquarters import enrolled, plain
from tests.edge_store import LANE, RICE, TEA, Store, sale_id, store
from tests.integration.chain.till_and_office import Line, office_with_goods, till_and_office


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with till_and_office(tmp_path) as both:
        yield both


def test_t_odoo_1_a_timeout_after_the_commit_and_a_retry_make_one_sale(line: Line) -> None:
    shop = line.shop
    shop.ring(TEA)
    first = shop.pay(request_id="pay-7")
    again = shop.pay(request_id="pay-7")  # the till heard no answer
    assert again == first
    line.carry()
    repeated = line.carry()  # the relay heard no ack
    assert (repeated.applied, repeated.sales) == (0, 0)
    assert line.sales() == [(first.sale_id, first.total_minor)]


def test_t_odoo_2_two_processes_cannot_work_on_one_outbox(tmp_path: Path) -> None:
    enrolled(CertificateAuthority(tmp_path / "ca"), tmp_path / "s1", "S1", "1", 9)
    settings = load(None, tmp_path / "s1", plain(9)).settings
    writer = Writer()
    first = open_edge(settings, writer)
    with pytest.raises(AlreadyRunning):
        open_edge(settings, writer)
    first.close()
    open_edge(settings, writer).close()
    writer.close()


def test_t_odoo_2_two_senders_of_one_outbox_at_once_make_each_sale_once(line: Line) -> None:
    sold = [line.shop.sell(TEA) for _ in range(6)]
    batches = [line.batch(), line.batch(), line.batch()]
    threads = [threading.Thread(target=line.carry, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert line.sales() == [(sale.sale_id, sale.total_minor) for sale in sold]


def test_t_odoo_3_two_tills_of_a_store_share_one_gapless_series(line: Line) -> None:
    shop = line.shop
    numbers = []
    for lane in map(LaneId, ["1", "2", "1", "2", "2"]):
        for code in (TEA, RICE):
            ring = RingUp(lane, code=code)
            shop.journal.call(lambda ring=ring: ring_up(ring, shop.uow, shop.clock))  # type: ignore[misc]
        pay = CheckOut(lane, sale_id(), exact="cash")
        numbers.append(shop.journal.call(lambda pay=pay: check_out(pay, shop.uow, shop.clock).receipt_no))  # type: ignore[misc]
    assert numbers == [1, 2, 3, 4, 5]
    assert line.carry().sales == 5


def test_t_odoo_3_two_boxes_with_the_same_series_hide_nothing(tmp_path: Path) -> None:
    """A cloned card numbers its receipts as the first does: the second sale is not hidden behind the first, it is parked in sight."""
    with office_with_goods(tmp_path) as chain:
        with store(made(tmp_path / "one")) as one:
            mine = one.sell(TEA)
            Line(one, chain).carry()
        with store(made(tmp_path / "two")) as two:
            theirs = two.sell(RICE)
            fork = Line(two, chain).carry()
            assert fork.outcome == "fork"
            assert fork.ack is not None
            assert fork.ack.fork
            two.journal.call(lambda: begin_epoch(two, 2))
            Line(two, chain).carry()
        assert (mine.receipt_no, theirs.receipt_no) == (1, 1)
        assert chain.rows("SELECT sale_id FROM sale") == [(mine.sale_id,)]
        [(reason, value)] = chain.rows("SELECT reason, value_minor FROM quarantine")
        assert "receipt 1" in reason
        assert value == theirs.due_minor
        kinds = {kind for (kind,) in chain.rows("SELECT kind FROM incident")}
        assert {"fork", "quarantined"} <= kinds


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def begin_epoch(shop: Store, epoch: int) -> None:
    with shop.journal.transaction("beginning an epoch"):
        shop.journal.outbox.start_epoch(epoch)


async def test_t_odoo_4_a_sale_paid_offline_survives_what_headquarters_pushes(line: Line) -> None:
    """A draft, the line dies, the price changes at headquarters, the shopper pays what he was shown, the line is back."""
    shop = line.shop
    shop.ring(TEA)
    await push_price(shop, "TEA", 9900)
    paid = shop.pay()
    assert paid.total_minor == 6800, "what the shopper was shown"
    assert shop.sell(TEA).total_minor == 9900
    line.carry()
    assert [total for _, total in line.sales()] == [6800, 9900]


async def push_price(shop: Store, sku: str, minor: int) -> None:
    journal = SqliteRelayJournal(
        shop.journal,
        shop.clock,
        boot_id="b",
        software="test",
        fetch=lambda _: pytest.fail("no snapshot was named"),
        in_thread=asyncio.to_thread,
        free_bytes=lambda: 0,
        epoch_started=lambda _: None,
    )
    entry = DownEntry(1, "prices", 8, ({"sku": sku, "unit_price_minor": minor},))
    await journal.run(lambda: journal.apply(Apply((entry,), DownlinkPosition(1, 1), behind=False)))


def test_t_odoo_5_the_same_id_with_other_content_never_replaces_the_first(line: Line) -> None:
    sale = line.shop.sell(TEA)
    batch = line.batch()
    line.carry()
    event = json.loads(bytes(batch.events[-1]))
    assert event["data"]["sale"]["sale_id"] == sale.sale_id
    event["data"]["sale"]["total_minor"] += 100
    again = as_new_epoch(line.chain, json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode())
    line.carry(again)
    assert line.sales() == [(sale.sale_id, sale.total_minor)]
    kinds = {kind for (kind,) in line.chain.rows("SELECT kind FROM incident")}
    assert kinds & {"event_changed", "quarantined"}, "a person is told"
    assert line.chain.one("SELECT sum(amount_minor) FROM posting") == 0


def as_new_epoch(chain: Chain, *raws: bytes) -> Batch:
    edge = chain.edges["S1"]
    edge.new_epoch(2)
    for raw in raws:
        edge.add(raw)
    return edge.batch(1, len(raws))


def test_t_odoo_5_one_request_id_for_another_basket_gets_the_first_sale(line: Line) -> None:
    shop = line.shop
    first = shop.sell(TEA, request_id="web-1")
    shop.ring(RICE)
    assert shop.pay(request_id="web-1") == first
    assert shop.journal.call(lambda: shop.uow.baskets.load(LANE)) is not None, "what was scanned is still on the lane"


def test_t_odoo_6_a_wiped_face_loses_nothing_for_the_box_holds_the_sales(tmp_path: Path) -> None:
    """Screen, browser and process are gone in the middle of everything; the directory alone is enough."""
    with office_with_goods(tmp_path) as chain:
        with store(made(tmp_path / "a")) as shop:
            sold = [shop.sell(TEA, RICE) for _ in range(3)]
            shop.ring(TEA)
            shutil.copytree(tmp_path / "a", tmp_path / "b")  # what a kill -9 leaves: database and WAL, nothing closed
        with store(tmp_path / "b") as after:
            assert not after.boot.was_clean
            Line(after, chain).carry()
            basket = after.journal.call(lambda: after.uow.baskets.load(LANE))
            assert basket is not None
            assert [line.sku for line in basket.lines] == ["TEA"]
        known = chain.rows("SELECT sale_id FROM sale ORDER BY sale_no")
        assert known == [(sale.sale_id,) for sale in sold]


def test_the_line_of_these_tests_loses_nothing_by_itself(line: Line) -> None:
    """The control: headquarters stands where the store does."""
    line.shop.sell(TEA)
    line.carry()
    with line.chain.uow() as uow:
        position: StreamPosition = uow.inbox.position("S1")
    assert position.next == line.batch().top + 1
    assert line.chain.take(Arrival("S1", 0, line.batch()))[0].outcome == "duplicate"
