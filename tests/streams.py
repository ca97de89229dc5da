"""Both ends of a stream with nothing in between, for tests of the protocol."""

import sqlite3
from typing import TypeVar

import msgspec

from domain.ids import EventId, SkuId, StoreId, uuid7
from link.outbox import SCHEMA, Outbox
from protocol.codec import encode_event
from protocol.facts import StockChange, StockMoved
from protocol.messages import Ack, Batch, DownlinkPosition, Hello, UpMessage
from protocol.receiver import Accepted, StreamPosition, answer, beginning, greet, receive
from protocol.sender import Effect, Send

EDGE = "S2"
T = TypeVar("T")


def event_of(number: int, reason: str = "") -> tuple[bytes, EventId]:
    """Return the bytes and id of the fact number ``number``."""
    event_id = EventId(uuid7(1_483_264_800_000 + number, number.to_bytes(10, "big")))
    fact = StockMoved(StoreId("2"), "received", (StockChange(SkuId("7"), number),), reason)
    raw = encode_event(
        fact, event_id=event_id, source=EDGE, time="2017-01-01T10:00:00Z", bootid="b1", monotonicms=number, clock="ntp"
    )
    return raw, event_id


def new_outbox(edge: str = EDGE) -> Outbox:
    """Return an empty outbox in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA)
    outbox = Outbox(db)
    outbox.initialise(edge)
    return outbox


def filled_outbox(count: int, reason: str = "") -> Outbox:
    """Return an outbox with ``count`` facts."""
    outbox = new_outbox()
    for number in range(1, count + 1):
        outbox.append(*event_of(number, reason))
    return outbox


def hello_of(outbox: Outbox, boot: str = "b1") -> Hello:
    """Return what the relay would greet with."""
    at = outbox.position()
    dl = DownlinkPosition(at.dl_gen, at.dl_cursor)
    return Hello(1, at.epoch, at.acked, at.top, at.head.hex(), dl, boot, (1, 1), "test", "2017-01-01T10:00:00Z", 1)


def batch_of(outbox: Outbox, first: int, last: int) -> Batch:
    """Return the batch ``first`` … ``last``."""
    at = outbox.position()
    before, after = outbox.hash_at(first - 1), outbox.hash_at(last)
    assert before is not None
    assert after is not None
    events = tuple(map(msgspec.Raw, outbox.read(first, last - first + 1, 1 << 20)))
    return Batch(1, at.epoch, first, before.hex(), after.hex(), events, DownlinkPosition(0, 0), at.top, "b1")


def sent(effects: list[Effect], kind: type[T]) -> list[T]:
    """Return the messages of one kind among the effects."""
    return [effect.message for effect in effects if isinstance(effect, Send) and isinstance(effect.message, kind)]


def of(effects: list[Effect], kind: type[T]) -> list[T]:
    """Return the effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


class Headquarters:
    """A receiver with everything that it accepted, in memory; ``credit`` and ``gen`` are knobs."""

    def __init__(self) -> None:
        self.position = beginning(EDGE)
        self.events: dict[tuple[int, int], Accepted] = {}
        self.applied: dict[str, Accepted] = {}
        self.gen = 1
        self.credit = 1 << 18

    def hash_of(self, seq: int) -> bytes | None:
        """Return the hash at ``seq`` of the current epoch."""
        found = self.events.get((self.position.epoch, seq))
        return found.hash if found else None

    def take(self, message: UpMessage) -> Ack:
        """Receive, apply once, answer."""
        if isinstance(message, Hello):
            return self.ack(message, greet(self.position, message, self.hash_of))
        reception = receive(self.position, EDGE, message, self.hash_of)
        self.position = reception.position
        for each in reception.accepted:
            self.events[self.position.epoch, each.seq] = each
            self.applied.setdefault(each.event_id, each)
        return self.ack(message, reception.fork)

    def ack(self, message: UpMessage | None = None, fork: str = "") -> Ack:
        """Tell where the stream stands."""
        return answer(self.position, message, gen=self.gen, credit=self.credit, hq_time="t", fork=fork)

    def keep(self) -> tuple[StreamPosition, dict[tuple[int, int], Accepted], dict[str, Accepted]]:
        """Return a backup; what it holds becomes safe."""
        self.position = msgspec.structs.replace(self.position, safe=self.position.next - 1)
        return self.position, dict(self.events), dict(self.applied)

    def restore(self, backup: tuple[StreamPosition, dict[tuple[int, int], Accepted], dict[str, Accepted]]) -> None:
        """Go back to a backup, one generation up."""
        self.position, self.events, self.applied = backup[0], dict(backup[1]), dict(backup[2])
        self.gen += 1
