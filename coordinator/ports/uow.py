"""One transaction over all of headquarters' books."""

from types import TracebackType
from typing import Any, Protocol, Self

from coordinator.ports.catalogue import Catalogue
from coordinator.ports.fleet import Fleet
from coordinator.ports.inbox import Inbox
from coordinator.ports.quarantine import Quarantine
from coordinator.ports.records import Records
from coordinator.ports.sales import Sales
from coordinator.ports.snapshots import Snapshots


class UnitOfWork(Protocol):
    """One transaction; leaving it without ``commit`` undoes everything."""

    @property
    def inbox(self) -> Inbox:
        """Streams."""
        ...

    @property
    def sales(self) -> Sales:
        """Sales."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """Items and prices."""
        ...

    @property
    def fleet(self) -> Fleet:
        """Stores and edges."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Replicas."""
        ...

    @property
    def quarantine(self) -> Quarantine:
        """Events that could not be applied."""
        ...

    @property
    def records(self) -> Records:
        """The house itself."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, effects: Any) -> None:
        """Write what a group of facts does (``coordinator.handlers.effects.Effects``)."""
        ...

    def commit(self) -> None:
        """Keep everything, on disk, before returning."""
        ...
