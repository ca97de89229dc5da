"""Histories that differ from headquarters': rolled back, begun anew, cut off in the middle (F03, F10, F12, F16)."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.ids import LaneId
from edge_agent.bootstrap import open_edge
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.errors import AlreadyRunning, DatabaseMissing, NotEnrolled
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.settings import load
from link.broker import Broker
from link.certificates import CertificateAuthority
from protocol.facts import EdgeStarted, EpochStarted
from protocol.messages import Down, DownEntry
from tests.edge_headquarters import Headquarters, enrolled, headquarters, plain
from tests.edge_store import RICE, TEA, ean, sale_id, stock_up
from tests.waiting import HANG_S, until

pytestmark = pytest.mark.broker
LANE = LaneId("1")


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path / "broker")


@pytest.fixture
def data_dir(tmp_path: Path, broker: Broker) -> Path:
    broker.start()
    enrolled(CertificateAuthority(tmp_path / "ca"), tmp_path / "s1", "S1", "1", broker.port)
    return tmp_path / "s1"


@pytest.fixture(autouse=True)
async def _broker_ends(broker: Broker) -> AsyncIterator[None]:
    yield
    broker.stop()


@asynccontextmanager
async def edge(data_dir: Path, broker: Broker, *, new_epoch: bool = False) -> AsyncIterator[Edge]:
    """Open the edge and run its relay."""
    settings = load(None, data_dir, plain(broker.port)).settings
    writer = Writer()
    try:
        opened = await asyncio.to_thread(lambda: open_edge(settings, writer, new_epoch=new_epoch))
        async with asyncio.TaskGroup() as tasks:
            relay = tasks.create_task(opened.relay.run())
            yield opened
            relay.cancel()
        await asyncio.to_thread(opened.close)
    finally:
        await asyncio.to_thread(writer.close)


async def sell(opened: Edge, count: int) -> list[int]:
    numbers: list[int] = []
    for _ in range(count):
        for code in (TEA, RICE):
            await opened.counter.do(lambda uow, clock, code=code: ring_up(RingUp(LANE, code), uow, clock))  # type: ignore[misc]
        sale = await opened.counter.do(
            lambda uow, clock: check_out(CheckOut(LANE, sale_id(), exact="cash"), uow, clock)
        )
        numbers.append(sale.receipt_no)
    return numbers


async def in_step(opened: Edge, hq: Headquarters, sales: int) -> None:
    assert await opened.relay.drain(15)
    await until(lambda: len(hq.sales("S1")) == sales)


async def test_what_was_sold_cut_off_arrives_once_after_every_break(data_dir: Path, broker: Broker) -> None:
    async with headquarters(broker) as hq, edge(data_dir, broker) as opened:
        for round_no in range(1, 4):
            await sell(opened, 5)
            if round_no < 3:
                await asyncio.to_thread(broker.kill)
                await sell(opened, 5)
                await asyncio.to_thread(broker.start)
        await in_step(opened, hq, 25)
        assert [sale.receipt_no for sale in hq.sales("S1")] == list(range(1, 26))
        assert hq.forks == []


async def test_acks_that_never_come_cost_nothing_but_repeats(data_dir: Path, broker: Broker) -> None:
    async with headquarters(broker) as hq, edge(data_dir, broker) as opened:
        hq.silent = True
        await sell(opened, 3)
        assert not await opened.relay.drain(0.2)
        hq.silent = False
        await in_step(opened, hq, 3)


async def test_a_card_that_rolled_back_begins_a_new_epoch_and_loses_nothing_that_headquarters_has(
    data_dir: Path, broker: Broker, tmp_path: Path
) -> None:
    async with headquarters(broker) as hq:
        async with edge(data_dir, broker) as opened:
            await sell(opened, 3)
            await in_step(opened, hq, 3)
        shutil.copytree(data_dir, tmp_path / "older")
        async with edge(data_dir, broker) as opened:
            await sell(opened, 4)
            await in_step(opened, hq, 7)
        for name in ("edge.db", "edge.db-wal", "edge.db-shm"):
            (data_dir / name).unlink(missing_ok=True)
        shutil.copy(tmp_path / "older" / "edge.db", data_dir / "edge.db")
        async with edge(data_dir, broker) as opened:
            await until(lambda: any(isinstance(fact, EpochStarted) for fact in hq.facts("S1")))
            assert await sell(opened, 2) == [1, 2]
            await in_step(opened, hq, 9)
        receipts = [(sale.epoch, sale.receipt_no) for sale in hq.sales("S1")]
        assert len(set(receipts)) == len(receipts) == 9
        assert receipts[-2:] == [(2, 1), (2, 2)]
        assert hq.forks
        assert (data_dir / "epoch").read_text().strip() == "2"


async def test_a_database_that_is_gone_is_a_loss_and_no_beginning(data_dir: Path, broker: Broker) -> None:
    async with headquarters(broker) as hq:
        async with edge(data_dir, broker) as opened:
            await sell(opened, 3)
            await in_step(opened, hq, 3)
        for name in ("edge.db", "edge.db-wal", "edge.db-shm"):
            (data_dir / name).unlink(missing_ok=True)
        with pytest.raises(DatabaseMissing, match="--new-epoch"):
            async with edge(data_dir, broker):
                pass
        assert not (data_dir / "edge.db").exists()
        async with edge(data_dir, broker, new_epoch=True) as opened:
            await opened.journal.run(lambda: stock_up(opened.journal))  # type: ignore[arg-type]
            assert await sell(opened, 1) == [1]
            await in_step(opened, hq, 4)
        last = hq.sales("S1")[-1]
        assert (last.epoch, last.receipt_no) == (2, 1)
        incidents = [fact.incidents for fact in hq.facts("S1") if isinstance(fact, EdgeStarted)]
        assert incidents[-1] == ("database began anew",)


async def test_headquarters_log_changes_what_is_sold_and_the_cursor_in_one_commit(
    data_dir: Path, broker: Broker
) -> None:
    async with headquarters(broker) as hq, edge(data_dir, broker) as opened:
        await until(lambda: hq.hellos)
        item = {"sku": "CAKE", "name_zh": "月饼", "name_en": "Mooncake", "barcodes": [{"code": ean(77)}]}
        first = DownEntry(1, "catalogue", 5, put=(item,))
        second = DownEntry(2, "prices", 6, put=({"sku": "CAKE", "unit_price_minor": 1500},), drop=("RICE",))
        unknown = DownEntry(3, "weather", 1, put=({"sky": "blue"},))
        await until(lambda: opened.relay.state.value == "online")
        hq.down("S1", Down(1, 0, 3, (first, second, unknown)))

        async def cursor() -> int:
            return (await opened.journal.run(opened.journal.outbox.position)).dl_cursor

        async with asyncio.timeout(HANG_S):
            while await cursor() != 3:  # noqa: ASYNC110 - the cursor lies on disk
                await asyncio.sleep(0.01)
        basket = await opened.counter.do(lambda uow, clock: ring_up(RingUp(LANE, ean(77)), uow, clock))
        assert basket.lines[0].gross_minor == 1500
        assert basket.price_version == 6


async def test_a_directory_without_identity_is_told_how_to_get_one(tmp_path: Path, broker: Broker) -> None:
    with pytest.raises(NotEnrolled, match="shopwire edge enrol CODE"):
        async with edge(tmp_path / "nobody", broker):
            pass


async def test_one_directory_has_one_process(data_dir: Path, broker: Broker) -> None:
    async with edge(data_dir, broker):
        with pytest.raises(AlreadyRunning):
            async with edge(data_dir, broker):
                pass
