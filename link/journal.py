"""The edge's disk as the relay sees it, and a double of it in memory."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from link.outbox import SCHEMA, Outbox
from protocol.downlink import Apply, TakeSnapshot
from protocol.messages import VERSION, DownEntry, DownlinkPosition, Hello
from protocol.sender import Acknowledged, OutboxView, Rewound, StartEpoch

T = TypeVar("T")
Kept = Acknowledged | Rewound | StartEpoch


class RelayJournal(Protocol):
    """What the relay needs of the journal.

    ``run`` carries work to the one thread that writes; the other plain methods and ``view`` are used only inside such work, so they need no
    lock. An error that they do not expect (a full or broken disk) is let through: it ends the agent, which starts again from disk.
    """

    @property
    def view(self) -> OutboxView:
        """The outbox, for reading."""
        ...

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the writer thread and return what it returns."""
        ...

    def hello(self) -> Hello:
        """Return the greeting of a new connection: position, boot, software and clocks as they are now."""
        ...

    def keep(self, effects: Sequence[Kept]) -> None:
        """Put what the sender learned on disk, in order, in one transaction (see ``keep_in``)."""
        ...

    def downlink(self) -> DownlinkPosition:
        """Return how far headquarters' log is applied."""
        ...

    def apply(self, step: Apply) -> None:
        """Apply entries of headquarters' log and keep ``step.position``, in one transaction.

        Raises:
            ProtocolError: an entry makes no sense; nothing was applied.
        """
        ...

    async def take_snapshot(self, step: TakeSnapshot) -> None:
        """Fetch, check and swap in a whole replica, and keep ``step.position``.

        Raises:
            LinkError, ProtocolError: not now, or not like this; the present replica stays.
        """
        ...


def keep_in(outbox: Outbox, effects: Sequence[Kept]) -> None:
    """Write ``effects`` to ``outbox`` inside the caller's transaction; of acknowledgements in a row only the last is written."""
    for effect, following in zip(effects, [*effects[1:], None], strict=True):
        match effect:
            case Acknowledged(up_to, safe, gen):
                if not isinstance(following, Acknowledged):
                    outbox.acknowledge(up_to, safe, gen)
            case Rewound(to, gen):
                outbox.rewind(to, gen)
            case StartEpoch(epoch):
                outbox.start_epoch(epoch)


class MemoryJournal:
    """A journal that forgets: the real outbox in SQLite's memory, on the caller's thread."""

    def __init__(self, edge: str, *, boot: str = "boot-1") -> None:
        """Begin an empty stream of ``edge``."""
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(SCHEMA)
        self.outbox = Outbox(self._db)
        self.outbox.initialise(edge)
        self.applied: list[DownEntry] = []
        self.snapshots: list[TakeSnapshot] = []
        self._boot = boot

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    @property
    def view(self) -> OutboxView:
        """The outbox, for reading."""
        return self.outbox

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` here and now."""
        return work()

    def append(self, event: bytes, event_id: str) -> int:
        """Commit one event, as a sale does, and return its seq."""
        self._db.execute("BEGIN IMMEDIATE")
        seq = self.outbox.append(event, event_id)
        self._db.execute("COMMIT")
        return seq

    def hello(self) -> Hello:
        """Return the greeting."""
        at = self.outbox.position()
        here = DownlinkPosition(at.dl_gen, at.dl_cursor)
        return Hello(
            VERSION, at.epoch, at.acked, at.top, at.head.hex(), here, self._boot, (VERSION, VERSION), "memory", "", 0
        )

    def keep(self, effects: Sequence[Kept]) -> None:
        """Put what the sender learned into the outbox."""
        self._db.execute("BEGIN IMMEDIATE")
        keep_in(self.outbox, effects)
        self._db.execute("COMMIT")

    def downlink(self) -> DownlinkPosition:
        """Return how far headquarters' log is applied."""
        at = self.outbox.position()
        return DownlinkPosition(at.dl_gen, at.dl_cursor)

    def apply(self, step: Apply) -> None:
        """Remember the entries."""
        self.applied += step.entries
        self.outbox.move_downlink(step.position.gen, step.position.cursor)

    async def take_snapshot(self, step: TakeSnapshot) -> None:
        """Remember the snapshot."""
        self.snapshots.append(step)
        self.outbox.move_downlink(step.position.gen, step.position.cursor)
