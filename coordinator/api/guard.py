"""What stands before every request: known host names, bounded bodies, bounded time, no caching, no framing."""

import asyncio
from collections.abc import Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinator.api.problems import BodyRefused, problem, too_large

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware.

    Args:
        app: what it guards.
        hosts: returns the names under which this server may be asked for (DNS rebinding brings others).
        max_body_bytes: of every request but imports.
        max_import_bytes: of paths that end in ``/imports``.
        timeout_s: until a request's body must have arrived.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Callable[[], Collection[str]],
        max_body_bytes: int,
        max_import_bytes: int,
        timeout_s: float,
    ) -> None:
        self._app, self._hosts, self._timeout_s = app, hosts, timeout_s
        self._max_body, self._max_import = max_body_bytes, max_import_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._host(headers) or self._declared(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                found = MutableHeaders(scope=message)
                for name, value in {**HEADERS, "Cache-Control": "no-store"}.items():
                    found.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, self._bounded(scope, receive), noting)
        except BodyRefused as refused:
            if not started:
                await refused.answer()(scope, receive, noting)

    def _host(self, headers: Headers) -> Response | None:
        host = headers.get("host", "").lower()
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name.strip("[]") in self._hosts():
            return None
        text = f"host {host[:100]!r} is not a name of this server: add it to api.allowed_hosts"
        return problem(421, "unknown-host", "Misdirected request", text)

    def _declared(self, scope: Scope, headers: Headers) -> Response | None:
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return problem(400, "bad-length", "Bad request", f"Content-Length {length[:40]!r} is no number")
        return too_large(self._limit(scope)).answer() if int(length) > self._limit(scope) else None

    def _limit(self, scope: Scope) -> int:
        return self._max_import if scope["path"].endswith("/imports") else self._max_body

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        limit, seen = self._limit(scope), 0
        clock = asyncio.get_running_loop().time
        until, complete = clock() + self._timeout_s, False

        async def bounded() -> Message:
            nonlocal seen, complete, until
            if complete:
                return await receive()
            try:
                async with asyncio.timeout(max(until - clock(), 0.001)):
                    message = await receive()
            except TimeoutError:
                text = f"the body did not arrive within {self._timeout_s:.0f} s"
                raise BodyRefused(408, "too-slow", "Request timeout", text) from None
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(limit)
            complete = not message.get("more_body", False)
            if limit == self._max_import:  # a long file may take long, a stalled one may not
                until = clock() + self._timeout_s
            return message

        return bounded
