"""The thread of one camera: it waits where nobody else may, and keeps the newest frame and nothing more."""

import asyncio
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog

from devices.camera_stream.capture import Capture
from devices.errors import DeviceError, DeviceUnavailable, PictureRefused

MAX_GRABS_PER_S = 120
"""A camera that floods is read no faster than this: its frames wait in the network, not in our memory or our time."""

_log = structlog.get_logger(__name__)


class Frame(NamedTuple):
    """One frame: (height, width) uint8, row-major, 0 = black, and the monotonic second at which it came."""

    grey: Any
    taken_s: float


class Grabber:
    """Reads one open camera until it ends or is let go. One object is one opening.

    The thread is a daemon: one that hangs in a driver for ever keeps neither the store from selling nor the process from ending.

    Attributes:
        counts: frames ``came``, of them ``dropped`` (too soon, or replaced by a newer one) and ``refused``.
        refusal: why the newest refused frame was refused.
    """

    def __init__(self, name: str, opener: Callable[[], Capture], fps: int, counts: Counter[str]) -> None:
        self.counts, self.refusal = counts, ""
        self._opener, self._pause_s = opener, 1 / fps
        self._loop = asyncio.get_running_loop()
        self._fresh, self._ended = asyncio.Event(), asyncio.Event()
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._capture: Capture | None = None
        self._let_go = False
        self._failure: DeviceError = DeviceUnavailable(name, "ended")
        self._thread = threading.Thread(target=self._work, name=f"camera:{name}", daemon=True)
        self._thread.start()

    def look_at(self, fps: float) -> None:
        """Unfold at most ``fps`` frames a second from now on; the others are read and dropped as they came."""
        self._pause_s = 1 / fps

    @property
    def running(self) -> bool:
        """Whether the thread has not come back yet."""
        return self._thread.is_alive()

    async def newest(self, within_s: float) -> Frame:
        """Return the newest frame that was not taken yet; wait for one if need be.

        Raises:
            DeviceUnavailable: the camera ended, or no frame came within ``within_s``.
            DeviceError: as the camera's opening or reading said.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._fresh.wait()
        except TimeoutError as error:
            why = f"; the last one was refused: {self.refusal}" if self.refusal else ""
            raise DeviceUnavailable(self._thread.name, f"no frame within {within_s:g} s{why}") from error
        with self._lock:
            frame, self._newest = self._newest, None
            self._fresh.clear()
        if frame is None:
            raise self._failure
        return frame

    async def let_go(self, within_s: float) -> bool:
        """Stop reading; return whether the thread came back within ``within_s``."""
        with self._lock:
            self._let_go = True
            if self._capture is not None:
                self._capture.cancel()
        try:
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _work(self) -> None:
        try:
            self._serve()
        except DeviceError as failure:
            self._failure = failure
        except Exception as error:  # noqa: BLE001 - the outermost line: a library's surprise ends this opening, not the store
            # Without the values of variables: a password may be among them.
            where = "".join(traceback.format_tb(error.__traceback__, limit=-3))
            _log.error("camera_thread_failed", thread=self._thread.name, error=type(error).__name__, where=where)
            self._failure = DeviceUnavailable(self._thread.name, f"its thread failed ({type(error).__name__})")
        self._tell(self._ended.set)
        self._tell(self._fresh.set)

    def _serve(self) -> None:
        capture = self._opener()
        try:
            with self._lock:
                self._capture = capture
                if self._let_go:
                    return
            self._grab_on(capture)
        finally:
            with self._lock:
                self._capture = None
            capture.close()

    def _grab_on(self, capture: Capture) -> None:
        due_s = time.monotonic()
        while not self._let_go:
            began_s = time.monotonic()
            try:
                capture.grab()
                self.counts["came"] += 1
                now = time.monotonic()
                if now < due_s - self._pause_s / 4:  # a camera that is a little early is not too fast
                    self.counts["dropped"] += 1
                else:
                    due_s = max(due_s + self._pause_s, now)
                    self._keep(Frame(capture.grey(), now))
            except PictureRefused as refused:
                self.refusal = str(refused)
                self.counts["refused"] += 1
            time.sleep(max(0.0, 1 / MAX_GRABS_PER_S - (time.monotonic() - began_s)))

    def _keep(self, frame: Frame) -> None:
        with self._lock:
            replaced, self._newest = self._newest is not None, frame
        if replaced:
            self.counts["dropped"] += 1
        else:
            self._tell(self._fresh.set)

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            self._let_go = True  # the loop is closed: the process is ending
