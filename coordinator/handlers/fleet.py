"""Stores and edges: registering, enrolling with a one-time code, renewing and revoking certificates."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from coordinator.clock import Clock, parsed, stamp
from coordinator.errors import Conflict, NotAuthenticated, NotFound
from coordinator.handlers import feeds
from coordinator.ports import Authority, Issued, UnitOfWork
from coordinator.rows import EdgeRow, EnrolmentRow, StatusRow, StoreRow
from domain.ids import SHARDS, edge_id
from domain.limits import MAX_ID, text_fault
from protocol.messages import DeviceNow, Status
from protocol.topics import Address

SECRET_BYTES = 20


class Code(NamedTuple):
    """What ``enrol`` gives: the text for the installer, and until when it works."""

    code: str
    expires_at: str


class Papers(NamedTuple):
    """What an edge gets at enrolment."""

    edge: EdgeRow
    store: StoreRow
    certificate_pem: str
    ca_pem: str


def put_stores(rows: Sequence[StoreRow], uow: UnitOfWork, clock: Clock, *, actor: str) -> None:
    """Add or replace stores; their edges get the new attributes through the store feed."""
    at = stamp(clock.now())
    with uow:
        before = uow.fleet.stores([row.store for row in rows])
        uow.fleet.put_stores(rows, at)
        changed = [row for row in rows if row.store in before and before[row.store] != row]
        feeds.publish_stores(changed, before, uow, at)
        uow.records.audit(at, actor, "stores_put", ",".join(row.store for row in rows)[:2000])
        uow.commit()


def add_edge(name: str, store: str, uow: UnitOfWork, clock: Clock, *, actor: str) -> EdgeRow:
    """Register an edge of a store; doing it again with the same store changes nothing.

    Raises:
        InvalidIdentity: the name cannot be an edge id.
        NotFound: no such store.
        Conflict: the edge belongs to another store, or was revoked.
    """
    edge, at = edge_id(name), stamp(clock.now())
    with uow:
        row = uow.fleet.edges([edge]).get(edge)
        if row is not None:
            return _same(row, store)
        if store not in uow.fleet.stores([store]):
            raise NotFound(f"store {store!r} is not registered: POST /v1/stores first")
        uow.fleet.add_edge(EdgeRow(edge, store, shard_of(edge), "", down_top=1, down_floor=1), at)
        uow.records.audit(at, actor, "edge_added", f"{edge} in store {store}")
        uow.commit()
    with uow:
        return uow.fleet.edges([edge])[edge]


def _same(row: EdgeRow, store: str) -> EdgeRow:
    if row.revoked_at:
        raise Conflict(f"edge {row.edge} was revoked at {row.revoked_at}: its name never returns, register another")
    if row.store != store:
        raise Conflict(f"edge {row.edge} belongs to store {row.store!r}, not {store!r}")
    return row


def keep_statuses(said: Mapping[Address, Status], uow: UnitOfWork, clock: Clock) -> None:
    """Keep what edges say on ``status``; what an unknown edge says, or one on a foreign shard, is nobody's word."""
    at = stamp(clock.now())
    with uow:
        known = uow.fleet.edges([address.edge for address in said])
        rows = [
            _status_row(address.edge, status, at)
            for address, status in said.items()
            if address.edge in known and known[address.edge].shard == address.shard
        ]
        uow.fleet.keep_statuses(rows)
        uow.commit()


def _status_row(edge: str, status: Status, at: str) -> StatusRow:
    if not status.online:
        return StatusRow(edge, 0, at)
    devices = [one for one in status.devices if not _status_fault(one)]
    wrong = sum(one.state != "ok" for one in devices)
    return StatusRow(edge, 1, at, msgspec.json.encode(devices).decode(), len(devices), wrong)


def _status_fault(one: DeviceNow) -> str:
    texts = ((one.device, MAX_ID, 1), (one.device_class, MAX_ID, 0), (one.reason, 1000, 0), (one.since_at, 40, 0))
    return next(filter(None, (text_fault(text, longest, shortest) for text, longest, shortest in texts)), "")


