"""Where the edge looks for a device, read from its address; the bench stands a simulator there or says why it must not."""

import ipaddress
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from firmware_sim.bench.errors import StoreFileUnusable
from firmware_sim.bench.store_file import Entry

_PTYS = "/dev/pts/"
_PATH = re.compile(r"((serial|char|evdev):(//)?)?(?P<path>/.*)")


class Network(NamedTuple):
    """A loopback host and port, and for URLs the path."""

    host: str
    port: int
    path: str = ""


def link_of(entry: Entry) -> Path:
    """Return the path that the driver of ``entry`` opens, where a symbolic link to a pseudo-terminal shall be.

    Raises:
        StoreFileUnusable: the address is no path, or something real lies there that the bench must not touch.
    """
    found = _PATH.fullmatch(entry.address.partition("?")[0])
    path = Path(found["path"]) if found else Path()
    if not path.name:
        raise StoreFileUnusable(
            f"device {entry.device_id}: address {entry.address!r} names no path where a link could be; "
            "write serial:/tmp/…?baud=9600"
        )
    if path.is_symlink():
        target = os.readlink(path)  # noqa: PTH115 - Path.readlink says the same and cannot be compared as text
        if not target.startswith(_PTYS):
            raise StoreFileUnusable(
                f"device {entry.device_id}: {path} is a link to {target}, a real device; the bench only replaces its own links"
            )
    elif path.exists():
        raise StoreFileUnusable(
            f"device {entry.device_id}: {path} exists and is not a link of the bench; choose another address for the bench"
        )
    _reachable(entry, path.parent)
    return path


def _reachable(entry: Entry, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFileUnusable(
            f"device {entry.device_id}: the folder {folder} cannot be made: {error.strerror}; choose one that you may write to"
        ) from error


def network_of(entry: Entry) -> Network:
    """Return host, port and path of a ``tcp:HOST:PORT``, ``http://…`` or ``rtsp://…`` address.

    Raises:
        StoreFileUnusable: it is none of these, or is not on this machine's loopback.
    """
    address = entry.address.replace("tcp:", "tcp://", 1) if entry.address.startswith("tcp:") else entry.address
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise StoreFileUnusable(f"device {entry.device_id}: address {entry.address!r}: {error}") from error
    if not host or not port:
        raise StoreFileUnusable(
            f"device {entry.device_id}: address {entry.address!r} is not tcp:HOST:PORT or http://HOST:PORT/…"
        )
    if not is_loopback(host):
        raise StoreFileUnusable(
            f"device {entry.device_id}: {host} is not this machine; the bench listens on loopback only: write 127.0.0.1"
        )
    return Network("127.0.0.1" if host == "localhost" else host, port, parts.path)


def http_of(entry: Entry) -> Network:
    """Return where a simulator that speaks plain HTTP shall listen.

    Raises:
        StoreFileUnusable: the driver would speak something else there, or it is not on this machine's loopback.
    """
    if not entry.address.startswith("http://"):
        raise StoreFileUnusable(
            f"device {entry.device_id}: {entry.address!r}: what the bench puts there speaks plain HTTP; "
            "write http://127.0.0.1:PORT/…"
        )
    return network_of(entry)


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` can only be this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("192.0.2.50")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_network(address: str) -> bool:
    """Tell whether an address is met over the network."""
    return address.startswith(("tcp:", "http://", "https://", "rtsp://"))
