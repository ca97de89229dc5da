"""Where a camera's frames come from: the address in the settings, read once; its password never leaves this file but to log in."""

import enum
import re
import urllib.parse
from typing import Any

import msgspec

from devices.errors import DeviceMisconfigured

_HELP = (
    "write /dev/v4l/by-id/NAME, rtsp://HOST/PATH, http://HOST/PATH (MJPEG or a snapshot), "
    "or file:/PATH of a video, a picture or a folder of pictures"
)
_PLACE = re.compile(r"^([a-z0-9+.-]+://)[^/?#]*@", re.IGNORECASE)
_SECRET = re.compile(r"(?i)([?&;][^=&;#]*(?:pass|pwd|token|secret|auth|key|user)[^=&;#]*=)[^&;#]*")


class Kind(enum.Enum):
    """How frames are fetched."""

    V4L2 = "v4l2"
    RTSP = "rtsp"
    HTTP = "http"
    FILE = "file"


class Source(msgspec.Struct, frozen=True):
    """One camera's place.

    Attributes:
        kind: how frames are fetched.
        target: the path, or the address without who logs in.
        user, password: for a network camera; may be empty.
    """

    kind: Kind
    target: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Source({self.kind.value}, {shown(self.target)!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # Tracebacks on a console show values, and msgspec would show every field.
        return [("kind", self.kind), ("target", shown(self.target))]

    @property
    def url(self) -> str:
        """The address with who logs in, as FFmpeg wants it; never to be logged."""
        if not self.user:
            return self.target
        scheme, _, rest = self.target.partition("://")
        who = urllib.parse.quote(self.user, safe="") + ":" + urllib.parse.quote(self.password, safe="")
        return f"{scheme}://{who}@{rest}"


def shown(address: str) -> str:
    """Return an address fit for logs and screens: nobody's name, password or token in it.

    >>> shown("rtsp://admin:s3cret@10.0.0.9/live?token=abc&channel=1")
    'rtsp://***@10.0.0.9/live?token=***&channel=1'
    """
    return _SECRET.sub(r"\1***", _PLACE.sub(r"\1***@", address))


def parse_source(address: str, credentials: str = "") -> Source:
    """Read a camera's address.

    Args:
        address: as in the settings.
        credentials: ``user:password`` from a file; used instead of what stands in the address.

    Raises:
        DeviceMisconfigured: it is none of the known kinds; the message holds no password.

    >>> parse_source("/dev/v4l/by-id/usb-cam-video-index0").kind
    <Kind.V4L2: 'v4l2'>
    """
    if address.startswith("/dev/"):
        return Source(Kind.V4L2, address)
    scheme, _, rest = address.partition(":")
    match scheme.lower():
        case "v4l2" if rest.startswith("/"):
            return Source(Kind.V4L2, rest)
        case "file" if rest.startswith("/"):
            return Source(Kind.FILE, "/" + rest.lstrip("/"))
        case "rtsp" | "rtsps":
            return _network(Kind.RTSP, address, credentials)
        case "http" | "https":
            return _network(Kind.HTTP, address, credentials)
        case _:
            raise DeviceMisconfigured(f"camera address {shown(address)!r} is not understood: {_HELP}")


def _network(kind: Kind, address: str, credentials: str) -> Source:
    parts = _parts(address)
    # Nothing of the URL but what is printable ASCII goes on into a request line or to FFmpeg.
    if parts is None or not (address.isascii() and address.isprintable()) or " " in address:
        raise DeviceMisconfigured(f"camera address {shown(address)!r} has no usable host: {_HELP}")
    user, password = urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or "")
    if credentials:
        user, _, password = credentials.partition(":")
    host = parts.netloc.rpartition("@")[2]
    return Source(kind, parts._replace(netloc=host, fragment="").geturl(), user, password)


def _parts(address: str) -> urllib.parse.SplitResult | None:
    try:
        parts = urllib.parse.urlsplit(address)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:  # its message may hold the password: it goes no further
        return None
