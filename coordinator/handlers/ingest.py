"""Taking facts in: decoded messages of edges in, acks out, one transaction per group.

The effects of a group and the positions of its streams are one commit (``link-and-faults.md`` §4); what is returned here may be sent only
because that commit is on disk. Messages of different edges share a transaction: on a busy chain that is one disk flush for many stores.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from coordinator.clock import Clock, parsed, stamp
from coordinator.errors import Clash
from coordinator.handlers.apply import Applier
from coordinator.ports import UnitOfWork
from coordinator.rows import EdgeRow, Place, SeenRow
from domain.limits import MAX_ID
from protocol.errors import UnsupportedVersion
from protocol.facts import SaleCompleted
from protocol.messages import Ack, Batch, Hello, UpMessage
from protocol.receiver import Accepted, StreamPosition, answer, greet, malformed_id, receive

SKEW_ALARM_MS = 120_000


class Arrival(NamedTuple):
    """A message as it came on the topic of ``edge``; an ``UnsupportedVersion`` stands for one this program is too old to read."""

    edge: str
    shard: int
    message: UpMessage | UnsupportedVersion


class Taken(NamedTuple):
    """What came of one arrival.

    ``ack`` is None when nobody may be answered (``refused`` says why); ``behind``: the edge lacks entries of its down log.
    ``outcome`` is one word for the counters: applied, duplicate, gap, stale, damaged, fork, held, hello, newer, refused.
    """

    edge: str
    shard: int
    outcome: str
    ack: Ack | None = None
    behind: bool = False
    refused: str = ""
    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0
    sales: int = 0


def ingest(edge: EdgeRow, batch: Batch, uow: UnitOfWork, clock: Clock, *, credit: int = 1 << 16) -> Ack | None:
    """Take one batch in and return its ack, None when the edge may not be answered."""
    [taken] = ingest_group([Arrival(edge.edge, edge.shard, batch)], uow, clock, credit=credit)
    return taken.ack


def ingest_group(arrivals: Sequence[Arrival], uow: UnitOfWork, clock: Clock, *, credit: int) -> list[Taken]:
    """Take messages in, in order, in one transaction; return what came of each, committed.

    Args:
        arrivals: of any edges; those of one edge in the order in which they came.
        uow: entered here, once or (after a clash) twice.
        clock: for what headquarters calls now.
        credit: bytes that each edge may have in flight after this.
    """
    try:
        return _Group(arrivals, uow, clock, credit).take(careful=False)
    except Clash:
        return _Group(arrivals, uow, clock, credit).take(careful=True)


class _Received(NamedTuple):
    """What the protocol says of one message, before its events are booked."""

    outcome: str
    position: StreamPosition | None = None
    accepted: tuple[Accepted, ...] = ()
    fork: str = ""
    refused: str = ""
    old: int = 0


class _Group:
    """One attempt at one transaction."""

    def __init__(self, arrivals: Sequence[Arrival], uow: UnitOfWork, clock: Clock, credit: int) -> None:
        self._arrivals, self._uow, self._credit = arrivals, uow, credit
        self._now = clock.now()
        self._at = stamp(self._now)
        self._edges: dict[str, EdgeRow] = {}
        self._positions: dict[str, StreamPosition] = {}
        self._before: dict[str, StreamPosition] = {}
        self._seen: dict[str, SeenRow] = {}
        self._events: dict[tuple[str, int], list[Accepted]] = {}

    def take(self, *, careful: bool) -> list[Taken]:
        """Do it; see ``Applier`` for ``careful``."""
        with self._uow as uow:
            self._gen = uow.records.gen()
            self._applier = Applier(uow, self._at, careful=careful)
            self._lock({arrival.edge for arrival in self._arrivals})
            received = [self._receive(arrival) for arrival in self._arrivals]
            taken = self._book(received)
            self._keep()
            uow.commit()
        return taken

    def _lock(self, names: set[str]) -> None:
        """Lock the streams in the order of their keys, so that two workers never wait for each other in a circle."""
        ordered = sorted(names)
        self._edges = {name: row for name, row in self._uow.fleet.edges(ordered).items() if row.revoked_at is None}
        self._before = {name: self._uow.inbox.position(name) for name in ordered if name in self._edges}
        self._positions = dict(self._before)

    def _receive(self, arrival: Arrival) -> _Received:
        """Decide what of one message counts, and move the position for the edge's next one."""
        edge, message = self._edges.get(arrival.edge), arrival.message
        if edge is None:
            return _Received("refused", refused=f"edge {arrival.edge} is unknown here or revoked")
        if edge.shard != arrival.shard:
            return _Received(
                "refused", refused=f"edge {edge.edge} sent in shard {arrival.shard}, its own is {edge.shard}"
            )
        position = self._positions[edge.edge]
        if isinstance(message, UnsupportedVersion):
            # The stream itself is not held: what it cannot read now it reads after the upgrade.
            self._applier.effects.add_alarm(self._at, edge.edge, "newer_version", str(message))
            return _Received("newer", msgspec.structs.replace(position, held=str(message)))
        self._note(edge, message)
        if isinstance(message, Hello):
            fork = greet(position, message, self._hashes(edge.edge, position))
            self._alarm_fork(edge.edge, fork)
            return _Received("fork" if fork else "hello", position, fork=fork)
        return self._batch(edge.edge, position, message)

    def _batch(self, edge: str, position: StreamPosition, batch: Batch) -> _Received:
        reception = receive(position, edge, batch, self._hashes(edge, position))
        self._positions[edge] = moved = reception.position
        accepted = reception.accepted
        if accepted:
            self._events.setdefault((edge, moved.epoch), []).extend(accepted)
        if reception.held and not position.held:
            self._applier.effects.add_alarm(self._at, edge, "stream_held", reception.held)
        self._alarm_fork(edge, reception.fork)
        flags = {
            "fork": bool(reception.fork),
            "damaged": reception.damaged,
            "gap": reception.gap,
            "stale": reception.stale,
            "held": bool(reception.held) and not accepted,
            "applied": bool(accepted),
        }
        outcome = next((name for name, is_so in flags.items() if is_so), "duplicate")
        return _Received(outcome, moved, accepted, reception.fork, old=reception.duplicates)

    def _alarm_fork(self, edge: str, fork: str) -> None:
        if fork:
            text = f"{fork}: restored storage, a cloned card or tampering; the edge starts a new epoch"
            self._applier.effects.add_alarm(self._at, edge, "fork", text)

    def _hashes(self, edge: str, position: StreamPosition) -> Callable[[int], bytes | None]:
        """Give the hashes of a stream; those of this group's own events are not written yet."""

        def hash_at(seq: int) -> bytes | None:
            mine = next((e.hash for e in self._events.get((edge, position.epoch), ()) if e.seq == seq), None)
            return mine or self._uow.inbox.hash_at(edge, position.epoch, seq)

        return hash_at

    def _note(self, edge: EdgeRow, message: UpMessage) -> None:
        """Remember what the edge says of itself; the last word of a group counts."""
        row = SeenRow(edge.edge, self._at, message.top, message.dl.gen, message.dl.cursor)
        if isinstance(message, Hello):
            skew = self._skew_ms(message.wall_at)
            row = row._replace(boot=message.boot[:MAX_ID], software=message.software[:MAX_ID], skew_ms=skew)
            if skew is not None and abs(skew) > SKEW_ALARM_MS:
                text = f"the edge's clock ({message.clock[:8]}) is {skew / 1000:.0f} s off; order does not depend on it, TLS may"
                self._applier.effects.add_alarm(self._at, edge.edge, "clock_skew", text)
        elif earlier := self._seen.get(edge.edge):
            row = row._replace(boot=earlier.boot, software=earlier.software, skew_ms=earlier.skew_ms)
        self._seen[edge.edge] = row

    def _skew_ms(self, wall_at: str) -> int | None:
        try:
            return round((parsed(wall_at) - self._now).total_seconds() * 1000)
        except (ValueError, OverflowError):
            return None

    def _book(self, received: Sequence[_Received]) -> list[Taken]:
        """Book what the accepted events state; one known from an earlier epoch only moves the position."""
        fresh = [accepted for each in received for accepted in each.accepted]
        ids = [accepted.event_id for accepted in fresh]
        known = self._uow.inbox.known(ids) if fresh else set()
        if known or len(set(ids)) < len(ids):
            received = self._with_stand_ins(received, fresh, known)
        self._applier.look_up([accepted.fact for each in received for accepted in each.accepted])
        return [self._book_one(arrival, each, known) for arrival, each in zip(self._arrivals, received, strict=True)]

    def _with_stand_ins(
        self, received: Sequence[_Received], fresh: Sequence[Accepted], known: set[str]
    ) -> list[_Received]:
        """Give an event that uses another one's id an id of its own, and call it poison: bytes never change after their commit."""
        changed = self._changed([accepted for accepted in fresh if accepted.event_id in known])
        first: dict[str, bytes] = {}

        def own(accepted: Accepted) -> Accepted:
            event_id, raw = accepted.event_id, accepted.raw
            if (event_id, raw) not in changed and first.setdefault(event_id, raw) == raw:
                return accepted
            problem = f"event id {accepted.event_id} came again with other content; the first content stands"
            return accepted._replace(event_id=malformed_id(accepted.raw), fact=None, problem=problem)

        settled = [each._replace(accepted=tuple(map(own, each.accepted))) for each in received]
        self._events = {}
        for arrival, each in zip(self._arrivals, settled, strict=True):
            if each.position is not None and each.accepted:
                self._events.setdefault((arrival.edge, each.position.epoch), []).extend(each.accepted)
        ids = {accepted.event_id for accepted in fresh}
        known |= self._uow.inbox.known([e.event_id for each in settled for e in each.accepted if e.event_id not in ids])
        return settled

    def _changed(self, repeated: Sequence[Accepted]) -> set[tuple[str, bytes]]:
        """Return id and bytes of repeated events whose first bytes were others; each id is asked for once at a time."""
        found: set[tuple[str, bytes]] = set()
        while repeated:
            one_each: dict[str, Accepted] = {accepted.event_id: accepted for accepted in repeated}
            found |= {(name, one_each[name].raw) for name in self._uow.inbox.changed(list(one_each.values()))}
            repeated = [accepted for accepted in repeated if one_each[accepted.event_id] is not accepted]
        return found

    def _book_one(self, arrival: Arrival, received: _Received, known: set[str]) -> Taken:
        name, position = arrival.edge, received.position
        if position is None:
            return Taken(name, arrival.shard, received.outcome, refused=received.refused)
        applied = quarantined = sales = 0
        for accepted in received.accepted:
            if accepted.event_id in known:
                continue
            known.add(accepted.event_id)
            if self._applier.apply(Place(name, position.epoch, accepted.seq), self._edges[name], accepted):
                applied += 1
                sales += type(accepted.fact) is SaleCompleted
            else:
                quarantined += 1
        duplicates = received.old + len(received.accepted) - applied - quarantined
        ack = self._ack(position, arrival.message, received.fork)
        behind = self._behind(name, arrival.message)
        return Taken(name, arrival.shard, received.outcome, ack, behind, "", applied, duplicates, quarantined, sales)

    def _ack(self, position: StreamPosition, message: UpMessage | UnsupportedVersion, fork: str) -> Ack:
        asked = None if isinstance(message, UnsupportedVersion) else message
        return answer(position, asked, gen=self._gen, credit=self._credit, hq_time=self._at, fork=fork)

    def _behind(self, name: str, message: UpMessage | UnsupportedVersion) -> bool:
        if isinstance(message, UnsupportedVersion):
            return False
        return message.dl.gen != self._gen or message.dl.cursor != self._edges[name].down_top

    def _keep(self) -> None:
        for (edge, epoch), accepted in self._events.items():
            self._uow.inbox.record(edge, epoch, accepted, self._at)
        for edge, position in self._positions.items():
            if position != self._before[edge]:
                self._uow.inbox.advance(edge, position, self._at)
        self._uow.fleet.seen(list(self._seen.values()))
        if self._events:
            effects = self._applier.effects
            effects.pulse = (self._at[:16], len(effects.sales), sum(map(len, self._events.values())))
        self._uow.write(self._applier.effects)
