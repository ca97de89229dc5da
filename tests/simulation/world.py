"""One run: shops, headquarters and a bad network in virtual time, all from one seed."""

import heapq
import random
import traceback
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from link.downfeed import DOWNLINK_POLL_S
from protocol import codec
from protocol.facts import StockMoved
from protocol.messages import Ack
from tests.simulation.checks import verdict
from tests.simulation.faults import SCENARIOS, Scenario, draw
from tests.simulation.headquarters import EDGES, Headquarters
from tests.simulation.shop import NEWER_TYPE, Shop

ACTIONS = 36
SAFETY_S = 60.0
LIVENESS_S = 400.0
MOST_EVENTS = 20_000
"""A run has one or two thousand; more is a livelock."""


class Outcome(NamedTuple):
    """What a run came to; ``violations`` is empty when every promise was kept."""

    seed: int
    scenario: Scenario
    violations: list[str]
    figures: dict[str, int]


class World:
    """Virtual time, a queue of things to come, and the road between the shops and headquarters."""

    def __init__(self, seed: int, scenario: Scenario | None = None) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.scenario: Scenario = scenario or SCENARIOS[seed % len(SCENARIOS)]
        self.faults = self.faults_drawn = draw(self.rng, self.scenario)
        self.now_s = 0.0
        self.violations: list[str] = []
        self._coming: list[tuple[float, int, Callable[[], object], bool]] = []
        self._count = self._happened = 0
        self._closed: set[str] = set()
        self.headquarters = Headquarters(self)
        self.shops = {f"S{number}": Shop(self, number) for number in range(1, EDGES + 1)}

    # -- time

    def later(self, delay_s: float, deed: Callable[[], object], *, on_road: bool = False) -> None:
        """Let ``deed`` happen after ``delay_s``."""
        self._count += 1
        heapq.heappush(self._coming, (self.now_s + delay_s, self._count, deed, on_road))

    def run_until(self, end_s: float, done: Callable[[], bool] | None = None) -> None:
        """Let things happen up to ``end_s``, or until ``done``."""
        while self._coming and self._coming[0][0] <= end_s:
            self.now_s, _, deed, _ = heapq.heappop(self._coming)
            deed()
            self._happened += 1
            if self._happened > MOST_EVENTS:
                self.violated(f"I8 busy without end at {self.now_s:.1f} s")
                break
            if done is not None and done():
                return
        self.now_s = end_s

    def violated(self, text: str) -> None:
        """A promise was broken while things went on."""
        self.violations.append(text)

    # -- road

    def is_open(self, edge: str) -> bool:
        """Whether messages of this edge get through at all."""
        return edge not in self._closed

    def to_headquarters(self, edge: str, payload: bytes) -> None:
        """Publish on ``up``."""
        for copy in self._copies(edge, payload):
            self._travel(lambda copy=copy: self.headquarters.hear(edge, copy))  # type: ignore[misc]

    def to_edge(self, edge: str, payload: bytes) -> None:
        """Publish on ``ack`` or ``down``."""
        for copy in self._copies(edge, payload, damage=False):
            self._travel(lambda copy=copy: self._deliver(edge, copy))  # type: ignore[misc]

    def _deliver(self, edge: str, payload: bytes) -> None:
        if self.is_open(edge):
            is_ack = payload.startswith(b'{"kind":"ack"')
            self.shops[edge].hear(codec.decode_ack(payload) if is_ack else codec.decode_down(payload))

    def _travel(self, deed: Callable[[], object]) -> None:
        self.later(0.001 + self.rng.expovariate(1 / self.faults.delay_s), deed, on_road=True)

    def _copies(self, edge: str, payload: bytes, *, damage: bool = True) -> list[bytes]:
        """Return what arrives: nothing, one, or two; perhaps damaged."""
        if not self.is_open(edge) or self.rng.random() < self.faults.drop:
            return []
        if damage and self.rng.random() < self.faults.damage:
            payload = self._damaged(payload)
        return [payload] * (2 if self.rng.random() < self.faults.double else 1)

    def _damaged(self, payload: bytes) -> bytes:
        """Change one digit or letter inside the events, where only the hash chain can tell."""
        at = payload.find(b'"delta_milli":')
        if at < 0:
            return payload
        at += len(b'"delta_milli":')
        return payload[:at] + (b"7" if payload[at : at + 1] != b"7" else b"3") + payload[at + 1 :]

    def close_road(self, edge: str) -> None:
        """Partition one edge; it notices late, or not at all."""
        if edge in self._closed:
            return
        self._closed.add(edge)
        if self.rng.random() < 0.7:
            self.later(
                self.rng.uniform(0, 15), lambda: self.shops[edge].lost_connection() if edge in self._closed else None
            )
        self.later(self.rng.choice((1.0, 8.0, 30.0)), lambda: self.open_road(edge))

    def open_road(self, edge: str) -> None:
        """End a partition."""
        self._closed.discard(edge)
        self.shops[edge].reconnect()

    def forget_road(self) -> None:
        """The broker dies and forgets everything that it had accepted."""
        self._coming = [item for item in self._coming if not item[3]]
        heapq.heapify(self._coming)

    # -- the run

    def run(self) -> Outcome:
        """Faults first, then a healed world in which everything must come to rest; then every invariant."""
        self._plan()
        try:
            self.run_until(SAFETY_S)
            self._heal()
            self.run_until(SAFETY_S + LIVENESS_S, self._is_at_rest)
            self.violations += verdict(self)
        finally:
            _downgrade()
            self.headquarters.close()
            for shop in self.shops.values():
                shop.disk.close()
        return Outcome(self.seed, self.scenario, self.violations, self._figures())

    def _plan(self) -> None:
        rng, faults, shops = self.rng, self.faults, list(self.shops.values())
        for _ in range(ACTIONS):
            self.later(rng.uniform(0, SAFETY_S), rng.choice(shops).act)
        for _ in range(6):
            self.later(rng.uniform(0, SAFETY_S), rng.choice(shops).release)
        for _ in range(3):
            self.later(rng.uniform(0, SAFETY_S), self.headquarters.back_up)
        for _ in range(3):
            self.later(rng.uniform(0, SAFETY_S), self.headquarters.change_prices)
        for _ in range(round(2 * faults.partitions)):
            self.later(rng.uniform(0, SAFETY_S), lambda: self.close_road(rng.choice(shops).edge))
        for _ in range(round(3 * faults.broker_forgets)):
            self.later(rng.uniform(0, SAFETY_S), self.forget_road)
        for _ in range(round(4 * faults.forged_acks)):
            self.later(rng.uniform(0, SAFETY_S), self._forge)
        if faults.restored:
            self.later(rng.uniform(10, 25), self.headquarters.back_up)
            self.later(rng.uniform(30, SAFETY_S - 5), self.headquarters.restore)

    def _forge(self) -> None:
        """F21: an ack with a wrong hash, of the future, or of another epoch."""
        shop = self.rng.choice(list(self.shops.values()))
        if not shop.on:
            return
        at = shop.journal.outbox.position()
        epoch = self.rng.choice((at.epoch, at.epoch, at.epoch + 3))
        following = self.rng.choice((at.top + 1, at.top + 7, max(at.top, 1)))
        shop.hear(msgspec.structs.replace(_BLANK, epoch=epoch, next=following, gen=at.hq_gen))

    def _heal(self) -> None:
        self.faults = self.faults.healed()
        self.headquarters.on = True
        _upgrade()
        for shop in self.shops.values():
            self._closed.discard(shop.edge)
            shop.disk.remembers = False
            shop.disk.before_commit = shop.disk.after_commit = None
            if not shop.on:
                shop.start()
            shop.reconnect()
            shop.poll()
        self._free_streams()

    def _free_streams(self) -> None:
        """An operator looks at held streams now and then."""
        self.headquarters.set_free()
        if self.now_s < SAFETY_S + LIVENESS_S / 2:
            self.later(20.0, self._free_streams)

    def _is_at_rest(self) -> bool:
        if (
            self.now_s < SAFETY_S + DOWNLINK_POLL_S + 1
        ):  # until then an idle edge cannot know that headquarters was restored
            return False
        if any(shop.on and shop.downlink != self.headquarters.log_end(shop.edge) for shop in self.shops.values()):
            return False
        return all(shop.is_drained for shop in self.shops.values()) and not any(item[3] for item in self._coming)

    def _figures(self) -> dict[str, int]:
        shops = self.shops.values()
        return {
            "sales": sum(len(shop.truth.sales) for shop in shops),
            "facts": sum(shop.truth.facts for shop in shops),
            "poison": sum(shop.truth.poison for shop in shops),
            "epochs": sum(shop.epochs_started for shop in shops),
            "taken_back": sum(shop.truth.commits_taken_back for shop in shops),
            "restores": self.headquarters.restores,
            "batches": len(self.headquarters.taken),
            "duplicates": sum(each.duplicates for each in self.headquarters.taken),
            "rest_at_s": round(self.now_s),
        }


_BLANK = Ack(1, 1, 1, "00" * 16, 0, 1 << 16, 1, "2026-11-21T08:00:00.000Z")


def _upgrade() -> None:
    """Headquarters learns the newer type of fact."""
    codec._fact_decoders[NEWER_TYPE] = msgspec.json.Decoder(StockMoved)


def _downgrade() -> None:
    codec._fact_decoders.pop(NEWER_TYPE, None)


def run(seed: int, scenario: Scenario | None = None) -> Outcome:
    """Play one seed; an error that nobody expected is a violation, too."""
    world = World(seed, scenario)
    try:
        return world.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed and the next seed goes on
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"error: {type(error).__name__}: {error} (at {where.filename.rpartition('/')[2]}:{where.lineno})"
        return Outcome(seed, world.scenario, [*world.violations, text], {})
