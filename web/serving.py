"""Giving pages out: where to listen, the shared files, headers on every answer, a server that leaves the process its signals."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE = Path(__file__).with_name("page")


def listening(host: str, port: int, *, backlog: int = 128) -> socket.socket:
    """Return a TCP socket that listens on ``host``, an IPv4 or IPv6 address; ``port`` 0 takes a free one.

    Raises:
        OSError: the address is not this machine's, or somebody has the port.
    """
    # The protocol is named, or asyncio leaves Nagle on and every answer waits 40 ms for a delayed ACK.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(backlog)
    except OSError:
        bound.close()
        raise
    return bound


def shared() -> Mount:
    """Return the route ``/web/`` under which pages find what they share."""
    return Mount("/web", StaticFiles(directory=PAGE), name="web")


class Headed:
    """ASGI middleware: each answer of ``app``, its files and refusals too, carries ``headers`` unless it sets them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def heading(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    found.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, heading)


class QuietServer(uvicorn.Server):
    """A uvicorn that installs no signal handlers: whoever runs it decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
