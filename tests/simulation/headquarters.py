"""Headquarters in virtual time: the product's own ingest, unit of work, tables and inbox, with a plug and a backup."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from coordinator.db import tables
from coordinator.db.engine import Database
from coordinator.db.uow import SqlUnitOfWork
from coordinator.handlers import feeds
from coordinator.handlers.ingest import Arrival, Taken, ingest_group
from coordinator.ports import Authority
from coordinator.rows import EdgeRow, StoreRow
from domain.catalogue import Item
from domain.ids import SkuId
from edge_agent.snapshots import Manifest
from link.errors import LinkDown
from protocol.codec import decode_up, encode
from protocol.errors import MalformedMessage, UnsupportedVersion
from protocol.messages import Ack, Batch, DownlinkPosition, Hello, SnapshotRef
from protocol.receiver import answer, release
from tests.simulation.power import SKUS, PowerCut

if TYPE_CHECKING:
    from tests.simulation.world import World

AT = "2026-11-21T08:00:00.000Z"
EDGES = 2


class Machine(NamedTuple):
    """One in-memory database a process; each run begins with ``image`` and ends before the next begins."""

    raw: sqlite3.Connection
    engine: Engine
    image: sqlite3.Connection


class MemoryDatabase:
    """``coordinator.db.engine.Database`` over the machine's memory."""

    sqlite = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def writer(self) -> AbstractContextManager[object]:
        """Nobody else writes."""
        return nullcontext()

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection in a transaction."""
        return self.engine.begin()


@lru_cache(maxsize=1)
def machine() -> Machine:
    """Return this process's machine, with tables, stores, edges and a catalogue."""
    raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    tables.metadata.create_all(engine)
    database = cast(Database, MemoryDatabase(engine))
    with SqlUnitOfWork(database, set()) as uow:
        uow.records.set_note("gen", "1")
        numbers = [str(number) for number in range(1, EDGES + 1)]
        uow.fleet.put_stores([StoreRow(name, "店", "Shop", "Asia/Shanghai", "CNY") for name in numbers], AT)
        for name in numbers:
            uow.fleet.add_edge(EdgeRow(f"S{name}", name, 0, "CNY"), AT)
        uow.catalogue.put_items([Item(SkuId(sku), sku, sku) for sku in SKUS])
        uow.catalogue.put_prices([("*", sku, 100 + 7 * no) for no, sku in enumerate(SKUS)])
        uow.commit()
    image = sqlite3.connect(":memory:", check_same_thread=False)
    raw.backup(image)
    return Machine(raw, engine, image)


class CuttableUnitOfWork(SqlUnitOfWork):
    """The product's unit of work with a plug at its commit."""

    world: "World"

    def commit(self) -> None:
        """Commit, unless the power goes before; or lose it right after."""
        cut = self.world.rng.random() < self.world.faults.hq_cut_at_commit
        after = self.world.rng.random() < 0.5
        if cut and not after:
            self.cut_before()
            return
        super().commit()
        if cut:
            raise PowerCut

    def cut_before(self) -> None:
        """The power goes before anything is on disk."""
        raise PowerCut


class Signer:
    """Signs nothing: the road over HTTPS is not what is tried here."""

    def sign(self, document: bytes) -> str:
        """Return a signature that nobody checks."""
        return str(len(document))


class Fetched:
    """``edge_agent.db.relay_journal.Snapshot`` in memory."""

    def __init__(self, gen: int, feeds: dict[str, int], bodies: list[tuple[str, bytes]]) -> None:
        self.gen, self.feeds, self._bodies = gen, feeds, bodies

    def slices(self, rows: int) -> Iterator[tuple[str, list[Any]]]:
        """Yield all rows of each feed at once."""
        for feed, body in self._bodies:
            yield feed, [msgspec.json.decode(line) for line in body.splitlines()]

    def discard(self) -> None:
        """There is nothing to free."""


