"""One signed request and its answer over HTTP, in a thread, within a deadline that nobody on the other side can stretch."""

import asyncio
import contextlib
import http.client
import socket
import ssl
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from devices.errors import DeviceMisconfigured
from devices.payment_code.codec import Sealed
from devices.transport.names import addresses

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Door(NamedTuple):
    """Where a provider is; ``tls`` is None on a loopback address only."""

    host: str
    port: int
    prefix: str
    tls: ssl.SSLContext | None


class Answer(NamedTuple):
    """What came back."""

    status: int
    signature: str
    body: bytes


class NoAnswer(Exception):
    """Nothing came back that could be read; ``sent`` is False when the request certainly never left."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason, self.sent = reason, sent


def door_at(address: str, ca_file: str = "") -> Door:
    """Read a provider's address.

    Raises:
        DeviceMisconfigured: no address, plain HTTP to another machine, or an authority that cannot be read.
    """
    try:
        parts = urllib.parse.urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urllib.parse.urlsplit(""), "", None
    if not host or parts.scheme not in ("http", "https") or parts.username:
        raise DeviceMisconfigured(f"payment provider's address {address.rpartition('@')[2]!r}: write https://HOST/PATH")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise DeviceMisconfigured(
            f"payment provider's address {address!r}: plain http goes to this machine only, write https"
        )
    tls = _trust(ca_file) if parts.scheme == "https" else None
    return Door(host, port or (443 if tls else 80), parts.path.rstrip("/"), tls)


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise DeviceMisconfigured(f"ca_file {ca_file}: {error}") from error


async def post(
    threads: ThreadPoolExecutor,
    door: Door,
    path: str,
    headers: dict[str, str],
    body: Sealed,
    limit: int,
    within_s: float,
) -> Answer:
    """Send ``body`` and return the answer of at most ``limit`` bytes.

    Raises:
        NoAnswer: none that could be read came within ``within_s``.
    """
    call = _Call(door, within_s)
    try:
        async with asyncio.timeout(within_s):
            call.where = await addresses(door.host)  # not in our threads, which a name server that is away would hold
            running = asyncio.get_running_loop().run_in_executor(threads, call.make, path, headers, body, limit)
            return await running
    except TimeoutError as error:
        raise NoAnswer("timeout", sent=call.sent) from error
    except OSError as error:  # nobody knows the name
        raise NoAnswer("not_reached", sent=False) from error
    finally:
        call.cut()  # ends the thread, too, when the answer trickles or the caller is gone


class _Call:
    def __init__(self, door: Door, timeout_s: float) -> None:
        self.sent = False
        self.where: list[str] = []
        self._door, self._timeout_s, self._cut = door, timeout_s, False
        if door.tls is None:
            self._connection = http.client.HTTPConnection(door.host, door.port, timeout=timeout_s)
        else:
            self._connection = http.client.HTTPSConnection(door.host, door.port, timeout=timeout_s, context=door.tls)

    def make(self, path: str, headers: dict[str, str], body: Sealed, limit: int) -> Answer:
        try:
            self._connect()
            self.sent = True  # from the first byte on nobody knows
            self._connection.request("POST", self._door.prefix + path, body.data, headers)
            with self._connection.getresponse() as response:
                data = response.read(limit + 1)
        except TimeoutError as error:
            raise NoAnswer("timeout", sent=self.sent) from error
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # ValueError, AttributeError: what http.client makes of a connection that ``cut`` has closed.
            raise NoAnswer("no_answer" if self.sent else "not_reached", sent=self.sent) from error
        finally:
            self._connection.close()
        if len(data) > limit or (response.length or 0) > 0:
            raise NoAnswer("malformed", sent=True)
        return Answer(response.status, response.headers.get("Pay-Signature", ""), data)

    def cut(self) -> None:
        self._cut = True
        connection = self._connection.sock
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _connect(self) -> None:
        line = self._line()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sock = line  # from here on ``cut`` reaches it
        if self._door.tls is not None:
            self._connection.sock = self._door.tls.wrap_socket(line, server_hostname=self._door.host)
        if self._cut:
            raise NoAnswer("timeout", sent=False)

    def _line(self) -> socket.socket:
        *some, last = self.where
        for address in some:
            with contextlib.suppress(OSError):
                return socket.create_connection((address, self._door.port), self._timeout_s)
        return socket.create_connection((last, self._door.port), self._timeout_s)
