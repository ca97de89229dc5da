"""Who asks: people and programs by token and role, edges by a signature over the request."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from coordinator.errors import NotAuthenticated, NotFound, Refused
from coordinator.handlers.access import Caller, TokenRole, caller, digest, require
from coordinator.office import Office
from link.identity import SIGNATURE_HEADER

_bearer = HTTPBearer(
    auto_error=False, description="A token made by: shopwire coordinator token create NAME --role ROLE"
)


def office_of(request: Request) -> Office:
    """Return the headquarters that this application serves."""
    office = request.app.state.office
    assert isinstance(office, Office)  # noqa: S101 - put there by create_app
    return office


OfficeDep = Annotated[Office, Depends(office_of)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def identify(office: Office, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    """Return who holds the token of this request.

    Raises:
        NotAuthenticated: no token, or one that is not valid.
    """
    if credentials is None:
        raise NotAuthenticated("this path needs a token: send 'Authorization: Bearer swt_…'")
    row = office.views.token(digest(credentials.credentials))
    return caller(row, office.clock.now())


def needs(role: TokenRole) -> Callable[[Office, HTTPAuthorizationCredentials | None], Caller]:
    """Return a dependency that gives the caller and refuses those below ``role``."""

    def known(office: OfficeDep, credentials: Bearer) -> Caller:
        who = identify(office, credentials)
        require(who, role)
        return who

    known.role = role  # type: ignore[attr-defined]  # the test of docs/api.md reads it off the route
    return known


Viewer = Annotated[Caller, Depends(needs("viewer"))]
Operator = Annotated[Caller, Depends(needs("operator"))]
Admin = Annotated[Caller, Depends(needs("admin"))]


def signed_edge() -> Callable[[Request, Office], Awaitable[str]]:
    """Return a dependency that gives the edge whose key signed this very request."""

    async def known(request: Request, office: OfficeDep) -> str:
        header = request.headers.get(SIGNATURE_HEADER)
        if not header:
            raise NotAuthenticated(f"this path needs an edge's signature in the header {SIGNATURE_HEADER}")
        return await run_in_threadpool(
            _verified, office, header, request.method, _target(request), await request.body()
        )

    return known


SignedEdge = Annotated[str, Depends(signed_edge())]


def _target(request: Request) -> str:
    """Return path and query as they were sent, for that is what was signed."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope.get("query_string", b"")
    text: bytes = path.split(b"?")[0] + (b"?" + query if query else b"")
    return text.decode("latin-1")


def _verified(office: Office, header: str, method: str, target: str, body: bytes) -> str:
    edge = office.signer(header)
    row = office.views.edge(edge)
    if row is None or row.certificate_pem is None:
        raise NotAuthenticated(f"edge {edge[:20]!r} has no certificate here: enrol it")
    if row.revoked_at:
        raise Refused(f"edge {edge} was revoked at {row.revoked_at}")
    office.verify(row.certificate_pem, header, method, target, body)
    return edge


def own(edge: str, signer: str) -> None:
    """Let an edge touch only what is its own; another's looks as if it were not there.

    Raises:
        NotFound: ``edge`` is not the one that signed.
    """
    if edge != signer:
        raise NotFound(f"nothing of edge {edge[:20]!r} is here for {signer}")
