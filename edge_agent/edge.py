"""One edge, opened: what agent, host and till work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from edge_agent.clock import HeadquartersTime, SystemClock
from edge_agent.counter import Counter
from edge_agent.data_dir import DataDir
from edge_agent.receipts import Style
from edge_agent.settings import EdgeSettings
from edge_agent.storage import DiskBudget
from link.identity import EdgeCard, EdgeIdentity
from link.outbox import Outbox
from link.relay import Relay

Result = TypeVar("Result")


class OpenJournal(Protocol):
    """The journal beyond handlers."""

    outbox: Outbox

    async def run(self, function: Callable[[], Result]) -> Result:
        """Await ``function`` in the writer thread."""
        ...

    def call(self, function: Callable[[], Result]) -> Result:
        """Wait for ``function`` in the writer thread."""
        ...

    def has_catalogue(self) -> bool:
        """Whether the replica knows any item; in the writer thread."""
        ...

    def release(self, now_ms: int, retention_s: int) -> int:
        """Delete some facts that nobody needs any more; in the writer thread."""
        ...

    def close(self) -> None:
        """Say that this end was a clean one, and close the file; in the writer thread."""
        ...


@dataclass(frozen=True, slots=True)
class Edge:
    """Who it is and everything that is open; ``close`` it when its tasks have ended."""

    card: EdgeCard
    settings: EdgeSettings
    data: DataDir
    identity: EdgeIdentity
    style: Style
    software: str
    boot_id: str
    was_clean: bool
    clock: SystemClock
    hq_time: HeadquartersTime
    budget: DiskBudget
    counter: Counter
    relay: Relay
    journal: OpenJournal

    def close(self) -> None:
        """Close the journal as a clean stop does, and let the directory go. Blocking."""
        try:
            self.journal.call(self.journal.close)
        finally:
            self.data.unlock()

    async def release_old_facts(self) -> int:
        """Delete some facts that headquarters has, has backed up and that are old enough; returns how many."""
        now_ms = int(self.clock.now().timestamp() * 1000)
        days = self.settings.storage.outbox_days
        return await self.journal.run(lambda: self.journal.release(now_ms, days * 86_400))

    async def can_sell(self) -> bool:
        """Whether there is a catalogue to sell from."""
        return await self.journal.run(self.journal.has_catalogue)
