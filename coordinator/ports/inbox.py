"""How far headquarters has the streams of the edges."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from protocol.receiver import Accepted, StreamPosition


class Inbox(Protocol):
    """The streams of the edges as far as headquarters has them."""

    def position(self, edge: str) -> StreamPosition:
        """Return and lock how far the stream of ``edge`` is applied."""
        ...

    def positions(self) -> dict[str, StreamPosition]:
        """Return how far every stream is applied, without locking."""
        ...

    def secure(self, backed_up: Mapping[str, StreamPosition]) -> None:
        """Move ``safe`` of every stream to what a verified backup contains."""
        ...

    def hash_at(self, edge: str, epoch: int, seq: int) -> bytes | None:
        """Return the hash of the stream at ``seq``, None when it is not kept."""
        ...

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were applied before, in any epoch."""
        ...

    def changed(self, accepted: Sequence[Accepted]) -> set[str]:
        """Return which of these known events say something else than when they first came."""
        ...

    def record(self, edge: str, epoch: int, accepted: Sequence[Accepted], at: str) -> None:
        """Keep the bytes and hashes of events that moved the stream (those known from an earlier epoch too)."""
        ...

    def advance(self, edge: str, position: StreamPosition, at: str) -> None:
        """Move the stream to ``position``."""
        ...
