"""From the broker to the database and back: messages queue up here, go in as groups in one thread, and are acked after the commit."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import structlog

from coordinator.clock import Clock, stamp
from coordinator.handlers.ingest import Arrival, Taken, ingest_group
from coordinator.office import Again
from coordinator.ports import UnitOfWork
from coordinator.settings import IngestSettings
from coordinator.telemetry import Telemetry
from protocol.codec import decode_up, encode
from protocol.errors import ProtocolError, UnsupportedVersion
from protocol.messages import Hello
from protocol.topics import Address, Leaf

LEAST_CREDIT = 16 * 1024
MOST_CREDIT = 256 * 1024
MOST_OF_ONE_EDGE = 16
"""Messages of one edge that wait here: its window of 8 and as much again. What is beyond waits in the hub, which drops a flood (F53)."""
PAUSE_AFTER_FAILURE_S = 0.5
MOST_REFUSED_NAMED = 1000
"""A refused or garbled edge or topic is named in the log once, so that a flood fills no disk; the rest is only counted."""

_log = structlog.get_logger(__name__)


class Teller(Protocol):
    """Sends to edges; False when it was dropped (the edge asks again)."""

    def __call__(self, shard: int, edge: str, leaf: Leaf, payload: bytes) -> bool:  # noqa: D102 - the class says it
        ...


class Waiting(NamedTuple):
    """A payload that waits to be taken in."""

    address: Address
    payload: bytes


class Behind(NamedTuple):
    """An edge that lacks part of its down log."""

    shard: int
    edge: str
    gen: int
    cursor: int
    greeted: bool


class Intake:
    """Takes in what edges send. ``handle`` is the hub's handler; ``run`` is the one consumer.

    Args:
        begin: gives a unit of work.
        again: repeats a transaction that met another.
        clock: what headquarters calls now.
        settings: bounds.
        telemetry: counters.
        behind: told of edges that lack part of their down log.
    """

    def __init__(
        self,
        begin: Callable[[], UnitOfWork],
        again: Again,
        clock: Clock,
        settings: IngestSettings,
        telemetry: Telemetry,
        behind: Callable[[Behind], None],
    ) -> None:
        self.tell: Teller | None = None
        self.on_status: Callable[[Address, bytes], None] | None = None
        self.failure = ""
        self._begin, self._again, self._clock, self._settings = begin, again, clock, settings
        self._telemetry, self._behind = telemetry, behind
        self._queue: deque[Waiting] = deque()
        self._of_edge: Counter[str] = Counter()
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._refused: set[str] = set()
        self._garbled: set[str] = set()
        self._alone: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "ingest")

    async def handle(self, address: Address, payload: bytes) -> None:
        """Queue one message; waits while too much waits, which slows the broker and keeps memory flat."""
        if address.leaf == "status" and self.on_status is not None:
            self.on_status(address, payload)
        if address.leaf != "up":
            return
        while self._is_full(address.edge):
            self._room.clear()
            await self._room.wait()
        self._queue.append(Waiting(address, payload))
        self._of_edge[address.edge] += 1
        self._bytes += len(payload)
        self._idle.clear()
        self._arrived.set()
        self._measure()

    async def run(self) -> None:
        """Take groups in until cancelled."""
        while True:
            await self._arrived.wait()
            group = self._next_group()
            if not group:
                self._arrived.clear()
                self._idle.set()
                continue
            await self._take_in(group)

    async def drained(self, within_s: float) -> bool:
        """Wait until nothing waits any more; False when that took too long."""
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)

    def bad(self, where: str, error: Exception) -> None:
        """Count a message on a topic that is none, or whose payload makes no sense."""
        self._telemetry.messages.labels("foreign_topic").inc()
        if _is_new(where, self._refused):
            _log.warning("message_refused", topic=where[:120], reason=str(error)[:300])

    def _is_full(self, edge: str) -> bool:
        settings = self._settings
        whole = self._bytes > settings.queue_bytes or len(self._queue) > settings.queue_messages
        return whole or self._of_edge[edge] >= MOST_OF_ONE_EDGE

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        while self._queue and len(group) < self._settings.group_batches and self._may_join(group):
            waiting = self._queue.popleft()
            self._bytes -= len(waiting.payload)
            self._of_edge[waiting.address.edge] -= 1
            group.append(waiting)
        self._room.set()
        self._measure()
        return group

    def _may_join(self, group: Sequence[Waiting]) -> bool:
        """Whether what waits next may share a transaction with ``group``: an edge whose last group failed goes by itself.

        A fact that breaks this program would otherwise hold up every store whose messages came with it.
        """
        if not group:
            return True
        edge, before = self._queue[0].address.edge, group[-1].address.edge
        return edge == before or self._alone.isdisjoint((edge, before))

    async def _take_in(self, group: list[Waiting]) -> None:
        loop = asyncio.get_running_loop()
        credit = self._credit(group)
        started = time.perf_counter()
        try:
            answers = await loop.run_in_executor(self._thread, self._work, group, credit)
        except Exception as error:  # noqa: BLE001 - outermost line: nothing was acked, so nothing is lost; edges send again
            await self._failed(error, group)
            return
        self._telemetry.group_seconds.observe(time.perf_counter() - started)
        self._alone.difference_update(waiting.address.edge for waiting in group)
        if self.failure:
            _log.info("ingest_recovered")
            self.failure = ""
        self._answer(answers)

    async def _failed(self, error: Exception, group: Sequence[Waiting]) -> None:
        edges = sorted({waiting.address.edge for waiting in group})
        if not self.failure:
            _log.error("ingest_failed", error=_what(error), edges=edges[:10], messages=len(group))
        self._alone.update(edges)
        self.failure = f"messages of {', '.join(edges[:10])} could not be taken in: {_what(error)}"
        await asyncio.sleep(PAUSE_AFTER_FAILURE_S)

    def _work(self, group: Sequence[Waiting], credit: int) -> list[tuple[Arrival, Taken]]:
        arrivals = [arrival for waiting in group if (arrival := self._decoded(waiting)) is not None]
        if not arrivals:
            return []
        taken = self._again(lambda: ingest_group(arrivals, self._begin(), self._clock, credit=credit))
        return list(zip(arrivals, taken, strict=True))

    def _decoded(self, waiting: Waiting) -> Arrival | None:
        shard, edge, _ = waiting.address
        try:
            return Arrival(edge, shard, decode_up(waiting.payload))
        except UnsupportedVersion as error:
            return Arrival(edge, shard, error)
        except ProtocolError as error:
            self._telemetry.messages.labels("malformed").inc()
            reason = str(error)[:300]
            if _is_new(edge, self._garbled):
                _log.warning("message_malformed", edge=edge, reason=reason)
            self._again(lambda: self._malformed(edge, reason))
            return None

    def _malformed(self, edge: str, reason: str) -> None:
        """Tell a person once: an edge whose messages make no sense stands still without knowing why."""
        with self._begin() as uow:
            if edge in uow.fleet.edges([edge]):
                new = uow.records.incident(stamp(self._clock.now()), edge, "malformed_message", reason)
                if new:
                    uow.commit()

    def _answer(self, answers: Sequence[tuple[Arrival, Taken]]) -> None:
        last = {taken.edge: number for number, (_, taken) in enumerate(answers)}
        for number, (arrival, taken) in enumerate(answers):
            self._count(taken)
            if taken.ack is None:
                continue
            # Acks are cumulative: of one edge's plain batches in a group only the last needs one.
            telling = isinstance(arrival.message, Hello) or taken.ack.fork or last[taken.edge] == number
            if telling and self.tell is not None:
                self.tell(taken.shard, taken.edge, "ack", encode(taken.ack))
            if taken.behind and not isinstance(arrival.message, UnsupportedVersion) and last[taken.edge] == number:
                dl, greeted = arrival.message.dl, isinstance(arrival.message, Hello)
                self._behind(Behind(taken.shard, taken.edge, dl.gen, dl.cursor, greeted))

    def _count(self, taken: Taken) -> None:
        count = self._telemetry
        count.messages.labels(taken.outcome).inc()
        if taken.refused and _is_new(taken.edge, self._refused):
            _log.warning("edge_refused", edge=taken.edge, reason=taken.refused)
        for result, number in (
            ("applied", taken.applied),
            ("duplicate", taken.duplicates),
            ("quarantined", taken.quarantined),
        ):
            if number:
                count.events.labels(result).inc(number)
        if taken.sales:
            count.sales.inc(taken.sales)

    def _credit(self, group: Sequence[Waiting]) -> int:
        """Share what is left of the queue among the edges that are sending."""
        edges = len({waiting.address.edge for waiting in group} | {waiting.address.edge for waiting in self._queue})
        share = (self._settings.queue_bytes - self._bytes) // max(edges, 1)
        return max(LEAST_CREDIT, min(MOST_CREDIT, share))

    def _measure(self) -> None:
        self._telemetry.queue_bytes.set(self._bytes)
        self._telemetry.queue_messages.set(len(self._queue))


def _is_new(name: str, named: set[str]) -> bool:
    """Whether ``name`` is to be named in the log, and remember that it was."""
    if name in named or len(named) >= MOST_REFUSED_NAMED:
        return False
    named.add(name)
    return True


def _what(error: Exception) -> str:
    """Return name and first line of an error: what follows in a database's words are the values of the row."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
