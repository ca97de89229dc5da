"""What ends a store's process whose event loop stands still, so that the supervisor starts it again.

Drivers wait with deadlines and are cut off by their bays. What blocks the loop itself (a call into a kernel that never answers, an
endless loop) nobody inside can cut off, and no lane sells; the journal is safe on disk. So a thread that sees no beat for ``STILL_S``
says where the loop stands, prints all stacks and ends the process. systemd hears of every beat as well (``sd_notify(3)``), for a
process in which not even a thread can run.
"""

import asyncio
import faulthandler
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

BEAT_S: Final = 1.0
STILL_S: Final = 20.0
"""Longer than anything honest takes on a slow card, shorter than a shopper's patience."""
EX_TEMPFAIL: Final = 75
"""Of sysexits(3): try again."""

_ROOT = Path(__file__).parents[1]
_log = structlog.get_logger(__name__)


class Watchdog:
    """Looks from a thread of its own whether the loop has beaten since the last look.

    Looks are counted, not seconds: a process that was stopped as a whole, or a box that slept, has missed none.
    """

    def __init__(self, end: Callable[[str], None], *, beat_s: float, still_s: float) -> None:
        """Keep how to watch.

        Args:
            end: what to do when the loop stands still, called once in the watching thread with where it stands.
            beat_s: how often the loop beats, and how often it is looked at, in seconds.
            still_s: for how long it may miss its beats.
        """
        self._end, self._beat_s, self._looks = end, beat_s, round(still_s / beat_s)
        self._beats = 0
        self._over = threading.Event()

    async def run(self) -> None:
        """Beat, and be watched, until cancelled."""
        loop_thread = threading.get_ident()
        threading.Thread(target=self._watch, args=(loop_thread,), name="watchdog", daemon=True).start()
        try:
            while True:
                self._beats += 1
                tell_systemd("WATCHDOG=1")
                await asyncio.sleep(self._beat_s)
        finally:
            self._over.set()

    def _watch(self, loop_thread: int) -> None:
        seen = missed = 0
        while not self._over.wait(self._beat_s):
            missed = missed + 1 if self._beats == seen else 0
            seen = self._beats
            if missed >= self._looks:
                self._end(_where(loop_thread))
                return


@asynccontextmanager
async def watched(*, beat_s: float = BEAT_S, still_s: float = STILL_S) -> AsyncIterator[None]:
    """Let the process end itself when the loop stands still within the block; tell systemd when it begins and ends."""
    watching = asyncio.create_task(Watchdog(end_process, beat_s=beat_s, still_s=still_s).run(), name="watchdog")
    tell_systemd("READY=1")
    try:
        yield
    finally:
        tell_systemd("STOPPING=1")
        watching.cancel()
        await asyncio.wait({watching})


def end_process(where: str) -> None:
    """Say where the loop stands and end at once: whoever started this process starts it again."""
    _log.error("loop_stands_still", where=where)
    faulthandler.dump_traceback(all_threads=True)
    sys.stderr.flush()
    os._exit(EX_TEMPFAIL)


def tell_systemd(state: str) -> None:
    """Send ``state`` (``READY=1``, ``WATCHDOG=1``, …) as ``sd_notify(3)`` does; without systemd nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
        out.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def _where(thread: int) -> str:
    """Return the innermost line of ours that ``thread`` is in, such as ``devices/scale_serial/driver.py:131 _weigh``."""
    frame: FrameType | None = sys._current_frames().get(thread)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_ROOT) and ".venv" not in file.parts:
            return f"{file.relative_to(_ROOT)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return "outside our code"
