"""Is there anything new to read? A till's camera looks at the same empty counter for most of the day."""

import zlib
from typing import Any

CELL_PIXELS = 16
CHANGED_LEVELS = 4
"""A cell's mean of 256 pixels moves by less than one grey level with the noise of a sensor; a hand or an item moves it by ten and more."""

SETTLED_FRAMES = 10
SETTLED_S = 1.3
LOOK_ANYWAY_S = 4.0


class Scene:
    """Says which frames to read: all of them until the scene has been still for a while, then one now and then.

    Still means: as the last frame that was read. The first frames of a still scene are all read, because votes need
    several, and because a code counts as gone only after a second and a window of frames without it (``vision.voter``).

    Attributes:
        settled: nothing has moved for so long that frames need not be looked at as often as they come.
    """

    def __init__(self) -> None:
        self._cells: Any = None
        self._still_frames = 0
        self._still_since_s = self._read_s = float("-inf")
        self.settled = False

    def worth_reading(self, grey: Any, at_s: float) -> bool:
        """Take a frame (height, width) uint8 seen at ``at_s`` (monotonic seconds); return whether to read it."""
        cells = self._shrunk(grey)
        if self._differs(cells):
            self._still_frames, self._still_since_s = 0, at_s
        self._still_frames += 1
        self.settled = self._still_frames > SETTLED_FRAMES and at_s - self._still_since_s > SETTLED_S
        if self.settled and at_s - self._read_s < LOOK_ANYWAY_S:
            return False
        self._cells, self._read_s = cells, at_s
        return True

    @staticmethod
    def _shrunk(grey: Any) -> Any:
        import cv2  # where a frame is, it is loaded

        height, width = grey.shape
        size = (max(1, width // CELL_PIXELS), max(1, height // CELL_PIXELS))
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)

    def _differs(self, cells: Any) -> bool:
        import cv2

        if self._cells is None or self._cells.shape != cells.shape:
            return True
        return bool(cv2.absdiff(self._cells, cells).max() > CHANGED_LEVELS)


class Stillness:
    """Watches for the very same picture, bit for bit: what a camera gives whose sensor or encoder has died.

    Args:
        limit_s: so long the same picture is too long; 0 never is.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._print: int | None = None
        self._since_s = 0.0
        self.frozen = False

    def too_long(self, grey: Any, at_s: float) -> bool:
        """Take a frame; return True once each time that it has stood for another ``limit_s``."""
        if not self._limit_s:
            return False
        print_ = zlib.crc32(grey)
        if print_ != self._print:
            self._print, self._since_s, self.frozen = print_, at_s, False
            return False
        if at_s - self._since_s <= self._limit_s:
            return False
        self._since_s, self.frozen = at_s, True
        return True
