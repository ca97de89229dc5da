"""HTTP and HTTPS listeners: bound before anything is told, closed with grace."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from coordinator.settings import InvalidSettings
from link.transport import is_loopback_address
from web.serving import QuietServer, listening

GRACE_S = 5
MAX_CONNECTIONS = 2000
KEEP_ALIVE_S = 75


class TlsFiles(NamedTuple):
    """Certificate chain and key of the HTTPS listeners."""

    chain: Path
    key: Path


class Address(NamedTuple):
    """Where HTTP is spoken."""

    url: str
    secure: bool
    host: str
    port: int


class Listener(NamedTuple):
    """A bound socket; its address is the one that was really taken."""

    address: Address
    sock: socket.socket


def bind(addresses: Sequence[str]) -> list[Listener]:
    """Bind every address.

    Raises:
        InvalidSettings: an address is not ``http(s)://host:port``, is plain and not on loopback, or is taken.
    """
    return [_bind(address) for address in addresses]


def _bind(address: str) -> Listener:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or parts.hostname is None or parts.path not in {"", "/"}:
        raise InvalidSettings(f"api.listen: {address!r} is not http://host:port or https://host:port")
    secure, host = parts.scheme == "https", parts.hostname
    if not secure and not is_loopback_address(host):
        raise InvalidSettings(f"api.listen: {address!r} is plain http on {host}: only https, or http on 127.0.0.1")
    port = parts.port if parts.port is not None else (8443 if secure else 8080)
    try:
        sock = listening(host, port, backlog=1024)
    except OSError as error:
        raise InvalidSettings(
            f"api.listen: {address} cannot be taken: {error}; choose another port (0 = a free one)"
        ) from error
    taken: int = sock.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return Listener(Address(f"{parts.scheme}://{shown}:{taken}", secure, host, taken), sock)


class _Impatient(H11Protocol):
    """A connection whose requests must begin in time: uvicorn itself waits for ever for the end of a head (slow loris, F58)."""

    head_s = 60.0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that is still not whole goes on waiting from when it began."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._late is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.head_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


class HttpServers:
    """One uvicorn per listener, all with one application; ``head_s``: until a request's head must have arrived."""

    def __init__(
        self, app: ASGIApp, listeners: Sequence[Listener], tls: TlsFiles | None, *, head_s: float = 60.0
    ) -> None:
        protocol = type("Impatient", (_Impatient,), {"head_s": head_s})
        self._pairs = [(QuietServer(_config(app, each, tls, protocol)), each) for each in listeners]

    async def run(self) -> None:
        """Serve until ``stop``."""
        async with asyncio.TaskGroup() as tasks:
            for server, listener in self._pairs:
                tasks.create_task(server.serve([listener.sock]), name=f"http:{listener.address.url}")

    def stop(self) -> None:
        """Take no new connections, finish what is open, and return from ``run``."""
        for server, _ in self._pairs:
            server.should_exit = True

    @property
    def started(self) -> bool:
        """Whether all answer."""
        return all(server.started for server, _ in self._pairs)


def _config(app: ASGIApp, listener: Listener, tls: TlsFiles | None, protocol: type[_Impatient]) -> uvicorn.Config:
    if listener.address.secure and tls is None:
        raise InvalidSettings(f"{listener.address.url} needs a certificate")
    files = {"ssl_certfile": str(tls.chain), "ssl_keyfile": str(tls.key)} if listener.address.secure and tls else {}
    return uvicorn.Config(
        app,
        http=protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=32 * 1024,
        **files,  # type: ignore[arg-type]  # its keys are two of many names, of which mypy knows only the union
    )
