"""Headquarters' end of the link: one connection that hears all edges, in order per edge, several edges at once.

    hub = Hub(mqtt_factory(settings), handle, topics=hub_topics())
    tasks.create_task(hub.run(), name="hub")
    hub.tell(shard, edge, "ack", payload)          # from the loop's thread; False = nobody is connected, or the queue is full

``handle(address, payload)`` is awaited for one message of an edge at a time, so a slow edge delays only itself. Queues are bounded per
edge and in all; what does not fit is dropped and counted, for every edge sends again what is not acknowledged.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

import structlog

from domain.errors import InvalidIdentity
from link.backoff import Backoff
from link.errors import LinkError, LinkRefused, raise_link_error
from link.transport import Delivery, Transport, TransportFactory
from protocol.errors import ProtocolError
from protocol.topics import ROOT, Address, Leaf, parse, topic

Handler = Callable[[Address, bytes], Awaitable[None]]
BadMessage = Callable[[str, Exception], None]

MAX_PER_EDGE = 16
"""Messages of one edge that wait: its window of 8, a greeting, its status, and room for one repeat."""
MAX_WAITING = 4000
MAX_TELLING = 4000
_TELLERS = 32
_REFUSED_AS_IF_FAILED = 5


class HubState(Enum):
    """How well headquarters reaches the broker."""

    STARTING = "starting"
    OFFLINE = "offline"
    REFUSED = "refused"
    ONLINE = "online"


class HubCounters(NamedTuple):
    """Since the hub was made. ``flooded``: dropped, its edge had ``MAX_PER_EDGE`` waiting; ``overrun``: dropped, ``MAX_WAITING`` were."""

    connections: int
    received: int
    handled: int
    bad: int
    flooded: int
    overrun: int
    told: int
    untold: int


def hub_topics(shards: Iterable[int] | None = None) -> list[str]:
    """Return what headquarters subscribes to: all edges, or those of ``shards`` when several workers share them."""
    mine = ["+"] if shards is None else [str(shard) for shard in shards]
    return [f"{ROOT}/{shard}/+/{leaf}" for shard in mine for leaf in ("up", "status")]


class Hub:
    """All edges over one connection; ``run`` it in a task group."""

    def __init__(
        self,
        transport_factory: TransportFactory,
        handle: Handler,
        *,
        topics: Sequence[str] | None = None,
        on_bad: BadMessage | None = None,
        on_state: Callable[[HubState, str], None] | None = None,
        parallel: int = 4,
        backoff: Backoff | None = None,
    ) -> None:
        """Keep what to work with; nothing is connected yet.

        Args:
            transport_factory: makes one connection each; its ``max_queued`` should be generous (4000), its ``inflight`` 100.
            handle: awaited for each message of ``up`` and ``status``. A ``ProtocolError`` or ``InvalidIdentity`` from it goes to
                ``on_bad``; anything else ends the hub.
            topics: MQTT filters, ``hub_topics()`` by default.
            on_bad: told of a topic or payload that makes no sense; the message is then dropped.
            on_state: told of each change of state, with the reason.
            parallel: how many edges are handled at once.
            backoff: waits between attempts; short by default, for headquarters has one connection, not a thousand.
        """
        self._factory, self._handle = transport_factory, handle
        self._topics = list(topics) if topics is not None else hub_topics()
        self._on_bad, self._on_state, self._parallel = on_bad, on_state, parallel
        self._backoff = backoff or Backoff(random.Random(), first_s=0.1, cap_s=5.0)  # noqa: S311 - spreads load
        self._state = HubState.STARTING
        self._waiting: dict[str, deque[tuple[Address, bytes]]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()  # bounded by MAX_WAITING: an edge is in it once
        self._count_waiting = 0
        self._telling: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MAX_TELLING)
        self._counts = dict.fromkeys(HubCounters._fields, 0)
        self._floods: Counter[str] = Counter()
        self._log = structlog.get_logger(__name__)

    @property
    def state(self) -> HubState:
        """How well headquarters reaches the broker."""
        return self._state

    @property
    def counters(self) -> HubCounters:
        """What has happened since the hub was made."""
        return HubCounters(**self._counts)

    def take_floods(self) -> dict[str, int]:
        """Return how many messages of each edge were dropped since the last call because it had ``MAX_PER_EDGE`` waiting."""
        floods, self._floods = dict(self._floods), Counter()
        return floods

    def tell(self, shard: int, edge: str, leaf: Leaf, payload: bytes) -> bool:
        """Send ``payload`` to an edge soon, in order; never waits.

        Returns:
            False when it was dropped because the broker is away or too much waits: the edge will ask again.
        """
        if self._state is not HubState.ONLINE or self._telling.full():
            self._counts["untold"] += 1
            return False
        self._telling.put_nowait((topic(shard, edge, leaf), payload))
        return True

    async def run(self) -> None:
        """Keep the line open and handle what arrives; ends only when cancelled, or by an error that ``handle`` does not expect."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._parallel):
                tasks.create_task(self._work(), name=f"hub:worker-{number}")
            while True:
                await self._connect_once()

    async def _connect_once(self) -> None:
        failures = 0
        try:
            await self._session()
        except LinkRefused as refused:
            failures = _REFUSED_AS_IF_FAILED
            self._set_state(HubState.REFUSED, str(refused))
        except LinkError as error:
            self._set_state(HubState.OFFLINE, str(error))
        await asyncio.sleep(self._backoff.next_s(at_least_failures=failures))

    async def _session(self) -> None:
        async with self._factory() as transport:
            await transport.subscribe(self._topics)
            self._counts["connections"] += 1
            while not self._telling.empty():
                self._telling.get_nowait()  # meant for the connection before; every edge greets anew or repeats
            self._backoff.reset()
            self._set_state(HubState.ONLINE, "")
            try:
                async with asyncio.TaskGroup() as tasks:
                    for number in range(_TELLERS):
                        tasks.create_task(self._publish(transport), name=f"hub:teller-{number}")
                    await self._listen(transport)
            except BaseExceptionGroup as group:
                raise_link_error(group)

    async def _listen(self, transport: Transport) -> None:
        async for delivery in transport.messages():
            self._take(delivery)

    def _take(self, delivery: Delivery) -> None:
        self._counts["received"] += 1
        try:
            address = parse(delivery.topic)
        except (ProtocolError, InvalidIdentity) as error:
            self._bad(delivery.topic, error)
            return
        queue = self._waiting.setdefault(address.edge, deque())
        if len(queue) >= MAX_PER_EDGE:
            self._counts["flooded"] += 1
            self._floods[address.edge] += 1
        elif self._count_waiting >= MAX_WAITING:
            self._counts["overrun"] += 1
        else:
            self._count_waiting += 1
            queue.append((address, delivery.payload))
            if len(queue) == 1:
                self._ready.put_nowait(address.edge)

    async def _work(self) -> None:
        while True:
            edge = await self._ready.get()
            queue = self._waiting[edge]
            address, payload = queue[0]  # stays there meanwhile, so that no other worker takes this edge
            try:
                await self._handle(address, payload)
                self._counts["handled"] += 1
            except (ProtocolError, InvalidIdentity) as error:
                self._bad(topic(*address), error)
            queue.popleft()
            self._count_waiting -= 1
            if queue:
                self._ready.put_nowait(edge)  # behind the others: a flood from one edge starves nobody
            else:
                del self._waiting[edge]

    def _bad(self, where: str, error: Exception) -> None:
        self._counts["bad"] += 1
        if self._on_bad is not None:
            self._on_bad(where, error)

    async def _publish(self, transport: Transport) -> None:
        # Several of these: each waits for its PUBACK. They take turns in order, and the transport keeps that order.
        while True:
            where, payload = await self._telling.get()
            await transport.publish(where, payload)
            self._counts["told"] += 1

    def _set_state(self, state: HubState, reason: str) -> None:
        if state is self._state:
            return
        self._state = state
        match state:
            case HubState.ONLINE:
                self._log.info("broker_connected")
            case HubState.REFUSED:
                self._log.error("broker_refused", reason=reason)
            case HubState.OFFLINE:
                self._log.warning("broker_lost", reason=reason)
            case HubState.STARTING:
                pass
        if self._on_state is not None:
            self._on_state(state, reason)
