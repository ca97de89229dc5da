"""``Idempotency-Key``: a repeated POST gets the first answer; another body under the same key is a conflict (F58).

The key is taken in the database before the work begins, so that of several processes one carries it out. Work and answer are two commits:
when headquarters dies between them the key stays taken without an answer, and a repeat is told so instead of being carried out again.
"""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from coordinator.api.auth import identify, office_of
from coordinator.clock import stamp
from coordinator.errors import Conflict, CoordinatorError, InvalidRequest
from coordinator.office import Office
from coordinator.rows import RequestRow
from domain.errors import DomainError
from link.errors import IdentityRefused

HEADER = "Idempotency-Key"
MAX_KEY = 100
UNFINISHED = 0
"""In place of a status: the request began, and nobody has seen it end."""
REFUSALS = (CoordinatorError, DomainError, IdentityRefused, RequestValidationError, HTTPException)
"""After these nothing was done, and the key is free again; after any other error nobody knows."""


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
    row = RequestRow(who.name, key, fingerprint, UNFINISHED, b"", stamp(office.clock.now()))
    earlier = await run_in_threadpool(_reserve, office, row)
    if earlier is not None:
        headers = {"Idempotency-Replayed": "true"}
        return Response(earlier.body, earlier.status, headers, media_type="application/json")
    return await _first(office, row, request, handle)


async def _first(
    office: Office, row: RequestRow, request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    try:
        response = await handle(request)
    except REFUSALS:
        await run_in_threadpool(_free, office, row)
        raise
    if response.status_code < 300:
        answer = row._replace(status=response.status_code, body=bytes(response.body))
        await run_in_threadpool(_finish, office, answer)
    else:
        await run_in_threadpool(_free, office, row)
    return response


def _credentials(request: Request) -> HTTPAuthorizationCredentials | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return HTTPAuthorizationCredentials(scheme=scheme, credentials=token) if scheme.lower() == "bearer" else None


def _reserve(office: Office, row: RequestRow) -> RequestRow | None:
    """Take the key for this request, or return the answer that an earlier one got."""
    with office.begin() as uow:
        taken = uow.records.reserve_request(row)
        earlier = None if taken else uow.records.request(row.actor, row.key)
        uow.commit()
    if taken:
        return None
    if earlier is not None and earlier.fingerprint != row.fingerprint:
        raise Conflict(f"{HEADER} {row.key!r} was used for another request at {earlier.at}: take a new key")
    if earlier is None or earlier.status == UNFINISHED:
        raise Conflict(
            f"the first request with {HEADER} {row.key!r} is still running, or headquarters stopped in the middle of it: ask again in a "
            "moment; if this answer stays, look whether it was carried out, and send what is missing under a new key"
        )
    return earlier


def _finish(office: Office, row: RequestRow) -> None:
    with office.begin() as uow:
        uow.records.finish_request(row)
        uow.commit()


def _free(office: Office, row: RequestRow) -> None:
    with office.begin() as uow:
        uow.records.free_request(row.actor, row.key)
        uow.commit()
