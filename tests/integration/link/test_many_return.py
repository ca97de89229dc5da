"""Two hundred stores come back in the same moment (F24 in small): spread, all of them, each with everything, once."""

import asyncio
import random
from contextlib import ExitStack
from pathlib import Path

import pytest

from link.backoff import Backoff
from link.broker import Broker
from link.indicator import RelayChange, RelayState
from link.journal import MemoryJournal
from link.mqtt import mqtt_factory
from link.relay import Relay, offline_will
from link.transport import LinkSettings
from tests.edge_headquarters import headquarters
from tests.streams import event_of
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

EDGES, FACTS, WINDOW_S = 200, 10, 2.0


class Noted(Backoff):
    """Keeps the waits that it gives."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng, first_s=WINDOW_S, cap_s=WINDOW_S)
        self.waits_s: list[float] = []

    def next_s(self, *, at_least_failures: int = 0) -> float:
        self.waits_s.append(super().next_s(at_least_failures=at_least_failures))
        return self.waits_s[-1]


class Store:
    """One edge with facts in its outbox; ``lost_at`` tells when its line broke, ``back_at`` when headquarters answered it."""

    def __init__(self, number: int, port: int) -> None:
        self.name = f"S{number}"
        self.journal = MemoryJournal(self.name)
        settings = LinkSettings(host="127.0.0.1", port=port, client_id=self.name, plain_loopback=True)
        rng = random.Random(number)
        self.lost_at, self.back_at = list[float](), list[float]()
        self.backoff = Noted(rng)
        self.relay = Relay(
            self.name,
            1,
            mqtt_factory(settings, will=offline_will(1, self.name)),
            self.journal,
            backoff=self.backoff,
            rng=rng,
            on_change=self._changed,
        )
        self._number, self._sold = number, 0

    def sell(self, count: int) -> None:
        for _ in range(count):
            self._sold += 1
            self.journal.append(*event_of(self._number * 1000 + self._sold))
        self.relay.committed()

    def drained(self) -> bool:
        at = self.journal.outbox.position()
        return at.top == at.acked

    def _changed(self, change: RelayChange) -> None:
        now = asyncio.get_running_loop().time()
        if change.state is RelayState.ONLINE:
            self.back_at.append(now)
        elif change.state is RelayState.OFFLINE:
            self.lost_at.append(now)


async def test_f24_all_come_back_spread_and_none_starves(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker, ExitStack() as closing:
        stores = [Store(number, broker.port) for number in range(1, EDGES + 1)]
        for store in stores:
            closing.callback(store.journal.close)
        async with headquarters(broker) as hq, asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(store.relay.run(), name=store.name) for store in stores]
            await until(lambda: all(store.back_at for store in stores), 40)
            broker.kill()
            await until(lambda: all(store.relay.state is RelayState.OFFLINE for store in stores), 20)
            for store in stores:
                store.sell(FACTS)
            broker.start()
            await until(lambda: all(store.drained() for store in stores), 60)
            for task in running:
                task.cancel()
        assert all(hq.positions[store.name].next == FACTS + 1 for store in stores)
        assert all(len(hq.accepted[store.name]) == FACTS for store in stores)
        assert hq.forks == []
        # Each came back as late as it had drawn, and what they drew is spread. A busy machine may be later, never sooner.
        assert all(store.back_at[-1] - store.lost_at[-1] >= store.backoff.waits_s[-1] for store in stores)
        drawn = sorted(store.backoff.waits_s[-1] for store in stores)
        busiest = max(sum(at <= other < at + WINDOW_S / 10 for other in drawn) for at in drawn)
        assert busiest < EDGES / 4, f"{busiest} of {EDGES} within a tenth of the window: they come as one"
