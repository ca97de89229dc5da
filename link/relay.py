"""The edge's end of the link: an async shell around ``protocol.sender`` and ``protocol.downlink``, which decide everything.

    relay = Relay("S2", 2, mqtt_factory(settings, will=offline_will(2, "S2")), journal, on_change=show)
    tasks.create_task(relay.run(), name="relay:S2")
    loop.call_soon_threadsafe(relay.committed)        # right after a commit, from the writer thread
    await relay.drain(timeout_s=10)                    # before stopping

One task drives: it sleeps until something happened (a commit, an ack, a message on ``down``, a deadline of the sender), does one piece of
work in the journal's writer thread, and hands what is to be sent to the transport. Nothing is polled. Publishing is done by tasks beside
it, so that eight batches can be on their way; the sender's window bounds them.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec
import structlog

from link.backoff import Backoff
from link.downfeed import DOWNLINK_POLL_S as DOWNLINK_POLL_S
from link.downfeed import Downfeed
from link.errors import LinkError, LinkRefused, raise_link_error
from link.indicator import Indicator, RelayChange, RelayState
from link.journal import RelayJournal
from link.transport import Delivery, Transport, TransportFactory, Will
from link.uplink import Uplink
from protocol.codec import decode_ack, decode_down, encode
from protocol.errors import ProtocolError
from protocol.messages import VERSION, Ack, Batch, DeviceNow, Down, Hello, Status
from protocol.sender import Effect, Incident, Progress, Send, State
from protocol.topics import Leaf, topic

T = TypeVar("T")
_MAX_PUBLISHING = 32
_MAX_WAITING = 256
_GOODBYE_S = 1.0
STATUS_EVERY_S = 5.0
"""A device that flaps changes the retained status no more often than this."""
_REFUSED_AS_IF_FAILED = 5


class RelayCounters(NamedTuple):
    """Since the relay was made."""

    connections: int
    acks: int
    downs: int
    batches: int
    malformed: int
    dropped: int


_OF_SENDER = {State.GREETING: RelayState.GREETING, State.STREAMING: RelayState.ONLINE, State.HELD: RelayState.HELD}


def offline_will(shard: int, edge: str) -> Will:
    """Return what the broker shall say when the connection of ``edge`` breaks."""
    return Will(topic(shard, edge, "status"), encode(Status(VERSION, online=False)), retain=True)


class Relay:
    """One edge's uplink and downlink; ``run`` it in a task group."""

    def __init__(
        self,
        edge: str,
        shard: int,
        transport_factory: TransportFactory,
        journal: RelayJournal,
        *,
        status: Status | None = None,
        backoff: Backoff | None = None,
        rng: random.Random | None = None,
        on_change: Callable[[RelayChange], None] | None = None,
        on_incident: Callable[[Incident], None] | None = None,
        on_hq_time: Callable[[str], None] | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what to work with; nothing is connected yet.

        Args:
            edge: its id.
            shard: its shard, fixed at enrolment.
            transport_factory: makes one connection each; give it ``offline_will``.
            journal: the edge's disk.
            status: what to say on ``status`` while connected.
            backoff: waits between attempts; by default full jitter up to 0.5 s, doubling to 60 s.
            rng: for the default back-off and the moment of the downlink poll.
            on_change: called on the loop when ``state`` changes.
            on_incident: called on the loop for what a person should know.
            on_hq_time: called on the loop with ``Ack.hq_time`` of the newest ack.
            clock_s: a steady clock.
        """
        self.edge, self.shard = edge, shard
        self._factory, self._journal = transport_factory, journal
        self._status = status or Status(VERSION, online=True)
        self._devices: Callable[[], tuple[DeviceNow, ...]] = tuple
        self._devices_moved = asyncio.Event()
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._backoff = backoff or Backoff(self._rng)
        self._on_incident, self._on_hq_time = on_incident, on_hq_time
        self._indicator = Indicator(edge, on_change)
        self._clock_s = clock_s
        self._wake, self._moved, self._room = (asyncio.Event() for _ in range(3))
        self._publishing = 0
        self._incident: Incident | None = None
        self._counts = dict.fromkeys(("connections", "batches", "malformed", "dropped"), 0)
        self._log = structlog.get_logger(__name__).bind(edge=edge)
        self._up = Uplink(journal, clock_s)
        self._down = Downfeed(
            journal, self._up.sender, self._on_disk, self._wake, clock_s=clock_s, rng=self._rng, log=self._log
        )

    @property
    def state(self) -> RelayState:
        """How well the road works."""
        return self._indicator.state

    @property
    def reason(self) -> str:
        """Why the state is not better; empty while online."""
        return self._indicator.reason

    @property
    def progress(self) -> Progress:
        """Where the stream stands, for status pages."""
        return self._up.sender.progress

    @property
    def counters(self) -> RelayCounters:
        """What has happened since the relay was made."""
        return RelayCounters(acks=self._up.heard, downs=self._down.taken, **self._counts)

    def committed(self) -> None:
        """A fact was committed: send it. Call on the loop's thread, right after the commit."""
        self._wake.set()

    def show_devices(self, devices: Callable[[], tuple[DeviceNow, ...]]) -> None:
        """Let the status say how the edge's devices are, as ``devices`` returns it; call ``devices_changed`` when that changes."""
        self._devices = devices

    def devices_changed(self) -> None:
        """Tell headquarters anew how the devices are, soon. Call on the loop's thread."""
        self._devices_moved.set()

    async def run(self) -> None:
        """Keep the line open for ever; ends only when cancelled, or by an error of the journal."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                heard, epochs, failures = self._up.heard, self._up.epochs, 0
                try:
                    await self._session(tasks)
                except LinkRefused as refused:
                    failures = _REFUSED_AS_IF_FAILED
                    self._indicator.show(RelayState.REFUSED, str(refused))
                except LinkError as error:
                    self._indicator.show(RelayState.OFFLINE, str(error))
                # A connection that began with a new epoch is no success: two boxes under one identity end each other's for ever, and
                # each time all that they retain is chained and sent afresh. They do it ever more slowly until a person has looked.
                if self._up.heard > heard and self._up.epochs == epochs:
                    self._backoff.reset()
                await asyncio.sleep(self._backoff.next_s(at_least_failures=failures))

    async def drain(self, timeout_s: float) -> bool:
        """Wait until headquarters has committed everything that is in the outbox; say whether that came about in time."""
        try:
            async with asyncio.timeout(timeout_s):
                self._moved.clear()
                while not await self._on_disk(self._up.is_drained):
                    await self._moved.wait()
                    self._moved.clear()
        except TimeoutError:
            return False
        return True

    # -- one connection

    async def _session(self, lasting: asyncio.TaskGroup) -> None:
        self._indicator.show(RelayState.CONNECTING, self.reason)
        self._down.downs.clear()
        self._publishing = 0
        self._room.set()
        try:
            async with self._factory() as transport:
                self._counts["connections"] += 1
                try:
                    await self._talk(transport, lasting)
                finally:
                    await self._say_goodbye(transport)
        finally:
            self._up.disconnected()

    async def _talk(self, transport: Transport, lasting: asyncio.TaskGroup) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(transport), name=f"relay:{self.edge}:listen")
                tasks.create_task(self._tell_devices(transport), name=f"relay:{self.edge}:devices")
                await self._drive(tasks, transport, lasting)
        except BaseExceptionGroup as group:
            raise_link_error(group)

    def _standing(self) -> bytes:
        self._devices_moved.clear()
        return encode(msgspec.structs.replace(self._status, devices=self._devices()))

    async def _tell_devices(self, transport: Transport) -> None:
        while True:
            await asyncio.sleep(STATUS_EVERY_S)  # the session began with a status
            await self._devices_moved.wait()
            await transport.publish(topic(self.shard, self.edge, "status"), self._standing(), retain=True)

    async def _listen(self, transport: Transport) -> None:
        handlers: dict[str, Callable[[bytes], None]] = {
            topic(self.shard, self.edge, "ack"): lambda payload: self._queue(self._up.acks, decode_ack(payload)),
            topic(self.shard, self.edge, "down"): lambda payload: self._queue(self._down.downs, decode_down(payload)),
        }
        # Not waited for before the greeting: a broker takes packets in their order, and a slow line saves a round trip.
        await transport.subscribe(list(handlers))
        async for delivery in transport.messages():
            self._take(handlers, delivery)

    def _take(self, handlers: dict[str, Callable[[bytes], None]], delivery: Delivery) -> None:
        # A retained message is no answer to us: anyone who could write there once could have left it.
        if delivery.retained or (handle := handlers.get(delivery.topic)) is None:
            self._counts["dropped"] += 1
            return
        try:
            handle(delivery.payload)
        except ProtocolError as error:
            self._counts["malformed"] += 1
            if self._counts["malformed"] == 1:
                self._log.warning("malformed_message_ignored", topic=delivery.topic, reason=str(error))

    def _queue(self, queue: deque[Ack] | deque[Down], message: Ack | Down) -> None:
        if len(queue) >= _MAX_WAITING:  # cumulative or repeated: the newest says all
            queue.popleft()
            self._counts["dropped"] += 1
        queue.append(message)  # type: ignore[arg-type]  # each decoder feeds its own queue
        self._wake.set()

    async def _drive(self, tasks: asyncio.TaskGroup, transport: Transport, lasting: asyncio.TaskGroup) -> None:
        self._post(tasks, transport, "status", self._standing(), retain=True)
        self._down.begin()
        effects = await self._on_disk(self._up.greet)
        while True:
            self._tell(tasks, transport, effects)
            await self._something_to_do()
            effects = await self._on_disk(self._up.step)
            effects += await self._down.take_all(lasting)

    async def _something_to_do(self) -> None:
        await self._room.wait()  # else the transport is behind, and more would only wait in memory
        now_s = self._clock_s()
        due_s = self._up.due_s(now_s)
        due_s = self._down.due_s if due_s is None else min(self._down.due_s, due_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, due_s - now_s)):
                await self._wake.wait()
        self._wake.clear()

    async def _on_disk(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the writer thread; when we are cancelled, only leave once it is over, for it uses the sender."""
        job = asyncio.ensure_future(self._journal.run(work))
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            await asyncio.wait({job})
            if not job.cancelled() and (error := job.exception()) is not None:
                self._log.error("journal_failed_while_stopping", reason=str(error))  # nobody else will hear it
            raise

    def _tell(self, tasks: asyncio.TaskGroup, transport: Transport, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self._send(tasks, transport, message)
                case Incident():
                    self._report(effect)
                case _:
                    raise AssertionError(effect)  # kept on disk by Uplink
        if self._up.hq_time and self._on_hq_time is not None:
            self._on_hq_time(self._up.hq_time)
        self._up.hq_time = ""
        if (state := _OF_SENDER.get(self._up.sender.state)) is not None:
            waiting = self.progress.held or "headquarters has not answered"
            self._indicator.show(state, "" if state is RelayState.ONLINE else waiting)
        self._moved.set()

    def _send(self, tasks: asyncio.TaskGroup, transport: Transport, message: Hello | Batch) -> None:
        try:
            payload = encode(message)
        except ProtocolError as error:  # selling goes on; only this stream stands still until a person has looked
            self._report(Incident("unsendable", str(error)))
            return
        self._counts["batches"] += 1
        self._post(tasks, transport, "up", payload)

    def _report(self, incident: Incident) -> None:
        if incident != self._incident:  # one that repeats with every attempt is told once
            self._log.warning("link_incident", kind=incident.kind, reason=incident.text)
            if self._on_incident is not None:
                self._on_incident(incident)
        self._incident = incident

    def _post(
        self, tasks: asyncio.TaskGroup, transport: Transport, leaf: Leaf, payload: bytes, *, retain: bool = False
    ) -> None:
        self._publishing += 1
        if self._publishing >= _MAX_PUBLISHING:
            self._room.clear()
        publish = transport.publish(topic(self.shard, self.edge, leaf), payload, retain=retain)
        task = tasks.create_task(publish, name=f"relay:{self.edge}:{leaf}")
        task.add_done_callback(self._posted)

    def _posted(self, _task: "asyncio.Task[None]") -> None:
        self._publishing -= 1
        if self._publishing < _MAX_PUBLISHING:
            self._room.set()

    async def _say_goodbye(self, transport: Transport) -> None:
        payload = encode(Status(VERSION, online=False, boot=self._status.boot, software=self._status.software))
        with contextlib.suppress(LinkError, TimeoutError):  # then the broker speaks our will instead
            async with asyncio.timeout(_GOODBYE_S):
                await transport.publish(topic(self.shard, self.edge, "status"), payload, retain=True)
