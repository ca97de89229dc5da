"""A headquarters of one page: the real receiver and hub on the memory bus, so that the relay has somebody to talk to."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from domain.ids import EdgeId, EventId
from link.backoff import Backoff
from link.hub import Hub
from link.journal import MemoryJournal
from link.memory import MemoryBroker
from link.relay import Relay, offline_will
from protocol.codec import decode_up, encode, encode_event
from protocol.facts import EdgeStarted
from protocol.messages import Ack, Batch, Down, Hello
from protocol.receiver import StreamPosition, answer, beginning, greet, receive
from protocol.topics import Address

EDGE, SHARD = "S2", 2


class Headquarters:
    """Keeps what it accepted in memory; ``deaf`` hears and says nothing."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.position: StreamPosition = beginning(EDGE)
        self.events: list[bytes] = []
        self.hashes: dict[int, bytes] = {0: self.position.head}
        self.greetings: list[Hello] = []
        self.batches: list[Batch] = []
        self.gen, self.deaf = 1, False
        self.hub = Hub(broker.factory("coordinator", max_queued=4000), self.handle)

    async def handle(self, address: Address, payload: bytes) -> None:
        if address.leaf != "up" or self.deaf:
            return
        message = decode_up(payload)
        fork = ""
        if isinstance(message, Hello):
            self.greetings.append(message)
            fork = greet(self.position, message, self.hashes.get)
        else:
            self.batches.append(message)
            fork = self._apply(message)
        self.say(
            answer(self.position, message, gen=self.gen, credit=1 << 20, hq_time="2026-11-21T12:00:00Z", fork=fork)
        )

    def say(self, message: Ack | Down) -> None:
        self.hub.tell(SHARD, EDGE, "ack" if isinstance(message, Ack) else "down", encode(message))

    def _apply(self, batch: Batch) -> str:
        reception = receive(self.position, EDGE, batch, self.hashes.get)
        for event in reception.accepted:
            self.events.append(event.raw)
            self.hashes[event.seq] = event.hash
        self.position = reception.position
        return reception.fork


class Pair:
    """One edge and headquarters on one memory bus."""

    def __init__(self, seed: int = 1) -> None:
        self.broker = MemoryBroker(seed=seed)
        self.journal = MemoryJournal(EDGE)
        self.headquarters = Headquarters(self.broker)
        self.relay = self.new_relay()

    def new_relay(self, **more: Any) -> Relay:
        factory = self.broker.factory(EDGE, will=offline_will(SHARD, EDGE))
        rng = random.Random(7)
        given: dict[str, Any] = {"backoff": Backoff(rng, first_s=0.01, cap_s=0.05), "rng": rng} | more
        return Relay(EDGE, SHARD, factory, self.journal, **given)

    def sell(self, count: int = 1) -> None:
        for _ in range(count):
            event_id = EventId(str(uuid.uuid4()))
            fact = EdgeStarted(edge=EdgeId(EDGE), boot_id="b", software="s")
            raw = encode_event(
                fact,
                event_id=event_id,
                source="/edges/S2",
                time="2026-11-21T12:00:00Z",
                bootid="b",
                monotonicms=1,
                clock="ntp",
            )
            self.journal.append(raw, event_id)
        self.relay.committed()


@contextlib.asynccontextmanager
async def paired(relay: Callable[[Pair], Relay] | None = None) -> AsyncIterator[Pair]:
    """An edge and headquarters that run."""
    pair = Pair()
    if relay is not None:
        pair.relay = relay(pair)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(pair.headquarters.hub.run()), tasks.create_task(pair.relay.run())]
            try:
                yield pair
            finally:
                for task in running:
                    task.cancel()
    finally:
        pair.journal.close()


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    """Return when ``condition`` holds; the loop is given back in between."""
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - a test looks at many things that have no event of their own
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError("the condition never came true") from None
