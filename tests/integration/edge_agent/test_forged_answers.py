"""Somebody who can write where headquarters writes (a broken broker): an edge believes nothing that does not fit (F21, F55, F57)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from domain.ids import LaneId
from edge_agent.bootstrap import open_edge
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.handlers.commands import CheckOut, RingUp
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.settings import load
from link.broker import Broker
from link.certificates import CertificateAuthority
from link.indicator import RelayState
from link.mqtt import MqttTransport
from link.transport import LinkSettings
from protocol.codec import encode
from protocol.messages import Ack, Down, DownEntry, SnapshotRef
from tests.edge_headquarters import Headquarters, enrolled, headquarters, plain
from tests.edge_store import TEA, sale_id
from tests.waiting import until

pytestmark = pytest.mark.broker

NOW = "2026-11-21T12:00:00Z"


class Scene:
    """An edge in step with headquarters, three sales that headquarters has not answered, and an impostor."""

    def __init__(self, edge: Edge, hq: Headquarters, impostor: MqttTransport) -> None:
        self.edge, self.hq, self._impostor = edge, hq, impostor
        self.sold = 4

    async def say(self, message: Ack | Down, *, retain: bool = False) -> None:
        leaf = "ack" if isinstance(message, Ack) else "down"
        await self._impostor.publish(f"shopwire/v1/1/S1/{leaf}", encode(message), retain=retain)

    async def position(self) -> tuple[int, int, int]:
        at = await self.edge.journal.run(self.edge.journal.outbox.position)
        return at.epoch, at.acked, at.top

    async def price_of_tea(self) -> int:
        tea = await self.edge.counter.ask(lambda uow, _: uow.catalogue.by_sku("TEA"))
        assert tea is not None
        assert tea.unit_price_minor is not None
        return tea.unit_price_minor


async def sell(edge: Edge) -> None:
    await edge.counter.do(lambda uow, clock: ring_up(RingUp(LaneId("1"), TEA), uow, clock))
    await edge.counter.do(lambda uow, clock: check_out(CheckOut(LaneId("1"), sale_id(), exact="cash"), uow, clock))


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    with Broker(folder / "broker") as broker:
        enrolled(CertificateAuthority(folder / "ca"), folder / "s1", "S1", "1", broker.port)
        settings = load(None, folder / "s1", plain(broker.port)).settings
        link = LinkSettings(host="127.0.0.1", port=broker.port, client_id="impostor", plain_loopback=True)
        writer = Writer()
        edge = await asyncio.to_thread(open_edge, settings, writer)
        try:
            async with headquarters(broker) as hq, MqttTransport(link) as impostor, asyncio.TaskGroup() as tasks:
                relay = tasks.create_task(edge.relay.run())
                await sell(edge)
                assert await edge.relay.drain(10)
                hq.silent = True
                for _ in range(3):
                    await sell(edge)
                await until(lambda: edge.relay.progress.in_flight > 0)
                stage = Scene(edge, hq, impostor)
                yield stage
                hq.silent = False
                assert await edge.relay.drain(30)
                assert len(hq.sales("S1")) == stage.sold
                assert hq.forks == []
                relay.cancel()
        finally:
            await asyncio.to_thread(edge.close)
            await asyncio.to_thread(writer.close)


def ack(next_seq: int, head: str = "0" * 32, **more: object) -> Ack:
    fields = {"v": 1, "epoch": 1, "next": next_seq, "head_hash": head, "safe": 0, "credit": 1 << 16, "gen": 1}
    return Ack(**{**fields, "hq_time": NOW, **more})  # type: ignore[arg-type]


LIES = {
    "the right place with a wrong hash": ack(6),
    "a place that the edge has not reached": ack(1000),
    "an epoch that the edge does not know": ack(1, epoch=99),
    "a fork that nobody asked about": ack(3, fork="other history"),
    "a restored headquarters that is none": ack(1, gen=2),
    "safe beyond everything": ack(3, safe=2**40),
    "an answer to a greeting of another boot": ack(1, epoch=99, boot="somebody", hello=1),
}


@pytest.mark.parametrize("lie", LIES)
async def test_f21_a_forged_ack_moves_nothing(tmp_path: Path, lie: str) -> None:
    with structlog.testing.capture_logs() as logged:
        async with scene(tmp_path) as stage:
            before = await stage.position()
            heard = stage.edge.relay.counters.acks
            await stage.say(LIES[lie])
            await until(lambda: stage.edge.relay.counters.acks > heard)
            assert await stage.position() == before
        assert stage.edge.relay.progress.epoch == 1
    told = [line for line in logged if line["event"] == "link_incident"]
    assert len(told) <= 1, "once, not with every repetition"
    if "wrong hash" in lie or "not reached" in lie:
        assert [line["kind"] for line in told] == ["wrong_ack"]


async def test_f55_what_lies_retained_on_its_topics_is_no_answer(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.say(ack(1, epoch=99, fork="old"), retain=True)
        await stage.say(
            Down(1, 9, 1, (DownEntry(1, "prices", 9, ({"sku": "TEA", "unit_price_minor": 1},)),)), retain=True
        )
        before, dropped = await stage.position(), stage.edge.relay.counters.dropped
        connections = stage.edge.relay.counters.connections
        await take_over(stage)
        await until(lambda: stage.edge.relay.counters.connections > connections)
        await until(lambda: stage.edge.relay.counters.dropped >= dropped + 2)
        assert (await stage.position())[0] == before[0]
        assert await stage.price_of_tea() == 6800


async def take_over(stage: Scene) -> None:
    """Let the edge connect again, so that the broker gives it what is retained."""
    link = stage.edge.settings.link
    settings = LinkSettings(host="127.0.0.1", port=link.port, client_id="S1", plain_loopback=True)
    async with MqttTransport(settings):
        pass


DOWNS = {
    "an older generation": Down(1, 0, 9, (DownEntry(1, "prices", 9, ({"sku": "TEA", "unit_price_minor": 1},)),)),
    "a price below nothing": Down(1, 0, 1, (DownEntry(1, "prices", 9, ({"sku": "TEA", "unit_price_minor": -5},)),)),
    "an entry from the future": Down(1, 0, 9, (DownEntry(9, "prices", 9, ({"sku": "TEA", "unit_price_minor": 1},)),)),
    "a snapshot that is nowhere": Down(1, 7, 9, (), SnapshotRef("/v1/snapshots/none/manifest", 9, "0" * 64)),
}


@pytest.mark.parametrize("what", DOWNS)
async def test_f57_a_forged_log_entry_or_snapshot_leaves_the_catalogue_as_it_is(tmp_path: Path, what: str) -> None:
    async with scene(tmp_path) as stage:
        if what == "an older generation":
            await stage.edge.journal.run(lambda: stage.edge.journal.outbox.move_downlink(3, 0))
        heard = stage.edge.relay.counters.downs
        await stage.say(DOWNS[what])
        await until(lambda: stage.edge.relay.counters.downs > heard)
        await sell(stage.edge)
        assert await stage.price_of_tea() == 6800
        assert stage.edge.relay.state in {RelayState.ONLINE, RelayState.GREETING, RelayState.HELD}
        stage.sold += 1
