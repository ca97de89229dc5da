"""The page's few routes and its server. Nothing is taken in, nothing is loaded from elsewhere, no other site may frame it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from web.serving import Headed, QuietServer, shared

PAGE = Path(__file__).with_name("page")
MAX_CONNECTIONS = 32
"""A shop has one or two screens; a browser opens a few connections for the files of the page."""
_FILES = {
    "/": ("index.html", "text/html"),
    "/display.css": ("display.css", "text/css"),
    "/display.js": ("display.js", "text/javascript"),
    "/words.json": ("words.json", "application/json"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Told(Protocol):
    """What the page shows."""

    def now(self) -> bytes:
        """Return the page's language and what is shown at this moment, as JSON."""

    def events(self) -> AsyncIterator[bytes]:
        """Yield what is shown, from now on, as server-sent events."""

    def hang_up(self) -> None:
        """End every stream of events."""


def site_of(told: Told) -> ASGIApp:
    """Return the application: the page's files, what is shown now, and what is shown from now on."""

    async def now(_: Request) -> Response:
        return Response(told.now(), media_type="application/json")

    async def events(_: Request) -> Response:
        return StreamingResponse(told.events(), media_type="text/event-stream")

    files = [Route(path, _file(name, kind)) for path, (name, kind) in _FILES.items()]
    routes = [*files, Route("/now.json", now), Route("/events", events), shared()]
    return Headed(Starlette(routes=routes), _HEADERS)


async def serve(listener: socket.socket, told: Told) -> None:
    """Serve the page on ``listener`` until cancelled; then every connection is closed."""
    config = uvicorn.Config(
        site_of(told),
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        told.hang_up()
        await serving


def _file(name: str, kind: str) -> Callable[[Request], Response]:
    def answer(_: Request) -> Response:
        return FileResponse(PAGE / name, media_type=kind)

    return answer
