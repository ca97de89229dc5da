"""The one thread that writes: functions go in, results come out; several edges of a process may share it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from edge_agent.errors import EdgeError

Result = TypeVar("Result")
_Job = tuple[Callable[[], Any], "Future[Any]"]


class WriterClosed(EdgeError):
    """A function came after the writer had ended."""

    def __init__(self) -> None:
        super().__init__("the writer has ended: this agent is stopping, start it again")


class Writer:
    """Runs functions one after the other in its own thread.

    Who calls bounds what is in flight (the host takes so many baskets, a lane one command): the queue itself has no limit,
    so that an acknowledgement never waits behind a full queue for a sale that waits for the acknowledgement.
    """

    def __init__(self, name: str = "writer") -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closed = False
        self._thread.start()

    def submit(self, function: Callable[[], Result]) -> "Future[Result]":
        """Queue ``function``; its result or error arrives in the future.

        Raises:
            WriterClosed: after ``close``.
        """
        if self._closed:
            raise WriterClosed
        future: Future[Result] = Future()
        self._jobs.put((function, future))
        return future

    async def run(self, function: Callable[[], Result]) -> Result:
        """Await ``function`` in the writer; what has been queued is finished even when the waiting task is cancelled."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(function)))

    def call(self, function: Callable[[], Result]) -> Result:
        """Wait for ``function`` in the writer; never from an event loop."""
        return self.submit(function).result()

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, future = job
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - belongs to the caller, who gets it from the future
                future.set_exception(error)
            else:
                future.set_result(result)
            # The next wait may be long: hold on to nothing.
            del job, function, future
