"""The messages on the five topics of an edge. All are JSON objects tagged by ``kind``; hashes are lower-case hex."""

from typing import Any

import msgspec

VERSION = 1
"""Major version of the wire form; headquarters reads this and the one before."""


class DownlinkPosition(msgspec.Struct, frozen=True, gc=False):
    """How far the edge has applied headquarters' log: ``gen`` changes when headquarters was restored."""

    gen: int
    cursor: int


class Hello(msgspec.Struct, frozen=True, tag_field="kind", tag="hello", omit_defaults=True):
    """edge → ``up`` at every connect. ``head`` = hash at ``top``; ``boot`` = nonce of this boot; clocks let headquarters see skew."""

    v: int
    epoch: int
    acked: int
    top: int
    head: str
    dl: DownlinkPosition
    boot: str
    reads: tuple[int, int]
    software: str
    wall_at: str
    monotonic_ms: int
    clock: str = "guess"
    free_bytes: int = -1


class Batch(msgspec.Struct, frozen=True, tag_field="kind", tag="batch", omit_defaults=True):
    """edge → ``up``: events ``first_seq`` … ``first_seq + len(events) − 1``; ``prev_hash`` = hash before the first one,
    ``last_hash`` = hash at the last one (damage on the way shows here; an empty batch repeats ``prev_hash``)."""

    v: int
    epoch: int
    first_seq: int
    prev_hash: str
    last_hash: str
    events: tuple[msgspec.Raw, ...]
    dl: DownlinkPosition
    top: int
    boot: str = ""


class Ack(msgspec.Struct, frozen=True, tag_field="kind", tag="ack", omit_defaults=True):
    """headquarters → ``ack``, only after its commit, cumulative.

    ``next`` is the first seq not yet applied, ``head_hash`` the hash at ``next − 1``; rows may be deleted up to ``min(next − 1, safe)``;
    ``credit`` = bytes the edge may have in flight; ``gen`` = generation of headquarters' database. ``held``: why the stream stands still
    (unknown type or version, damaged bytes). ``fork``: histories differ, the edge must start epoch ``max(epoch) + 1`` and re-send.
    """

    v: int
    epoch: int
    next: int
    head_hash: str
    safe: int
    credit: int
    gen: int
    hq_time: str
    held: str = ""
    fork: str = ""
    boot: str = ""


class DownEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One numbered entry of headquarters' log for an edge: rows of a feed to put or drop."""

    seq: int
    feed: str
    version: int
    put: tuple[Any, ...] = ()
    drop: tuple[str, ...] = ()


class SnapshotRef(msgspec.Struct, frozen=True):
    """Where a whole replica can be fetched: ``path`` under headquarters' HTTPS address, ``sha256`` of the signed manifest."""

    path: str
    cursor: int
    sha256: str


class Down(msgspec.Struct, frozen=True, tag_field="kind", tag="down", omit_defaults=True):
    """headquarters → ``down``: a small delta, or only a poke (``entries`` empty), or the advice to take a snapshot."""

    v: int
    gen: int
    top: int
    entries: tuple[DownEntry, ...] = ()
    snapshot: SnapshotRef | None = None


class Status(msgspec.Struct, frozen=True, tag_field="kind", tag="status", omit_defaults=True):
    """edge → ``status``, retained, with a last will; nobody decides anything from it."""

    v: int
    online: bool
    boot: str = ""
    software: str = ""


UpMessage = Hello | Batch
