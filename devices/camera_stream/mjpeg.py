"""MJPEG over HTTP with our own limits and time-outs: FFmpeg has neither for frames that claim to be huge."""

import contextlib
import http.client
import os
import socket
import time
import urllib.error
import urllib.request
from typing import Any

from devices.camera_stream.capture import Wish
from devices.camera_stream.codec import Jpeg, JpegStream, Refused
from devices.camera_stream.source import Source
from devices.errors import DeviceUnavailable, PictureRefused
from devices.vision.picture import grey

READ_BYTES = 1 << 16
_RECEIVE_BUFFER = 1 << 18  # what a slow reader leaves in the kernel is old news: a few frames, not seconds of them


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
