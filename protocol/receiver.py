"""Headquarters' side of a stream: which events of a batch count, which are old, and when to stop.

Pure: position and batch in, position and events out. The caller keeps the new position in the transaction that applies the effects, and
only then sends the ack. Poison (a known type that makes no sense) is accepted with its ``problem`` and goes to quarantine: the position
advances. An unknown type or a newer version *holds* the stream: nothing is skipped, headquarters must be upgraded first.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from domain.ids import EventId
from protocol.codec import decode_event, decode_fact
from protocol.envelope import HASH_BYTES, Event, chain, genesis
from protocol.errors import MalformedMessage, UnknownFact, UnsupportedVersion
from protocol.facts import Fact
from protocol.messages import VERSION, Ack, Batch, Hello, UpMessage

ASK_AGAIN = 3
"""How often bytes that fail their hash are asked for again before the stream is held."""

HashOf = Callable[[int], bytes | None]
"""Gives the hash that headquarters has at a seq of the current epoch, or None."""


class StreamPosition(msgspec.Struct, frozen=True):
    """Where the stream of one edge stands at headquarters.

    ``next`` is the first seq not yet applied and ``head`` the hash at ``next − 1``; ``safe`` is the last seq in a verified backup; ``held``
    says why the stream stands still ("" = it does not); ``damaged`` counts batches in a row that failed their hash.
    """

    epoch: int
    next: int
    head: bytes
    safe: int = 0
    held: str = ""
    damaged: int = 0


class Accepted(NamedTuple):
    """One event that counts. ``fact`` is None for poison, and then ``problem`` says why (raw bytes go to quarantine)."""

    seq: int
    event_id: EventId
    raw: bytes
    hash: bytes
    event: Event | None
    fact: Fact | None
    problem: str = ""


class Reception(NamedTuple):
    """What came of a batch; ``position`` is to be kept together with the effects of ``accepted``."""

    position: StreamPosition
    accepted: tuple[Accepted, ...] = ()
    duplicates: int = 0
    gap: bool = False
    stale: bool = False
    damaged: bool = False
    fork: str = ""

    @property
    def held(self) -> str:
        """Why the stream stands still ("" = it does not)."""
        return self.position.held


def beginning(edge: str, epoch: int = 1) -> StreamPosition:
    """Return the position of a stream of which nothing has arrived."""
    return StreamPosition(epoch, 1, genesis(edge, epoch))


def receive(position: StreamPosition, edge: str, batch: Batch, hash_of: HashOf) -> Reception:
    """Return which events of ``batch`` count at ``position``.

    Args:
        position: where the stream stands, read under the row lock of this transaction.
        edge: whose topic the batch came on.
        batch: as decoded; nothing in it is trusted.
        hash_of: hashes headquarters has in ``position.epoch``.
    """
    if position.held:
        return Reception(position)
    if batch.epoch < position.epoch:
        return Reception(position, stale=True)
    events = [bytes(event) for event in batch.events]
    hashes = _hashes(batch, events)
    if hashes[-1].hex() != batch.last_hash:
        return _damage(position, batch)
    at = position if batch.epoch == position.epoch else beginning(edge, batch.epoch)
    if batch.first_seq > at.next:
        return Reception(position, gap=True)
    if fork := _fork(at, batch, hashes, hash_of):
        return Reception(position, fork=fork)
    old = min(at.next - batch.first_seq, len(events))
    return _accept(at, old, events[old:], hashes[old + 1 :])


def greet(position: StreamPosition, hello: Hello, hash_of: HashOf) -> str:
    """Return how the edge's history differs from headquarters' ("" = it does not, as far as its greeting tells)."""
    if hello.epoch < position.epoch:
        return f"edge is in epoch {hello.epoch}, headquarters in {position.epoch}"
    if hello.epoch > position.epoch:
        return ""
    if hello.top < position.next - 1:
        return f"edge ends at {hello.top}, headquarters has {position.next - 1}"
    known = position.head if hello.top == position.next - 1 else hash_of(hello.top)
    return f"other history at {hello.top}" if known is not None and known.hex() != hello.head else ""


def answer(
    position: StreamPosition, message: UpMessage | None, *, gen: int, credit: int, hq_time: str, fork: str = ""
) -> Ack:
    """Return the ack that tells an edge where it stands; send it only after the commit of ``position``.

    Args:
        position: as committed.
        message: the greeting or batch that this answers; None for an ack out of turn (new credit, stream released, backup made).
        gen: generation of headquarters' database, one more after each restore.
        credit: bytes the edge may have in flight; 0 = wait.
        hq_time: RFC 3339.
        fork: how the histories differ, from ``Reception.fork`` or ``greet``.
    """
    return Ack(
        v=VERSION,
        epoch=position.epoch,
        next=position.next,
        head_hash=position.head.hex(),
        safe=min(position.safe, position.next - 1),
        credit=credit,
        gen=gen,
        hq_time=hq_time,
        held=position.held,
        fork=fork,
        boot="" if message is None else message.boot,
        hello=message.number if isinstance(message, Hello) else 0,
    )


def hold(position: StreamPosition, reason: str) -> StreamPosition:
    """Return the position with the stream held (headquarters cannot read what comes next)."""
    return msgspec.structs.replace(position, held=reason)


def release(position: StreamPosition) -> StreamPosition:
    """Return the position with the stream free again: after an upgrade, or after a person looked at the damage."""
    return msgspec.structs.replace(position, held="", damaged=0)


def _hashes(batch: Batch, events: list[bytes]) -> list[bytes]:
    """Return the hash before the first event and after each."""
    hashes = [bytes.fromhex(batch.prev_hash)]
    for event in events:
        hashes.append(chain(hashes[-1], event))
    return hashes


def _damage(position: StreamPosition, batch: Batch) -> Reception:
    """The bytes are not what the edge hashed: rot or tampering, on the way or on its disk."""
    count = position.damaged + 1
    last = batch.first_seq + len(batch.events) - 1
    held = (
        f"bytes of {batch.first_seq}-{last} do not match their hash, asked {count} times" if count > ASK_AGAIN else ""
    )
    return Reception(msgspec.structs.replace(position, damaged=count, held=held), damaged=True)


def _fork(position: StreamPosition, batch: Batch, hashes: list[bytes], hash_of: HashOf) -> str:
    """Compare histories at one seq that both know; the chain makes everything before it equal too."""
    seq = min(position.next - 1, batch.first_seq + len(batch.events) - 1)
    ours = position.head if seq == position.next - 1 else hash_of(seq)
    theirs = hashes[seq - batch.first_seq + 1]
    return f"other history at {seq}" if ours is not None and ours != theirs else ""


def _accept(position: StreamPosition, old: int, events: list[bytes], hashes: list[bytes]) -> Reception:
    accepted: list[Accepted] = []
    held = ""
    for offset, (raw, digest) in enumerate(zip(events, hashes, strict=True)):
        try:
            accepted.append(_read(position.next + offset, raw, digest))
        except (UnknownFact, UnsupportedVersion) as error:
            held = f"event {position.next + offset}: {error}"
            break
    head = accepted[-1].hash if accepted else position.head
    moved = StreamPosition(position.epoch, position.next + len(accepted), head, position.safe, held)
    return Reception(moved, tuple(accepted), duplicates=old)


def _read(seq: int, raw: bytes, digest: bytes) -> Accepted:
    event = None
    try:
        event = decode_event(raw)
        return Accepted(seq, event.id, raw, digest, event, decode_fact(event))
    except MalformedMessage as error:
        event_id = event.id if event else malformed_id(raw)
        return Accepted(seq, event_id, raw, digest, event, None, str(error))


def malformed_id(raw: bytes) -> EventId:
    """Return a stand-in id for bytes that have none, the same each time they are sent."""
    return EventId(f"malformed-{blake2b(raw, digest_size=HASH_BYTES).hexdigest()}")
