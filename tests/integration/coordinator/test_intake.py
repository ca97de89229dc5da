"""From the bus to the database and back: acks after commits, bounds, failures, foreign topics."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from coordinator.db.engine import again
from coordinator.db.uow import SqlUnitOfWork
from coordinator.handlers.apply import Applier
from coordinator.rows import EdgeRow, Place
from coordinator.server.intake import MOST_OF_ONE_EDGE, Behind, Intake
from coordinator.settings import IngestSettings
from coordinator.telemetry import Telemetry
from domain.ids import EdgeId
from link.hub import Hub
from link.memory import MemoryBroker
from protocol.codec import decode_ack, encode
from protocol.messages import Ack
from protocol.receiver import Accepted
from protocol.topics import Address
from tests.contract.coordinator.chain import Chain
from tests.waiting import HANG_S

S1 = Address(0, EdgeId("S1"), "up")


class Bench:
    """An intake with what it says."""

    def __init__(self, chain: Chain, settings: IngestSettings) -> None:
        self.chain, self.telemetry = chain, Telemetry()
        self.acks: list[tuple[str, Ack]] = []
        self.behind: list[Behind] = []
        self.intake = Intake(chain.uow, again, chain.clock, settings, self.telemetry, self.behind.append)
        self.intake.tell = self.tell

    def tell(self, shard: int, edge: str, leaf: str, payload: bytes) -> bool:
        self.acks.append((edge, decode_ack(payload)))
        return True

    def count(self, name: str, **labels: str) -> float:
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        line = next(
            line for line in self.telemetry.text().decode().splitlines() if line.startswith(f"{name}{{{wanted}}}")
        )
        return float(line.rpartition(" ")[2])


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    yield made
    made.close()


@pytest.fixture
def bench(chain: Chain) -> Iterator[Bench]:
    made = Bench(chain, IngestSettings())
    yield made
    made.intake.close()


async def until(check: Any) -> None:
    async with asyncio.timeout(HANG_S):
        while not check():  # noqa: ASYNC110 - the condition lives in another thread's database
            await asyncio.sleep(0.005)


async def test_batches_that_waited_together_get_one_ack_per_edge(bench: Bench) -> None:
    one, two = bench.chain.edges["S1"], bench.chain.edges["S2"]
    for _ in range(3):
        await bench.intake.handle(S1, encode(one.state(one.sale())))
    await bench.intake.handle(Address(0, EdgeId("S2"), "up"), encode(two.state(two.sale())))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.intake.run())
        assert await bench.intake.drained(10)
        await until(lambda: len(bench.acks) == 2)
        running.cancel()
    assert {(edge, ack.next) for edge, ack in bench.acks} == {("S1", 4), ("S2", 2)}
    assert bench.chain.one("SELECT count(*) FROM sale") == 4
    assert bench.count("shopwire_ingest_messages_total", outcome="applied") == 4


async def test_a_greeting_is_always_answered_and_tells_who_lags(bench: Bench) -> None:
    edge = bench.chain.edges["S1"]
    with bench.chain.uow() as uow:
        uow.fleet.down_bump(["S1"], snapshot=False)
        uow.commit()
    await bench.intake.handle(S1, encode(edge.hello()))
    await bench.intake.handle(S1, encode(edge.state(edge.sale())))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.intake.run())
        await until(lambda: len(bench.acks) == 2)
        running.cancel()
    assert [ack.hello for _, ack in bench.acks] == [1, 0]
    assert [(one.edge, one.gen, one.cursor) for one in bench.behind] == [("S1", 1, 0)]


async def test_a_database_that_is_away_costs_nothing_but_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = bench.chain.edges["S1"]
    batch = encode(edge.state(edge.sale()))
    with monkeypatch.context() as patch:

        def away(_: SqlUnitOfWork) -> SqlUnitOfWork:
            raise OperationalError("BEGIN", None, Exception("disk gone"))

        patch.setattr(SqlUnitOfWork, "__enter__", away)
        await bench.intake.handle(S1, batch)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(bench.intake.run())
            await until(lambda: bench.intake.failure)
            running.cancel()
    assert bench.acks == []
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.intake.run())
        await bench.intake.handle(S1, batch)  # the edge heard no ack and sends again
        await until(lambda: bench.acks)
        running.cancel()
    assert bench.intake.failure == ""
    assert bench.chain.one("SELECT count(*) FROM sale") == 1


async def test_who_talks_nonsense_is_named_in_the_log_once(bench: Bench) -> None:
    with capture_logs() as logged:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(bench.intake.run())
            for _ in range(3):
                await bench.intake.handle(S1, b"nonsense")
                bench.intake.bad("shopwire/v1/x/S1/up", ValueError("no shard"))
            assert await bench.intake.drained(10)
            running.cancel()
    assert [each["event"] for each in logged] == ["message_refused", "message_malformed"]
    assert bench.count("shopwire_ingest_messages_total", outcome="malformed") == 3
    assert bench.count("shopwire_ingest_messages_total", outcome="foreign_topic") == 3


async def send_three_times(bench: Bench, one: bytes, two: bytes) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.intake.run())
        for _ in range(3):  # nobody is acked, so both send again
            await bench.intake.handle(S1, one)
            await bench.intake.handle(Address(0, EdgeId("S2"), "up"), two)
            await bench.intake.drained(10)
        running.cancel()


async def test_an_edge_that_breaks_the_program_holds_up_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordinator.server.intake.PAUSE_AFTER_FAILURE_S", 0)
    one, two = bench.chain.edges["S1"], bench.chain.edges["S2"]
    bad, good = encode(one.state(one.sale())), encode(two.state(two.sale()))
    book = Applier.apply

    def broken(applier: Applier, place: Place, edge: EdgeRow, accepted: Accepted) -> bool:
        if edge.edge == "S1":
            raise OverflowError("a figure that nobody thought of\n(of member 4711)")
        return book(applier, place, edge, accepted)

    monkeypatch.setattr(Applier, "apply", broken)
    with capture_logs() as logged:
        await send_three_times(bench, bad, good)
    assert {(edge, ack.next) for edge, ack in bench.acks} == {("S2", 2)}
    assert bench.chain.one("SELECT count(*) FROM sale") == 1
    failed = [each for each in logged if each["event"] == "ingest_failed"]
    assert failed[0]["edges"] == ["S1", "S2"]
    assert failed[-1]["edges"] == ["S1"]
    assert "4711" not in str(logged)


async def test_what_is_too_much_waits_outside(bench: Bench) -> None:
    edge = bench.chain.edges["S1"]
    batch = encode(edge.state(edge.sale()))
    for _ in range(MOST_OF_ONE_EDGE):
        await bench.intake.handle(S1, batch)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(bench.intake.handle(S1, batch))
        await asyncio.sleep(0)
        assert not waiting.done()
        running = tasks.create_task(bench.intake.run())
        await waiting
        await bench.intake.drained(10)
        running.cancel()
    assert bench.chain.one("SELECT count(*) FROM sale") == 1


async def test_foreign_topics_and_statuses_move_nothing(bench: Bench) -> None:
    broker = MemoryBroker()
    hub = Hub(broker.factory("coordinator"), bench.intake.handle, on_bad=bench.intake.bad)
    edge = bench.chain.edges["S1"]
    batch = encode(edge.state(edge.sale()))
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(hub.run()), tasks.create_task(bench.intake.run())]
        await until(lambda: hub.state.value == "online")
        async with broker.factory("stranger")() as stranger:
            for topic in (
                "shopwire/v1/0/s1/up",
                "shopwire/v1/64/S1/up",
                "shopwire/v1/x/S1/up",
                "shopwire/v1/0/S1/status",
            ):
                await stranger.publish(topic, batch)
            await stranger.publish("shopwire/v1/0/S77/up", batch)
            await stranger.publish("shopwire/v1/0/S1/up", batch)
        await until(lambda: bench.acks)
        for task in running:
            task.cancel()
    assert [(name, ack.next) for name, ack in bench.acks] == [("S1", 2)]
    assert bench.count("shopwire_ingest_messages_total", outcome="foreign_topic") == 3
    assert bench.count("shopwire_ingest_messages_total", outcome="refused") == 1
    assert bench.chain.one("SELECT count(*) FROM event") == 1
