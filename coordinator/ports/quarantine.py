"""Events that could not be applied."""

from typing import Protocol

from coordinator.rows import ParkedRow


class Quarantine(Protocol):
    """Events that could not be applied, one by one."""

    def find(self, event_id: str) -> ParkedRow | None:
        """Return a parked event without locking it."""
        ...

    def lock(self, event_id: str) -> ParkedRow:
        """Return a parked event that exists, locked until the transaction ends."""
        ...

    def resolve(self, event_id: str, at: str, resolution: str, by: str) -> None:
        """Write down what became of a parked event."""
        ...

    def is_open_at(self, edge: str) -> bool:
        """Tell whether events of an edge still wait for a person."""
        ...
