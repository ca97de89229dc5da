"""The messages on the five topics of an edge. All are JSON objects tagged by ``kind``; hashes are lower-case hex."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

VERSION = 1
"""Major version of the wire form; headquarters reads this and the one before."""

MAX_BATCH_EVENTS = 64
MAX_DEVICES = 128

Count = Annotated[int, Meta(ge=0, le=2**53)]
Number = Annotated[int, Meta(ge=1, le=2**53)]
Epoch = Annotated[int, Meta(ge=1, le=2**31)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class DownlinkPosition(msgspec.Struct, frozen=True, gc=False):
    """How far the edge has applied headquarters' log: ``gen`` changes when headquarters was restored."""

    gen: Count
    cursor: Count


class Hello(msgspec.Struct, frozen=True, tag_field="kind", tag="hello", omit_defaults=True):
    """edge → ``up`` at every connect, and again when the two sides disagree.

    ``head`` = hash at ``top``; ``boot`` = nonce of this boot; ``number`` counts the greetings of a boot, the answer repeats it. Clocks let
    headquarters see skew; a repeated greeting leaves ``wall_at`` empty. ``free_bytes`` = free disk, −1 when not known.
    """

    v: int
    epoch: Epoch
    acked: Count
    top: Count
    head: Hash
    dl: DownlinkPosition
    boot: str
    reads: tuple[int, int]
    software: str
    wall_at: str
    monotonic_ms: int
    clock: str = "guess"
    free_bytes: int = -1
    number: Count = 0


class Batch(msgspec.Struct, frozen=True, tag_field="kind", tag="batch", omit_defaults=True):
    """edge → ``up``: events ``first_seq`` … ``first_seq + len(events) − 1``.

    ``prev_hash`` = hash before the first one, ``last_hash`` = hash at the last one (damage on the way shows here; an empty batch repeats
    ``prev_hash``). ``top`` is the last seq the edge has, so that headquarters knows its lag.
    """

    v: int
    epoch: Epoch
    first_seq: Number
    prev_hash: Hash
    last_hash: Hash
    events: Annotated[tuple[msgspec.Raw, ...], Meta(max_length=MAX_BATCH_EVENTS)]
    dl: DownlinkPosition
    top: Count
    boot: str = ""


class Ack(msgspec.Struct, frozen=True, tag_field="kind", tag="ack", omit_defaults=True):
    """headquarters → ``ack``, only after its commit, cumulative.

    ``next`` is the first seq not yet applied, ``head_hash`` the hash at ``next − 1``; rows may be deleted up to ``min(next − 1, safe)``;
    ``credit`` = bytes the edge may have in flight; ``gen`` = generation of headquarters' database. ``held``: why the stream stands still
    (unknown type or version, damaged bytes). ``fork``: histories differ, the edge must start epoch ``max(epoch) + 1`` and re-send.
    ``boot`` and ``hello`` repeat ``Hello.boot`` and ``Hello.number`` when this answers a greeting (``hello`` is 0 otherwise): only such an
    answer may make the edge step back or start a new epoch, so that a late or forged ack cannot.
    """

    v: int
    epoch: Epoch
    next: Number
    head_hash: Hash
    safe: Count
    credit: Count
    gen: Count
    hq_time: str
    held: str = ""
    fork: str = ""
    boot: str = ""
    hello: Count = 0


class DownEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One numbered entry of headquarters' log for an edge: rows of a feed to put or drop."""

    seq: Number
    feed: str
    version: int
    put: tuple[Any, ...] = ()
    drop: tuple[str, ...] = ()


class SnapshotRef(msgspec.Struct, frozen=True):
    """Where a whole replica can be fetched: ``path`` under headquarters' HTTPS address, ``sha256`` of the signed manifest."""

    path: str
    cursor: Count
    sha256: str


class Down(msgspec.Struct, frozen=True, tag_field="kind", tag="down", omit_defaults=True):
    """headquarters → ``down``: a small delta, or only a poke (``entries`` empty), or the advice to take a snapshot."""

    v: int
    gen: Count
    top: Count
    entries: tuple[DownEntry, ...] = ()
    snapshot: SnapshotRef | None = None


class DeviceNow(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one device of an edge is: its UnifiedPOS class, its state, why it is not better, and since when (RFC 3339)."""

    device: str
    state: Literal["absent", "opening", "ok", "degraded", "failed"]
    device_class: str = ""
    reason: str = ""
    since_at: str = ""


class Status(msgspec.Struct, frozen=True, tag_field="kind", tag="status", omit_defaults=True):
    """edge → ``status``, retained, with a last will, and again when a device changed; nobody decides anything from it."""

    v: int
    online: bool
    boot: str = ""
    software: str = ""
    devices: Annotated[tuple[DeviceNow, ...], Meta(max_length=MAX_DEVICES)] = ()


UpMessage = Hello | Batch
