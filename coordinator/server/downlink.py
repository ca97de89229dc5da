"""What goes down: answers to edges that lack something, and pokes when headquarters has something new."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import structlog

from coordinator.clock import Clock
from coordinator.handlers import feeds
from coordinator.office import Again
from coordinator.ports import Authority, UnitOfWork
from coordinator.server.intake import Behind, Teller
from protocol.codec import encode
from protocol.messages import Down

LOOK_EVERY_S = 2.0
"""Another process may have changed the feeds: look at the tops of the down logs this often."""
REPEAT_AFTER_S = 5.0
"""An edge that takes a snapshot sends batches meanwhile, all with its old cursor; it is answered again only after this."""

_log = structlog.get_logger(__name__)


class Answered(NamedTuple):
    """What an edge was last told, and when (loop time)."""

    gen: int
    cursor: int
    at: float


class Downlink:
    """One task that answers (``run``) and one that pokes (``watch``)."""

    def __init__(self, begin: Callable[[], UnitOfWork], again: Again, authority: Authority, clock: Clock) -> None:
        self.tell: Teller | None = None
        self._begin, self._again, self._authority, self._clock = begin, again, authority, clock
        self._wanted: dict[str, Behind] = {}
        self._answered: dict[str, Answered] = {}
        self._poked: dict[str, int] | None = None
        self._ask, self._changed = asyncio.Event(), asyncio.Event()

    def behind(self, edge: Behind) -> None:
        """Remember an edge that lacks something; its latest word counts."""
        before = self._answered.get(edge.edge)
        now = asyncio.get_running_loop().time()
        same = before is not None and (before.gen, before.cursor) == (edge.gen, edge.cursor)
        if before is not None and same and now - before.at < REPEAT_AFTER_S and not edge.greeted:
            return
        self._wanted[edge.edge] = edge
        self._ask.set()

    def changed(self) -> None:
        """Something new is in the down logs of this database."""
        self._changed.set()

    async def run(self) -> None:
        """Answer edges, one at a time: making a snapshot takes a while and must not hold up acks."""
        while True:
            await self._ask.wait()
            if not self._wanted:
                self._ask.clear()
                continue
            edge = self._wanted.pop(next(iter(self._wanted)))
            try:
                down = await asyncio.to_thread(self._again, lambda one=edge: self._answer(one))
            except Exception as error:  # noqa: BLE001 - outermost line: the edge asks again by itself
                _log.error("downlink_failed", edge=edge.edge, error=repr(error))
                await asyncio.sleep(REPEAT_AFTER_S)
                continue
            self._answered[edge.edge] = Answered(edge.gen, edge.cursor, asyncio.get_running_loop().time())
            if down is not None and self.tell is not None:
                self.tell(edge.shard, edge.edge, "down", encode(down))

    async def watch(self) -> None:
        """Poke edges whose down log grew; the first look comes at once, for what changes after an edge has greeted is told."""
        while True:
            try:
                for shard, edge, poke in await asyncio.to_thread(self._pokes):
                    if self.tell is not None:
                        self.tell(shard, edge, "down", encode(poke))
            except Exception as error:  # noqa: BLE001 - outermost line: looked at again in a moment
                _log.error("poke_failed", error=repr(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
            self._changed.clear()

    def _answer(self, edge: Behind) -> Down | None:
        return feeds.answer(edge.edge, edge.gen, edge.cursor, self._begin(), self._authority, self._clock)

    def _pokes(self) -> list[tuple[int, str, Down]]:
        with self._begin() as uow:
            edges, gen = uow.fleet.edges(), uow.records.gen()
        tops = {name: row.down_top for name, row in edges.items() if row.revoked_at is None}
        before, self._poked = self._poked, tops
        if before is None:  # just started: every edge greets anyway
            return []
        # One that was registered since the last look may have greeted and fallen behind in between: it is poked too.
        grown = [name for name, top in tops.items() if top != before.get(name)]
        return [(edges[name].shard, name, feeds.poke(edges[name], gen)) for name in grown]