class Headquarters:
    """A coordinator that is switched on and off."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.raw, self.engine, image = machine()
        if self.raw.in_transaction:  # the run before ended in an error
            self.raw.execute("ROLLBACK")
        image.backup(self.raw)
        self._database = cast(Database, MemoryDatabase(self.engine))
        self._known: set[str] = set()
        self._queue: list[Arrival] = []
        self._waiting = False
        self._backup = sqlite3.connect(":memory:")
        image.backup(self._backup)
        self.on = True
        self.restores = 0
        self.received = self.malformed = 0
        self.credit = 1 << 16
        self.taken: list[Taken] = []

    def now(self) -> datetime:
        """Return headquarters' time."""
        return datetime(2026, 11, 21, 8, 0, tzinfo=UTC) + timedelta(seconds=self.world.now_s)

    def uow(self) -> SqlUnitOfWork:
        """Return a unit of work whose plug may be pulled."""
        uow = CuttableUnitOfWork(self._database, self._known)
        uow.world = self.world
        return uow

    def calm(self) -> SqlUnitOfWork:
        """Return a unit of work for what the test itself does."""
        return SqlUnitOfWork(self._database, self._known)

    def hear(self, edge: str, payload: bytes) -> None:
        """A message arrived; several are taken in together, as the product does."""
        if not self.on:
            return
        try:
            message: Any = decode_up(payload)
        except UnsupportedVersion as newer:
            message = newer
        except MalformedMessage:
            self.malformed += 1
            return
        self._queue.append(Arrival(edge, 0, message))
        if not self._waiting:
            self._waiting = True
            self.world.later(0.02, self._take)

    def _take(self) -> None:
        self._waiting = False
        arrivals, self._queue = self._queue[:64], self._queue[64:]
        if not self.on or not arrivals:
            return
        try:
            taken = ingest_group(arrivals, self.uow(), self, credit=self._credit_now())
        except PowerCut:
            self.power_off()
            return
        self.reply(taken)
        missing = {
            a.edge: a.message.dl
            for a, t in zip(arrivals, taken, strict=True)
            if t.behind and isinstance(a.message, Hello | Batch)
        }
        for edge, at in missing.items():
            self._send_what_is_missing(edge, at)
        if self._queue:
            self._waiting = True
            self.world.later(0.001, self._take)

    def reply(self, taken: list[Taken]) -> None:
        """Send the acks of one commit."""
        for each in taken:
            self.taken.append(each)
            if each.ack is not None:
                self._check_ack(each.edge, each.ack)
                self.world.to_edge(each.edge, encode(each.ack))

    def _send_what_is_missing(self, edge: str, at: DownlinkPosition) -> None:
        """Answer an edge that lacks something of its log."""
        if not self.on:
            return
        try:
            down = feeds.answer(edge, at.gen, at.cursor, self.uow(), cast(Authority, Signer()), self)
        except PowerCut:
            self.power_off()
            return
        if down is not None:
            self.world.to_edge(edge, encode(down))

    def change_prices(self) -> None:
        """Somebody at headquarters changes a price of one store or of all."""
        if not self.on:
            return
        rng = self.world.rng
        store = rng.choice(("*", *(str(number) for number in range(1, EDGES + 1))))
        price = (store, rng.choice(SKUS), rng.randint(1, 999))
        with self.calm() as uow:
            uow.catalogue.put_prices([price])
            if rng.random() < 0.2:
                feeds.renew_replicas(None, uow)
            else:
                feeds.publish_prices([price], uow, AT)
            edges, gen = uow.fleet.edges(), uow.records.gen()
            uow.commit()
        for name, row in edges.items():
            self.world.to_edge(name, encode(feeds.poke(row, gen)))

    def log_end(self, edge: str) -> DownlinkPosition:
        """Return where the log of an edge ends."""
        (gen,) = self.raw.execute("SELECT value FROM meta WHERE key = 'gen'").fetchone()
        (top,) = self.raw.execute("SELECT down_top FROM edge WHERE edge = ?", (edge,)).fetchone()
        return DownlinkPosition(int(gen), top)

    def prices(self, store: str) -> dict[str, int]:
        """Return the prices in force in a store."""
        with self.calm() as uow:
            return dict(uow.catalogue.prices_for(store))

    def fetch(self, edge: str, ref: SnapshotRef) -> "Fetched":
        """Bring a snapshot over HTTPS; LinkDown when headquarters or the road is away."""
        if not self.on or not self.world.is_open(edge):
            raise LinkDown("headquarters is away")
        with self.calm() as uow:
            row = uow.snapshots.get(ref.path.split("/")[3])
            if row is None or row.edge != edge:
                raise LinkDown(f"{ref.path} is not there")
            manifest = msgspec.json.decode(row.manifest, type=Manifest)
            chunks = [(chunk, uow.snapshots.chunk(row.id, chunk.sha256)) for chunk in manifest.chunks]
        rows = [(chunk.feed, zlib.decompress(body)) for chunk, body in chunks if body is not None]
        return Fetched(manifest.gen, {name: feed.version for name, feed in manifest.feeds.items()}, rows)

    def _check_ack(self, edge: str, ack: Ack) -> None:
        """I10: an ack says no more than what is committed."""
        row = self.raw.execute("SELECT epoch, next, safe FROM stream WHERE edge = ?", (edge,)).fetchone()
        if row is None or (ack.epoch, ack.next) > (row[0], row[1]):
            self.world.violated(f"I10 ack {ack.epoch}/{ack.next} of {edge} is beyond what is committed, {row}")
        if ack.safe > ack.next - 1:
            self.world.violated(f"I10 safe {ack.safe} of {edge} is beyond its ack {ack.next - 1}")

    def _credit_now(self) -> int:
        faults = self.world.faults
        return self.world.rng.choice((0, 400, 3000)) if self.world.rng.random() < faults.starved else self.credit

    def power_off(self) -> None:
        """Pull the plug."""
        self.on = False
        self._queue.clear()
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self.world.later(self.world.rng.uniform(0.2, 6.0), self.power_on)

    def power_on(self) -> None:
        """Start again from disk."""
        self.on = True
        self._known.clear()

    def back_up(self) -> None:
        """Copy the database, verify the copy, and call safe what is in it."""
        if not self.on:
            return
        self.raw.backup(self._backup)
        with self.calm() as uow:
            uow.inbox.secure(uow.inbox.positions())
            uow.commit()

    def restore(self) -> None:
        """Come back from the last backup, one generation up."""
        self.restores += 1
        self._queue.clear()
        self._known.clear()
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self._backup.backup(self.raw)
        with self.calm() as uow:
            uow.records.set_note("gen", str(uow.records.gen() + 1))
            uow.commit()

    def close(self) -> None:
        """Leave the machine to the next run."""
        self._backup.close()

    def set_free(self) -> None:
        """Release every held stream and tell the edges, as an operator does after the upgrade."""
        with self.calm() as uow:
            gen = uow.records.gen()
            for edge, position in uow.inbox.positions().items():
                if position.held:
                    uow.inbox.advance(edge, release(position), AT)
                    self.world.to_edge(
                        edge, encode(answer(release(position), None, gen=gen, credit=self.credit, hq_time=AT))
                    )
            uow.commit()
