"""Devices opened beside the event loop, one thread a device at most.

Opening is a system call that the kernel may hold for seconds: a USB adapter whose firmware hangs, a disk that is away. In the loop it would
hold the whole store, and in the loop's own threads it would hold receipts back as soon as a few devices hang.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from devices.errors import DeviceUnavailable


class Opened(Protocol):
    """What can be let go of without an event loop."""

    def release(self) -> None:
        """Let go of the device."""


T = TypeVar("T", bound=Opened)
_under_way: set[str] = set()


async def opened(path: str, open_it: Callable[[], T], within_s: float) -> T:
    """Return what ``open_it`` opens; what opens when nobody waits any more is let go.

    Raises:
        DeviceUnavailable: as ``open_it`` says, not within ``within_s``, or an earlier attempt still hangs.
    """
    if not os.path.lexists(path):  # noqa: ASYNC240 - microseconds, like the attempt that then says what is wrong
        return open_it()
    if path in _under_way:
        raise DeviceUnavailable(path, "is still being opened, its driver hangs: unplug it and plug it in")
    opening: Future[T] = Future()
    opening.set_running_or_notify_cancel()
    _under_way.add(path)
    threading.Thread(target=_open, args=(path, open_it, opening), name=f"open:{path}", daemon=True).start()
    try:
        async with asyncio.timeout(within_s):
            return await asyncio.wrap_future(opening)
    except TimeoutError as error:
        opening.add_done_callback(_let_go)
        raise DeviceUnavailable(path, f"did not open within {within_s:g} s") from error
    except asyncio.CancelledError:
        opening.add_done_callback(_let_go)
        raise


def _open(path: str, open_it: Callable[[], T], opening: "Future[T]") -> None:
    try:
        transport = open_it()
    except Exception as error:  # noqa: BLE001 - outermost line of its thread: told to who waits
        _under_way.discard(path)
        opening.set_exception(error)
    else:
        _under_way.discard(path)
        opening.set_result(transport)


def _let_go(opening: "Future[T]") -> None:
    if opening.exception() is None:
        opening.result().release()
