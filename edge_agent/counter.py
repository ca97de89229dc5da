"""Where handlers run: in the writer thread, and right after a commit whoever waits for commits is told."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from edge_agent.errors import DiskFull, ReserveReached, StorageError
from edge_agent.ports import Clock, UnitOfWork

Result = TypeVar("Result")
Handler = Callable[[UnitOfWork, Clock], Result]

ROOM_LOOK_S = 2.0
"""How often work that no person waits for looks for room on a full disk."""


class HandlerThread(Protocol):
    """The journal as the counter needs it."""

    @property
    def uow(self) -> UnitOfWork:
        """The unit of work of the file."""
        ...

    async def run(self, function: Callable[[], Result]) -> Result:
        """Await ``function`` in the writer thread."""
        ...


class Counter:
    """Runs handlers for everyone in this process: lanes, devices, the control socket."""

    def __init__(self, thread: HandlerThread, clock: Clock) -> None:
        self._thread, self._clock = thread, clock
        self.after_commit: list[Callable[[], None]] = []
        self.failed: asyncio.Future[None] | None = None

    async def do(self, handler: Handler[Result]) -> Result:
        """Await ``handler`` and tell of its commit.

        Raises:
            DomainError: refused, nothing was changed.
            StorageError: not done; unless it is only a full disk, this agent ends.
        """
        result = await self.ask(handler)
        for tell in self.after_commit:
            tell()
        return result

    async def do_when_room(self, handler: Handler[Result], pause_s: float = ROOM_LOOK_S) -> Result:
        """Await ``handler`` as ``do``, again while the disk is full: a full disk must not end what goes on selling into its reserve."""
        while True:
            try:
                return await self.do(handler)
            except DiskFull:
                await asyncio.sleep(pause_s)

    async def ask(self, handler: Handler[Result]) -> Result:
        """Await a ``handler`` that only reads; raises as ``do``."""
        try:
            return await self._thread.run(lambda: handler(self._thread.uow, self._clock))
        except StorageError as error:
            if not isinstance(error, DiskFull | ReserveReached):
                self._fail(error)
            raise

    async def until_failed(self) -> None:
        """Wait for ever, or raise the error after which nothing may be sold from this process.

        Raises:
            StorageError: the journal failed.
        """
        self.failed = asyncio.get_running_loop().create_future()
        await self.failed

    def _fail(self, error: StorageError) -> None:
        if self.failed is not None and not self.failed.done():
            self.failed.set_exception(error)
