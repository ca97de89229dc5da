"""The bus in memory, for tests and simulations: as forgetful as MQTT with a clean start, with faults on demand.

broker = MemoryBroker()
factory = broker.factory("S2")
broker.faults = MemoryFaults(drop=0.2, duplicate=0.1)
broker.cut("S2")                # the connection breaks, the will is sent
broker.down()                   # all break, nobody gets in until up()
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Literal, NamedTuple, Self

from link.errors import LinkDown, LinkRefused
from link.transport import MAX_PAYLOAD_BYTES, Delivery, TransportFactory, Will, matches

Permission = Callable[[str, Literal["publish", "read"], str], bool]
"""(client, action, topic) → may it? Like Mosquitto's file ACL: a read is judged at delivery, a client cannot see that it is blind."""


class MemoryFaults(NamedTuple):
    """Shares of deliveries, 0..1, that are lost or doubled although the publisher was told that all is well."""

    drop: float = 0.0
    duplicate: float = 0.0


class MemoryBroker:
    """A broker of one process; not for several event loops."""

    def __init__(self, *, seed: int = 0, allowed: Permission | None = None) -> None:
        """Start empty and up; ``seed`` decides the faults."""
        self.faults = MemoryFaults()
        self._allowed = allowed or (lambda _client, _action, _topic: True)
        self._random = random.Random(seed)  # noqa: S311 - faults, not keys
        self._up = True
        self._clients: dict[str, MemoryTransport] = {}
        self._retained: dict[str, bytes] = {}

    def factory(self, client_id: str, *, will: Will | None = None, max_queued: int = 200) -> TransportFactory:
        """Return what makes connections of ``client_id``."""
        return lambda: MemoryTransport(self, client_id, will=will, max_queued=max_queued)

    def cut(self, client_id: str) -> None:
        """Break one connection without a goodbye."""
        if (client := self._clients.pop(client_id, None)) is not None:
            client.broke(LinkDown(f"connection of {client_id} to the memory broker was cut"))
            self._speak_for(client)

    def down(self) -> None:
        """Break every connection, forget everything, let nobody in."""
        self._up = False
        clients, self._clients = self._clients, {}
        self._retained.clear()
        for client_id, client in clients.items():
            client.broke(LinkDown(f"memory broker went down under {client_id}"))

    def up(self) -> None:
        """Let clients in again."""
        self._up = True

    def admit(self, client: "MemoryTransport") -> None:
        """Take ``client`` in; an older connection of the same id is kicked, as MQTT says."""
        if not self._up:
            raise LinkDown(f"memory broker is down, {client.client_id} cannot connect")
        self.cut(client.client_id)
        self._clients[client.client_id] = client

    def leave(self, client: "MemoryTransport") -> None:
        """Let ``client`` go in peace."""
        if self._clients.get(client.client_id) is client:
            del self._clients[client.client_id]

    def take(self, client_id: str, topic: str, payload: bytes, *, retain: bool) -> None:
        """Accept one message and hand it to everyone who wants it."""
        if not self._allowed(client_id, "publish", topic):
            raise LinkRefused(f"memory broker does not let {client_id} publish to {topic}", code=0x87)
        if retain:
            self._keep(topic, payload)
        for other in list(self._clients.values()):
            if other.wants(topic) and self._allowed(other.client_id, "read", topic):
                for _ in range(self._copies()):
                    other.arrived(Delivery(topic, payload))

    def retained(self, client_id: str, pattern: str) -> list[Delivery]:
        """Return the retained messages under ``pattern`` that ``client_id`` may read."""
        return [
            Delivery(topic, payload, retained=True)
            for topic, payload in self._retained.items()
            if matches(pattern, topic) and self._allowed(client_id, "read", topic)
        ]

    def _keep(self, topic: str, payload: bytes) -> None:
        if payload:
            self._retained[topic] = payload
        else:
            self._retained.pop(topic, None)

    def _copies(self) -> int:
        if self._random.random() < self.faults.drop:
            return 0
        return 2 if self._random.random() < self.faults.duplicate else 1

    def _speak_for(self, client: "MemoryTransport") -> None:
        if (will := client.will) is not None and self._allowed(client.client_id, "publish", will.topic):
            self.take(client.client_id, will.topic, will.payload, retain=will.retain)


class MemoryTransport:
    """One connection to a ``MemoryBroker``."""

    def __init__(self, broker: MemoryBroker, client_id: str, *, will: Will | None, max_queued: int) -> None:
        """Keep who we are; nothing is connected yet."""
        self.client_id, self.will = client_id, will
        self._broker = broker
        self._patterns: set[str] = set()
        self._arrived: asyncio.Queue[Delivery] = asyncio.Queue(max_queued)
        self._end: LinkDown | None = LinkDown(f"{client_id} is not connected")
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Connect."""
        self._broker.admit(self)
        self._end = None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye."""
        self._broker.leave(self)
        self.broke(LinkDown(f"{self.client_id} has left"))

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: Literal[0, 1] = 1) -> None:
        """Send one message."""
        await asyncio.sleep(0)  # as with a socket, others get their turn
        self._must_live()
        if len(payload) > MAX_PAYLOAD_BYTES - 1024:
            raise LinkRefused(f"payload of {len(payload)} bytes to {topic} is above the broker's limit", code=0x95)
        self._broker.take(self.client_id, topic, payload, retain=retain)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for messages of ``topics``."""
        await asyncio.sleep(0)
        self._must_live()
        self._patterns.update(topics)
        for pattern in topics:
            for delivery in self._broker.retained(self.client_id, pattern):
                self.arrived(delivery)

    async def messages(self) -> AsyncIterator[Delivery]:
        """Yield what arrives until the connection breaks."""
        while True:
            while not self._arrived.empty():
                yield self._arrived.get_nowait()
            if self._end is not None:
                raise LinkDown(str(self._end))
            self._changed.clear()
            await self._changed.wait()

    def wants(self, topic: str) -> bool:
        """Tell whether ``topic`` was subscribed to."""
        return any(matches(pattern, topic) for pattern in self._patterns)

    def arrived(self, delivery: Delivery) -> None:
        """Queue one message; a full queue loses it, as a broker's does."""
        if not self._arrived.full():
            self._arrived.put_nowait(delivery)
            self._changed.set()

    def broke(self, reason: LinkDown) -> None:
        """End this connection; the first reason stays."""
        if self._end is None:
            self._end = reason
        self._changed.set()

    def _must_live(self) -> None:
        if self._end is not None:
            raise LinkDown(str(self._end))
