"""USB cameras, RTSP and video files through OpenCV."""

import os
import time
from pathlib import Path
from typing import Any

from devices.camera_stream.capture import Wish
from devices.camera_stream.codec import MAX_FRAME_PIXELS
from devices.camera_stream.source import Kind, Source
from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision.picture import vision_module

# TCP, since lost packets of a UDP stream are grey blocks where the bars were. FFmpeg says URLs on stderr: silent.
_FFMPEG = {
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp|timeout;5000000|stimeout;5000000",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


class OpenCvCapture:
    """USB cameras, RTSP and video files through OpenCV, which cannot be told to give up: see ``Grabber``."""

    def __init__(self, source: Source, wish: Wish) -> None:
        self._source, self._wish = source, wish
        self._cv2: Any = vision_module("cv2")
        os.environ.update(_FFMPEG)  # read by OpenCV at each opening; there is no other way to tell it
        self._cv2.utils.logging.setLogLevel(self._cv2.utils.logging.LOG_LEVEL_SILENT)
        self._capture: Any = self._v4l2() if source.kind is Kind.V4L2 else self._ffmpeg()
        if not self._capture.isOpened():
            self._capture.release()
            raise DeviceUnavailable(source.target, _not_opened(source))
        self._pace_s = 1 / wish.fps if source.kind is Kind.FILE else 0.0

    def grab(self) -> None:
        """Take the next frame as it came."""
        time.sleep(self._pace_s)
        if self._capture.grab() or self._rewound():
            return
        raise DeviceUnavailable(self._source.target, "the camera gives no more frames")

    def grey(self) -> Any:
        """Unfold the frame grabbed last."""
        cv2 = self._cv2
        try:
            taken, image = self._capture.retrieve()
            if not taken or image is None:
                raise PictureRefused("a frame could not be unfolded")
            height, width = image.shape[:2]
            if width * height > MAX_FRAME_PIXELS:
                raise PictureRefused(f"a frame of {width}×{height} pixels; the limit is {MAX_FRAME_PIXELS}")
            return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        except cv2.error as error:
            raise PictureRefused(f"a frame could not be unfolded: {error.err}") from error

    def cancel(self) -> None:
        """OpenCV has no such thing: its own time-outs end a wait, or nothing does."""

    def close(self) -> None:
        """Release the camera."""
        self._capture.release()

    def _rewound(self) -> bool:
        if self._source.kind is not Kind.FILE:
            return False
        self._capture.set(self._cv2.CAP_PROP_POS_FRAMES, 0)
        return bool(self._capture.grab())

    def _v4l2(self) -> Any:
        cv2, wish = self._cv2, self._wish
        capture = cv2.VideoCapture(self._source.target, cv2.CAP_V4L2)
        # In this order: many cameras forget a size that was set before the format.
        for name, value in (
            ("FOURCC", cv2.VideoWriter.fourcc(*wish.fourcc) if wish.fourcc else 0),
            ("FRAME_WIDTH", wish.width),
            ("FRAME_HEIGHT", wish.height),
            ("FPS", wish.fps),
            ("BUFFERSIZE", 1),
        ):
            if value and capture.isOpened():
                capture.set(getattr(cv2, f"CAP_PROP_{name}"), value)
        return capture

    def _ffmpeg(self) -> Any:
        cv2, wait_ms = self._cv2, int(self._wish.wait_s * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, wait_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, wait_ms]
        return cv2.VideoCapture(self._source.url, cv2.CAP_FFMPEG, limits)


def _not_opened(source: Source) -> str:
    # OpenCV says yes or no; what can be looked at by ourselves makes the answer useful.
    if source.kind is Kind.RTSP:
        return "it does not answer, refuses the password, or sends what FFmpeg cannot read"
    path = Path(source.target)
    if not path.exists():
        return "No such file or directory"
    if not os.access(path, os.R_OK):
        return "Permission denied (a camera: add the user to the group video)"
    return "OpenCV cannot read it: not a camera or video, or another program has it"
