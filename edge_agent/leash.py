"""Ending tasks that may not want to end: nobody waits for them longer than a leash is long."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_TELLS = 4

_log = structlog.get_logger(__name__)


class Leash:
    """Ends tasks of one device; ``abandoned`` counts those that did not listen."""

    def __init__(self, device_id: str, cut_s: float) -> None:
        self._device_id, self._cut_s = device_id, cut_s
        self._adrift: set[asyncio.Task[Any]] = set()
        self.abandoned = 0

    async def end(self, task: asyncio.Task[Any]) -> None:
        """Cancel ``task`` and wait for its end, but not for long; what it still raises is nobody's business any more.

        Told more than once: a group that fails in the same moment forgets the first time (Python 3.11 and 3.12).
        """
        try:
            for _ in range(0 if task.done() else _TELLS):
                task.cancel()
                await asyncio.wait({task}, timeout=self._cut_s / _TELLS)
                if task.done():
                    break
        finally:  # also when we are cancelled ourselves: then there is no time to wait at all
            if task.done():
                _look_at(task)
            else:
                self._abandon(task)

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        self.abandoned += 1
        self._adrift.add(task)  # the loop holds tasks only weakly
        task.add_done_callback(self._adrift.discard)
        task.add_done_callback(_look_at)
        # A coroutine that swallows its cancellation is ended from outside: what it holds is closed, and the process can end without it.
        # Whoever refuses even that stays in memory and does nothing.
        with suppress(RuntimeError):
            task.get_coro().close()
        task.cancel()
        _log.error("driver_abandoned", device_id=self._device_id, task=task.get_name())


async def until_replaced(
    readings: AsyncIterator[T], replaced: asyncio.Event, leash: Leash, failed: Callable[[BaseException], None]
) -> AsyncIterator[T]:
    """Yield what one driver yields, until it is replaced; ``failed`` is told of an error of its readings, and of their end."""
    loop = asyncio.get_running_loop()
    ending = loop.create_task(replaced.wait(), name="driver-replaced")
    try:
        while True:
            coming = loop.create_task(_next(readings), name="driver-reading")
            try:
                await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done() or coming.cancelled():
                    return
                if (error := coming.exception()) is not None:
                    failed(error)
                    return
            finally:
                await leash.end(coming)
            yield coming.result()
    finally:
        ending.cancel()


async def _next(readings: AsyncIterator[T]) -> T:
    return await anext(readings)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Take a task's error, so that asyncio does not tell of it once more."""
    if not task.cancelled():
        task.exception()
