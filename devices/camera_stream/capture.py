"""One open camera, blocking, for a thread: the next frame is waited for, and unfolded only when somebody wants it."""

from pathlib import Path
from typing import Any, Protocol

import msgspec

from devices.camera_stream.source import Kind, Source
from devices.errors import DeviceUnavailable

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")


class Wish(msgspec.Struct, frozen=True):
    """What a camera is asked for; 0 leaves the choice to the camera.

    Attributes:
        width, height: pixels.
        fps: frames per second; also how fast pictures of a folder and videos are played.
        fourcc: how a USB camera shall send; MJPG carries 720p at full rate over USB 2.
        wait_s: how long opening, and then one read, may take where the source can be told.
    """

    width: int = 1280
    height: int = 720
    fps: int = 15
    fourcc: str = "MJPG"
    wait_s: float = 5.0


class Capture(Protocol):
    """One open camera. All but ``cancel`` is for one thread; ``cancel`` may come from any."""

    def grab(self) -> None:
        """Wait for the next frame.

        Raises:
            DeviceUnavailable: the camera is gone, or its pictures have ended.
            PictureRefused: a frame came that is not taken; the next may be fine.
        """

    def grey(self) -> Any:
        """Return the frame grabbed last: (height, width) uint8, row-major, 0 = black.

        Raises:
            PictureRefused: it cannot be unfolded, or is over the limits.
        """

    def cancel(self) -> None:
        """Break off a wait, where that can be done."""

    def close(self) -> None:
        """Let go of the camera."""


def open_capture(source: Source, wish: Wish) -> Capture:
    """Open a camera; may block, for ever if its driver does.

    Raises:
        DeviceUnavailable: nothing there, or OpenCV is not installed.
    """
    match source.kind:
        case Kind.HTTP:
            from devices.camera_stream.mjpeg import HttpCapture  # each way with its own libraries, where it is needed

            return HttpCapture(source, wish)
        case Kind.FILE if _holds_pictures(Path(source.target)):
            from devices.camera_stream.folder import FolderCapture

            return FolderCapture(Path(source.target), wish)
        case Kind.V4L2 | Kind.RTSP | Kind.FILE:
            from devices.camera_stream.opencv import OpenCvCapture

            return OpenCvCapture(source, wish)


def _holds_pictures(path: Path) -> bool:
    if not path.exists():
        raise DeviceUnavailable(str(path), "No such file or directory")
    return path.is_dir() or path.suffix.lower() in PICTURES
