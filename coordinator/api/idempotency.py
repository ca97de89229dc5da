"""``Idempotency-Key``: a repeated POST gets the first answer; another body under the same key is a conflict (F58)."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool

from coordinator.api.auth import identify, office_of
from coordinator.clock import stamp
from coordinator.errors import Conflict, InvalidRequest
from coordinator.office import Office
from coordinator.rows import RequestRow

HEADER = "Idempotency-Key"
MAX_KEY = 100
_busy: set[tuple[str, str]] = set()
"""Keys whose first request is still running in this process."""


class IdempotentRoute(APIRoute):
    """A route whose POSTs may carry a key of the caller's own making."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route's handler."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handle(request)
            if not 1 <= len(key) <= MAX_KEY:
                raise InvalidRequest(f"{HEADER} has {len(key)} characters: expected 1 to {MAX_KEY}")
            return await _once(request, key, handle)

        return once


async def _once(request: Request, key: str, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    office = office_of(request)
    who = await run_in_threadpool(identify, office, _credentials(request))
    body = await request.body()
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
    if (who.name, key) in _busy:
        raise Conflict(f"the first request with {HEADER} {key!r} is still running: ask again in a moment")
    _busy.add((who.name, key))
    try:
        earlier = await run_in_threadpool(_earlier, office, who.name, key, fingerprint)
        if earlier is not None:
            headers = {"Idempotency-Replayed": "true"}
            return Response(earlier.body, earlier.status, headers, media_type="application/json")
        response = await handle(request)
        if response.status_code < 300:
            row = RequestRow(
                who.name, key, fingerprint, response.status_code, bytes(response.body), stamp(office.clock.now())
            )
            await run_in_threadpool(_keep, office, row)
        return response
    finally:
        _busy.discard((who.name, key))


def _credentials(request: Request) -> HTTPAuthorizationCredentials | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return HTTPAuthorizationCredentials(scheme=scheme, credentials=token) if scheme.lower() == "bearer" else None


def _earlier(office: Office, actor: str, key: str, fingerprint: str) -> RequestRow | None:
    with office.begin() as uow:
        row = uow.records.request(actor, key)
    if row is not None and row.fingerprint != fingerprint:
        raise Conflict(f"{HEADER} {key!r} was used for another request at {row.at}: take a new key")
    return row


def _keep(office: Office, row: RequestRow) -> None:
    with office.begin() as uow:
        uow.records.add_request(row)
        uow.commit()
