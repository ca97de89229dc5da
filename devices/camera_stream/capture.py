"""One open camera, blocking, for a thread: the next frame is waited for, and unfolded only when somebody wants it."""

import contextlib
import http.client
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import msgspec

from devices.camera_stream.codec import MAX_FRAME_PIXELS, Jpeg, JpegStream, Refused
from devices.camera_stream.source import Kind, Source
from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision.picture import grey, read_bytes, vision_module

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
READ_BYTES = 1 << 16
_RECEIVE_BUFFER = 1 << 18  # what a slow reader leaves in the kernel is old news: a few frames, not seconds of them

# TCP, since lost packets of a UDP stream are grey blocks where the bars were. FFmpeg says URLs on stderr: silent.
_FFMPEG = {
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp|timeout;5000000|stimeout;5000000",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


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
            return HttpCapture(source, wish)
        case Kind.FILE if _holds_pictures(Path(source.target)):
            return FolderCapture(Path(source.target), wish)
        case Kind.V4L2 | Kind.RTSP | Kind.FILE:
            return OpenCvCapture(source, wish)


def _holds_pictures(path: Path) -> bool:
    if not path.exists():
        raise DeviceUnavailable(str(path), "No such file or directory")
    return path.is_dir() or path.suffix.lower() in PICTURES


class HttpCapture:
    """MJPEG over HTTP; a camera that answers with single pictures is asked again and again."""

    def __init__(self, source: Source, wish: Wish) -> None:
        self._source, self._wish = source, wish
        self._stream = JpegStream()
        self._ready: list[Jpeg | Refused] = []
        self._newest: Jpeg | None = None
        self._opener = _opener(source)
        self._cancelled = False
        self._response = self._request()

    def grab(self) -> None:
        """Read on until a picture is whole."""
        while not self._ready:
            data = self._read()
            if data:
                self._ready = self._stream.feed(data)[::-1]
            elif self._newest is None or self._response.headers.get_content_type() != "image/jpeg":
                raise DeviceUnavailable(self._source.target, "the camera ended its stream")
            else:
                time.sleep(1 / self._wish.fps)
                self._response.close()
                self._response = self._request()
        match self._ready.pop():
            case Refused(reason, detail):
                raise PictureRefused(f"{detail} ({reason})")
            case Jpeg() as picture:
                self._newest = picture

    def grey(self) -> Any:
        """Unfold the newest picture."""
        if self._newest is None:
            raise PictureRefused("no frame has come yet")
        return grey(self._newest.data)

    def cancel(self) -> None:
        """Cut the connection under a waiting read."""
        self._cancelled = True
        _shut_down(self._response)

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    def _read(self) -> bytes:
        try:
            return bytes(self._response.read1(READ_BYTES))
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # ValueError, AttributeError: what http.client makes of a connection that ``cancel`` has cut.
            raise DeviceUnavailable(self._source.target, _what(error)) from error

    def _request(self) -> Any:
        if self._cancelled:
            raise DeviceUnavailable(self._source.target, "given up")
        try:
            response = self._opener.open(self._source.target, timeout=self._wish.wait_s)
        except (
            OSError,
            http.client.HTTPException,
            ValueError,
        ) as error:  # ValueError: a way to log in that urllib does not know
            raise DeviceUnavailable(self._source.target, _what(error)) from error
        if connection := _socket_of(response):
            with connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        return response


def _what(error: Exception) -> str:
    """Say what went wrong without what a library put into its message: that may be the address."""
    match error:
        case urllib.error.HTTPError():
            return f"the camera says {error.code}" + (": check user and password" if error.code in (401, 403) else "")
        case urllib.error.URLError(reason=OSError() as reason):
            return _what(reason)
        case TimeoutError():
            return "no answer in time"
        case OSError(strerror=str() as said):
            return said
        case _:
            return type(error).__name__


class _Refusals(urllib.request.HTTPErrorProcessor):
    """Lets go of an answer that says no before it is looked at: nobody else would, and its text is of no use."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        """Close what is not a 2xx, then go on as usual."""
        if not 200 <= response.code < 300:
            response.close()
        return super().http_response(request, response)

    https_response = http_response


def _opener(source: Source) -> urllib.request.OpenerDirector:
    """Return what opens HTTP addresses and nothing else: no file:, no proxy, no redirect to another host's door."""
    keeper = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    keeper.add_password(None, source.target, source.user, source.password)
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Refusals(),
        *(
            (urllib.request.HTTPBasicAuthHandler(keeper), urllib.request.HTTPDigestAuthHandler(keeper))
            if source.user
            else ()
        ),
    ):
        opener.add_handler(handler)
    return opener


def _socket_of(response: Any) -> socket.socket | None:
    """Return a second handle on the connection under a response; None when it is closed already."""
    try:
        return socket.socket(fileno=os.dup(response.fileno()))
    except (OSError, ValueError, AttributeError):
        return None


def _shut_down(response: Any) -> None:
    if connection := _socket_of(response):
        with connection, contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


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


class FolderCapture:
    """Pictures of a folder in the order of their names, again and again; or one picture, always."""

    def __init__(self, path: Path, wish: Wish) -> None:
        self._path, self._pause_s = path, 1 / wish.fps
        self._names = self._pictures()
        self._picture = next(self._names)
        self._given_up = threading.Event()

    def grab(self) -> None:
        """Turn to the next picture when its time has come."""
        if self._given_up.wait(self._pause_s):
            raise DeviceUnavailable(str(self._path), "given up")
        self._picture = next(self._names)

    def grey(self) -> Any:
        """Read the picture."""
        return grey(read_bytes(self._picture))

    def cancel(self) -> None:
        """Stop waiting."""
        self._given_up.set()

    def close(self) -> None:
        """Nothing is held open."""

    def _pictures(self) -> Iterator[Path]:
        while True:
            found = self._found()
            if not found:
                raise DeviceUnavailable(str(self._path), f"no picture there ({', '.join(PICTURES)})")
            yield from found

    def _found(self) -> list[Path]:
        try:
            files = sorted(self._path.iterdir()) if self._path.is_dir() else [self._path]
        except OSError as error:
            raise DeviceUnavailable(str(self._path), error.strerror or "cannot be read") from error
        return [file for file in files if file.suffix.lower() in PICTURES and file.is_file()]
