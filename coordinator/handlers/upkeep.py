"""What headquarters looks after by itself or by a person's word: incidents, held streams, old rows, reminders."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from coordinator.clock import Clock, parsed, stamp
from coordinator.errors import NotFound
from coordinator.ports import UnitOfWork, Views
from coordinator.settings import TickerSettings
from protocol.receiver import release


class Swept(NamedTuple):
    """What a sweep let go of and raised."""

    snapshots: int
    requests: int
    silent: int


def close_incident(number: int, uow: UnitOfWork, clock: Clock, *, actor: str) -> None:
    """Close an incident.

    Raises:
        NotFound: there is none open of this number.
    """
    at = stamp(clock.now())
    with uow:
        if not uow.records.close_incident(at, number):
            raise NotFound(f"no open incident has number {number}")
        uow.records.audit(at, actor, "incident_closed", str(number))
        uow.commit()


def release_stream(edge: str, uow: UnitOfWork, clock: Clock, *, actor: str) -> bool:
    """Let a held stream go on; False when it was not held."""
    at = stamp(clock.now())
    with uow:
        position = uow.inbox.position(edge)
        if not position.held:
            return False
        uow.inbox.advance(edge, release(position), at)
        uow.records.close_incidents(at, edge, "stream_held")
        uow.records.close_incidents(at, edge, "newer_version")
        uow.records.audit(at, actor, "stream_released", edge)
        uow.commit()
    return True


def release_all(uow: UnitOfWork, clock: Clock, *, actor: str) -> list[str]:
    """Try every held stream again, as after an upgrade; what still cannot be read holds its stream again."""
    with uow:
        held = [edge for edge, position in uow.inbox.positions().items() if position.held]
    return [edge for edge in held if release_stream(edge, uow, clock, actor=actor)]


def flooded(edge: str, text: str, uow: UnitOfWork, clock: Clock) -> None:
    """Tell a person that an edge publishes without end; nothing for a name that is no edge here."""
    with uow:
        if edge in uow.fleet.edges([edge]) and uow.records.incident(stamp(clock.now()), edge, "flooding", text):
            uow.commit()


def sweep(settings: TickerSettings, views: Views, uow: UnitOfWork, clock: Clock) -> Swept:
    """Let old snapshots and answers go, speak up about silent edges, papers that expire and backups that are late."""
    now = clock.now()
    at = stamp(now)

    def ago(seconds: float) -> str:
        return stamp(now - timedelta(seconds=seconds))

    edges = [row for row in _pages(views.edges, "edge") if not row["revoked_at"]]
    with uow:
        silent = sum(_look_at(row, ago(settings.edge_silent_s), uow, at) for row in edges)
        soon = stamp(now + timedelta(days=settings.certificate_warn_days))
        for row in edges:
            _papers(row, soon, uow, at)
        _backup(settings, uow, clock)
        snapshots = uow.snapshots.drop_before(ago(settings.snapshot_keep_s))
        requests = uow.records.drop_requests_before(ago(settings.request_keep_s))
        uow.commit()
    return Swept(snapshots, requests, silent)


def _look_at(row: dict[str, Any], since: str, uow: UnitOfWork, at: str) -> bool:
    seen = row["last_seen"]
    if seen is not None and seen >= since:
        uow.records.close_incidents(at, row["edge"], "edge_silent")
        return False
    if seen is not None:
        text = f"edge {row['edge']} of store {row['store']} was last heard of at {seen}: is its line down?"
        uow.records.incident(at, row["edge"], "edge_silent", text)
    return seen is not None


def _papers(row: dict[str, Any], soon: str, uow: UnitOfWork, at: str) -> None:
    until = row["certificate_expires_at"]
    if until is not None and until <= soon:
        text = f"the certificate of edge {row['edge']} expires at {until} and was not renewed: is the edge running?"
        uow.records.incident(at, row["edge"], "certificate_expiring", text)
    else:
        uow.records.close_incidents(at, row["edge"], "certificate_expiring")


def _backup(settings: TickerSettings, uow: UnitOfWork, clock: Clock) -> None:
    """Remind only of backups that once were made: where none is configured, edges keep everything themselves."""
    last, at = uow.records.note("backup_at"), stamp(clock.now())
    if last is None:
        return
    age_s = (clock.now() - parsed(last)).total_seconds()
    if age_s > settings.backup_overdue_s:
        text = f"the last backup is of {last}: run 'shopwire coordinator backup FILE'; until then edges keep what came since"
        uow.records.incident(at, None, "backup_overdue", text)
    else:
        uow.records.close_incidents(at, None, "backup_overdue")


def _pages(read: Callable[[str, int], list[dict[str, Any]]], key: str, size: int = 1000) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after = ""
    while part := read(after, size):
        rows += part
        after = part[-1][key]
    return rows
