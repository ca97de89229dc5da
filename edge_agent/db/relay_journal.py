"""The journal as ``link.relay`` sees it: greet, keep what was acknowledged, apply headquarters' log, swap in a snapshot."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from domain.errors import DomainError
from edge_agent.db.catalogue import SLICE_ROWS, Replica
from edge_agent.db.journal import Journal
from edge_agent.errors import DiskFull
from edge_agent.ports import Clock
from link.errors import LinkDown
from link.journal import Kept, keep_in
from link.outbox import Outbox
from protocol.downlink import Apply, TakeSnapshot
from protocol.errors import MalformedMessage
from protocol.facts import EpochStarted
from protocol.messages import VERSION, DownEntry, DownlinkPosition, Hello, SnapshotRef
from protocol.sender import StartEpoch

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Rows = Sequence[Any]


class Snapshot(Protocol):
    """A whole replica on disk, fetched and checked; ``gen`` as its signed manifest says."""

    gen: int
    feeds: dict[str, int]

    def slices(self, rows: int) -> Iterable[tuple[str, Rows]]:
        """Yield ``(feed, rows)``, at most ``rows`` at once."""
        ...

    def discard(self) -> None:
        """Free the disk."""
        ...


Fetch = Callable[[SnapshotRef], Snapshot]


@contextmanager
def _room() -> Iterator[None]:
    """A full disk closes the road for a while; it does not end the agent, which goes on selling into its reserve."""
    try:
        yield
    except DiskFull as error:
        raise LinkDown(str(error)) from error


class SqliteRelayJournal:
    """``link.journal.RelayJournal`` over the edge's file."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        boot_id: str,
        software: str,
        fetch: Fetch,
        in_thread: Callable[[Callable[[], Snapshot]], Any],
        free_bytes: Callable[[], int],
        epoch_started: Callable[[int], None],
    ) -> None:
        """Keep what to work with.

        Args:
            journal: the edge's file, booted.
            clock: for the greeting.
            boot_id: nonce of this start.
            software: what we are.
            fetch: brings a snapshot, blocking.
            in_thread: awaitable that runs a blocking function outside the writer.
            free_bytes: room on the disk.
            epoch_started: told every new epoch, in the writer thread, before it is committed.
        """
        self._journal, self._clock, self._boot_id, self._software = journal, clock, boot_id, software
        self._fetch, self._in_thread, self._free_bytes = fetch, in_thread, free_bytes
        self._epoch_started = epoch_started
        self._replica = Replica(journal.connection)

    @property
    def view(self) -> Outbox:
        """The outbox, for reading."""
        return self._journal.outbox

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in the writer thread."""
        return await self._journal.run(work)

    def hello(self) -> Hello:
        """Return the greeting of a new connection."""
        at = self._journal.outbox.position()
        return Hello(
            v=VERSION,
            epoch=at.epoch,
            acked=at.acked,
            top=at.top,
            head=at.head.hex(),
            dl=DownlinkPosition(at.dl_gen, at.dl_cursor),
            boot=self._boot_id,
            reads=(VERSION, VERSION),
            software=self._software,
            wall_at=self._clock.now().isoformat(),
            monotonic_ms=self._clock.monotonic_ms(),
            clock=self._clock.quality(),
            free_bytes=self._free_bytes(),
        )

    def keep(self, effects: Sequence[Kept]) -> None:
        """Put what the sender learned on disk, in one transaction; a new epoch is a fact of its own."""
        old_epoch = self._journal.outbox.position().epoch
        started = [effect for effect in effects if isinstance(effect, StartEpoch)]
        with _room(), self._journal.transaction("keeping what headquarters acknowledged"):
            for effect in started:
                self._epoch_started(effect.epoch)
            keep_in(self._journal.outbox, effects)
            for effect in started:
                uow = self._journal.uow
                uow.forget()
                uow.facts.add(EpochStarted(uow.place.edge, old_epoch, effect.epoch, effect.reason), self._clock)

    def downlink(self) -> DownlinkPosition:
        """Return how far headquarters' log is applied."""
        at = self._journal.outbox.position()
        return DownlinkPosition(at.dl_gen, at.dl_cursor)

    def apply(self, step: Apply) -> None:
        """Apply entries of headquarters' log and keep the cursor, in one transaction.

        Raises:
            MalformedMessage: an entry makes no sense; nothing was applied.
        """
        with _room(), self._journal.transaction("applying headquarters' log"):
            for entry in step.entries:
                self._apply(entry)
            self._journal.outbox.move_downlink(step.position.gen, step.position.cursor)
        self._journal.uow.forget()

    async def take_snapshot(self, step: TakeSnapshot) -> None:
        """Fetch, check and stage a whole replica, then swap it in and keep the cursor in one transaction.

        Raises:
            LinkError, ProtocolError: not now, or not like this; the present replica stays.
        """
        snapshot: Snapshot = await self._in_thread(lambda: self._fetch(step.snapshot))
        if snapshot.gen != step.position.gen:
            # Who could only write on `down` must not wed yesterday's signed prices to a generation that outranks today's.
            raise MalformedMessage("snapshot", f"generation {snapshot.gen}", f"generation {step.position.gen}")
        await self.run(self._empty_stage)
        for feed, rows in snapshot.slices(SLICE_ROWS):
            await self.run(lambda feed=feed, rows=rows: self._stage(feed, rows))  # type: ignore[misc]  # no type is inferred for bound defaults
        await self.run(lambda: self._swap(snapshot, step.position))
        snapshot.discard()
        await self.run(self._empty_stage)

    def _apply(self, entry: DownEntry) -> None:
        try:
            if not self._replica.put(entry.feed, entry.put):
                _log.warning("feed_unknown", edge=self._journal.uow.place.edge, feed=entry.feed)
        except (msgspec.ValidationError, DomainError) as error:
            raise MalformedMessage(
                f"entry {entry.seq} of feed {entry.feed}", str(error), "rows that can be sold"
            ) from error
        self._replica.drop(entry.feed, entry.drop)
        self._replica.set_version(entry.feed, entry.version)

    def _stage(self, feed: str, rows: Rows) -> None:
        try:
            with _room(), self._journal.transaction("staging a snapshot"):
                self._replica.put(feed, rows, staged=True)
        except (msgspec.ValidationError, DomainError) as error:
            raise MalformedMessage(f"rows of feed {feed} in a snapshot", str(error), "rows that can be sold") from error

    def _swap(self, snapshot: Snapshot, position: DownlinkPosition) -> None:
        with _room(), self._journal.transaction("swapping in a snapshot"):
            self._replica.swap(snapshot.feeds)
            self._journal.outbox.move_downlink(position.gen, position.cursor)
        self._journal.uow.forget()

    def _empty_stage(self) -> None:
        with _room(), self._journal.transaction("clearing a snapshot"):
            self._replica.clear_staged()
