"""One event as it lies in the outbox and crosses the wire: CloudEvents 1.0 attributes around a fact.

The bytes of an event never change after its commit. Its place in the stream (epoch, seq) is not part of the bytes but of the batch that
carries it: when an edge starts a new epoch, the same bytes travel again under new numbers and ``id`` makes that harmless.
"""

import hashlib
from typing import Literal

import msgspec

from domain.ids import EventId

HASH_BYTES = 16
ClockQuality = Literal["ntp", "rtc", "guess"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A CloudEvent; ``data`` stays raw until its ``type`` is known."""

    specversion: str
    id: EventId
    source: str
    type: str
    time: str
    data: msgspec.Raw
    traceparent: str = ""
    bootid: str = ""
    monotonicms: int = 0
    clock: ClockQuality = "guess"


def genesis(edge: str, epoch: int) -> bytes:
    """Return h(0) of a stream, ``HASH_BYTES`` long, different for every (edge, epoch)."""
    return hashlib.blake2b(f"{edge}/{epoch}".encode(), digest_size=HASH_BYTES).digest()


def chain(previous: bytes, event: bytes) -> bytes:
    """Return h(n) = BLAKE2b(h(n−1) ‖ bytes(n)), ``HASH_BYTES`` long."""
    return hashlib.blake2b(previous + event, digest_size=HASH_BYTES).digest()
