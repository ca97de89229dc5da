"""Stores, edges and their papers."""

from collections.abc import Sequence
from typing import Protocol

from coordinator.ports.authority import Issued
from coordinator.rows import EdgeRow, EnrolmentRow, SeenRow, StatusRow, StoreRow


class Fleet(Protocol):
    """Stores, edges and their papers."""

    def stores(self, names: Sequence[str] | None = None) -> dict[str, StoreRow]:
        """Return the stores of these names, or all."""
        ...

    def put_stores(self, rows: Sequence[StoreRow], at: str) -> None:
        """Add or replace stores."""
        ...

    def edges(self, names: Sequence[str] | None = None) -> dict[str, EdgeRow]:
        """Return the edges of these names, or all."""
        ...

    def edges_of(self, stores: Sequence[str]) -> list[EdgeRow]:
        """Return the edges of these stores that are not revoked."""
        ...

    def add_edge(self, row: EdgeRow, at: str) -> None:
        """Register an edge."""
        ...

    def seen(self, rows: Sequence[SeenRow]) -> None:
        """Remember what edges last said of themselves."""
        ...

    def keep_statuses(self, rows: Sequence[StatusRow]) -> None:
        """Remember what edges last said on ``status``."""
        ...

    def add_enrolment(self, row: EnrolmentRow, at: str) -> None:
        """Keep a one-time secret; earlier unused ones of the edge end."""
        ...

    def enrolment(self, secret_sha256: str) -> EnrolmentRow | None:
        """Return and lock a one-time secret."""
        ...

    def use_enrolment(self, secret_sha256: str, key_sha256: str, at: str) -> None:
        """Mark a one-time secret as used for a key."""
        ...

    def set_certificate(self, edge: str, issued: Issued, at: str) -> None:
        """Keep the certificate of an edge."""
        ...

    def revoke(self, edge: str, at: str) -> list[str]:
        """Revoke an edge and return the serials of its certificates."""
        ...

    def revoked_serials(self) -> list[str]:
        """Return the serials of all revoked certificates."""
        ...

    def down_bump(self, edges: Sequence[str], *, snapshot: bool) -> dict[str, int]:
        """Draw the next number of each edge's down log and return it; ``snapshot`` lets the log up to that number go."""
        ...

    def add_down(self, entries: Sequence[tuple[str, int, str]], at: str) -> None:
        """Append entries (edge, seq, entry as it travels) to down logs."""
        ...

    def down_entries(self, edge: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Return entries of an edge's down log above ``after``, in order."""
        ...
