"""The part of the relay that follows headquarters' log: apply, take snapshots, tell how far we are, ask for what is missing."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from structlog.typing import FilteringBoundLogger

from link.errors import LinkError
from link.journal import RelayJournal
from protocol import downlink
from protocol.errors import ProtocolError
from protocol.messages import Down
from protocol.sender import Effect, Sender

DOWNLINK_POLL_S = 60.0
"""How often an idle edge tells how far headquarters' log is applied; covers lost pokes."""
ASK_AGAIN_S = 1.0
T = TypeVar("T")


class OnDisk(Protocol):
    """Runs work in the writer thread and waits for its end even when cancelled."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Return what ``work`` returns."""
        ...


class Downfeed:
    """What the relay does with messages on ``down``; used by its driving task only, but for ``downs``."""

    def __init__(
        self,
        journal: RelayJournal,
        sender: Sender,
        on_disk: OnDisk,
        wake: asyncio.Event,
        *,
        clock_s: Callable[[], float],
        rng: random.Random,
        log: FilteringBoundLogger,
    ) -> None:
        self.downs: deque[Down] = deque()
        self.taken = 0
        self._journal, self._sender, self._on_disk, self._wake = journal, sender, on_disk, wake
        self._clock_s, self._rng, self._log = clock_s, rng, log
        self._ask_at_s, self._pause_s = 0.0, ASK_AGAIN_S
        self._snapshot: asyncio.Task[None] | None = None

    @property
    def due_s(self) -> float:
        """When to ask headquarters even if nothing happens before."""
        return self._ask_at_s

    def begin(self) -> None:
        """A connection is open; its greeting tells how far we are."""
        self._pause_s = ASK_AGAIN_S
        self._ask_at_s = self._clock_s() + self._rng.uniform(0.5, 1.0) * DOWNLINK_POLL_S

    async def take_all(self, lasting: asyncio.TaskGroup) -> list[Effect]:
        """Handle what came in and ask when it is time; a snapshot is fetched in ``lasting``, beyond this connection."""
        effects: list[Effect] = []
        while self.downs:
            self.taken += 1
            effects += await self._take(lasting, self.downs.popleft())
        if self._clock_s() >= self._ask_at_s:
            effects += await self._ask()
        return effects

    async def _take(self, lasting: asyncio.TaskGroup, down: Down) -> list[Effect]:
        match await self._on_disk(lambda: self._apply(down)):
            case downlink.Apply():
                self._pause_s = ASK_AGAIN_S
                return await self._ask()  # so that headquarters knows, and sends what follows
            case downlink.TakeSnapshot() as step if self._snapshot is None or self._snapshot.done():
                self._snapshot = lasting.create_task(self._take_snapshot(step), name="relay:snapshot")
            case downlink.AskAgain():
                self._ask_soon()
            case _:
                pass
        return []

    def _apply(self, down: Down) -> downlink.Step:
        """In the writer thread: decide by what is on disk, and apply in the same breath."""
        step = downlink.decide(self._journal.downlink(), down)
        if isinstance(step, downlink.Apply):
            try:
                self._journal.apply(step)
            except ProtocolError as error:
                self._log.error("downlink_refused", reason=str(error))
                return downlink.UpToDate()  # asking again would bring the same; the poll asks later
            self._sender.downlink = step.position
        return step

    async def _take_snapshot(self, step: downlink.TakeSnapshot) -> None:
        try:
            await self._journal.take_snapshot(step)
        except (LinkError, ProtocolError) as error:
            self._log.warning("snapshot_failed", path=step.snapshot.path, reason=str(error))
            self._ask_soon()
            return
        self._sender.downlink = step.position
        self._pause_s, self._ask_at_s = ASK_AGAIN_S, self._clock_s()
        self._wake.set()

    def _ask_soon(self) -> None:
        """Ask again after a pause that doubles while nothing moves: headquarters may have nothing else to say."""
        self._ask_at_s = min(self._ask_at_s, self._clock_s() + self._longer_pause_s())
        self._wake.set()

    async def _ask(self) -> list[Effect]:
        effects = await self._on_disk(self._sender.ask_downlink)
        # Nothing to send means that a batch on its way tells the old position, so try again soon.
        self._ask_at_s = self._clock_s() + (DOWNLINK_POLL_S if effects else self._longer_pause_s())
        return effects

    def _longer_pause_s(self) -> float:
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, DOWNLINK_POLL_S)
        return pause_s