def shard_of(edge: str) -> int:
    """Return the shard of an edge: fixed for its life, evenly spread."""
    return int.from_bytes(hashlib.blake2b(edge.encode(), digest_size=4).digest(), "big") % SHARDS


def open_enrolment(
    name: str, url: str, hours: int, uow: UnitOfWork, authority: Authority, clock: Clock, *, actor: str
) -> Code:
    """Make a one-time code for an edge; earlier unused codes of this edge end.

    Raises:
        NotFound: no such edge.
        Conflict: the edge was revoked.
    """
    now = clock.now()
    secret, until = secrets.token_urlsafe(SECRET_BYTES), stamp(now + timedelta(hours=hours))
    with uow:
        row = _edge(uow, name)
        _same(row, row.store)
        uow.fleet.add_enrolment(EnrolmentRow(_sha256(secret), name, until), stamp(now))
        uow.records.audit(stamp(now), actor, "enrolment_opened", name)
        uow.commit()
    return Code(authority.code(url, name, secret), until)


def enrol(
    name: str, secret: str, csr_pem: str, days: int, uow: UnitOfWork, authority: Authority, clock: Clock
) -> Papers:
    """Give an edge its certificate for a one-time secret; the same key may ask again while the secret lasts.

    Raises:
        NotAuthenticated: unknown, foreign, expired or used secret (one answer for all: a guesser learns nothing).
        IdentityRefused: the request for a certificate is not acceptable.
    """
    now = clock.now()
    with uow:
        found = uow.fleet.enrolment(_sha256(secret))
        if found is None or found.edge != name or parsed(found.expires_at) <= now:
            raise NotAuthenticated("this enrolment code is unknown, expired or of another edge: ask for a new one")
        issued = authority.issue(csr_pem, name, days)
        if found.used_at and found.key_sha256 != issued.key_sha256:
            raise NotAuthenticated("this enrolment code was used: ask for a new one, and look who used it")
        uow.fleet.use_enrolment(found.secret_sha256, issued.key_sha256, stamp(now))
        papers = _issue(name, issued, uow, authority, now, "enrolled")
        uow.commit()
    return papers


def renew(name: str, csr_pem: str, days: int, uow: UnitOfWork, authority: Authority, clock: Clock) -> Papers:
    """Give an edge, known by its signed request, a new certificate.

    Raises:
        NotFound, Conflict: no such edge, or a revoked one.
        IdentityRefused: the request for a certificate is not acceptable.
    """
    with uow:
        row = _edge(uow, name)
        _same(row, row.store)
        papers = _issue(name, authority.issue(csr_pem, name, days), uow, authority, clock.now(), "certificate_renewed")
        uow.commit()
    return papers


def _issue(name: str, issued: Issued, uow: UnitOfWork, authority: Authority, now: datetime, what: str) -> Papers:
    uow.fleet.set_certificate(name, issued, stamp(now))
    uow.records.audit(stamp(now), name, what, f"{name} serial {issued.serial}")
    row = _edge(uow, name)
    return Papers(row, uow.fleet.stores([row.store])[row.store], issued.pem, authority.ca_pem())


def revoke(name: str, uow: UnitOfWork, authority: Authority, clock: Clock, *, actor: str) -> list[str]:
    """Revoke an edge for good and return the serials of its certificates; what it already delivered stays.

    Raises:
        NotFound: no such edge.
    """
    at = stamp(clock.now())
    with uow:
        _edge(uow, name)
        serials = uow.fleet.revoke(name, at)
        uow.records.audit(at, actor, "edge_revoked", f"{name} serials {','.join(serials)}")
        uow.commit()
    authority.revoke(serials)
    return serials


def enforce_revocations(uow: UnitOfWork, authority: Authority) -> None:
    """Put every revoked certificate on the revocation list: a crash right after the commit of ``revoke`` left one out."""
    with uow:
        serials = uow.fleet.revoked_serials()
    authority.revoke(serials)


def _edge(uow: UnitOfWork, name: str) -> EdgeRow:
    row = uow.fleet.edges([name]).get(name)
    if row is None:
        raise NotFound(f"edge {name!r} is not registered: POST /v1/edges first")
    return row


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
