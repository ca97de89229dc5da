"""Who may do what: API tokens with roles, kept as hashes."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from coordinator.clock import Clock, parsed, stamp
from coordinator.errors import Conflict, NotAuthenticated, NotFound, Refused
from coordinator.ports import UnitOfWork
from coordinator.rows import TokenRow

TokenRole = Literal["viewer", "operator", "admin"]
RANK: dict[str, int] = {"viewer": 1, "operator": 2, "admin": 3}
PREFIX = "swt_"


class Caller(NamedTuple):
    """Who asks: a token's holder."""

    name: str
    role: str


def create_token(
    name: str, role: TokenRole, uow: UnitOfWork, clock: Clock, *, actor: str, days: int | None = None
) -> str:
    """Make a token and return it; it is shown this once and only its hash is kept.

    Raises:
        Conflict: a token of this name exists.
    """
    now = clock.now()
    token = PREFIX + secrets.token_urlsafe(32)
    until = stamp(now + timedelta(days=days)) if days else None
    with uow:
        if uow.records.token_named(name):
            raise Conflict(f"a token named {name!r} exists: revoke it and take another name")
        uow.records.add_token(TokenRow(digest(token), name, role, stamp(now), until))
        uow.records.audit(stamp(now), actor, "token_created", f"{name} as {role}")
        uow.commit()
    return token


def revoke_token(name: str, uow: UnitOfWork, clock: Clock, *, actor: str) -> None:
    """End a token.

    Raises:
        NotFound: there is none of this name that works.
    """
    at = stamp(clock.now())
    with uow:
        if not uow.records.revoke_token(name, at):
            raise NotFound(f"no token named {name!r} is valid")
        uow.records.audit(at, actor, "token_revoked", name)
        uow.commit()


def caller(row: TokenRow | None, now: datetime) -> Caller:
    """Return who holds this token.

    Raises:
        NotAuthenticated: unknown, revoked or expired.
    """
    if row is None or row.revoked_at or (row.expires_at and parsed(row.expires_at) <= now):
        raise NotAuthenticated("the token is unknown, revoked or expired: ask an administrator for one")
    return Caller(row.name, row.role)


def require(who: Caller, role: TokenRole) -> None:
    """Refuse a caller below ``role``.

    Raises:
        Refused: names both roles.
    """
    if RANK[who.role] < RANK[role]:
        raise Refused(f"token {who.name!r} has role {who.role}, this needs {role}")


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
