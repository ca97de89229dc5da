"""The two ways out of quarantine: apply the event after all, or let a person close it and write its money off.

Both keep the parked row: its bytes, its reason, and now what became of it. A receipt number that it used up stays used.
"""

from coordinator.clock import Clock, stamp
from coordinator.errors import Clash, Conflict, InvalidRequest, NotFound
from coordinator.handlers.apply import Applier
from coordinator.handlers.claims import claim_of
from coordinator.handlers.effects import Effects
from coordinator.handlers.ledger import suspense_of, written_off_of
from coordinator.ports import UnitOfWork
from coordinator.rows import EdgeRow, ParkedRow, Place, Posting
from domain.limits import MAX_ID, text_fault
from protocol.codec import decode_event, decode_fact
from protocol.envelope import Event
from protocol.errors import ProtocolError
from protocol.facts import Fact

MAX_REASON = 500
MAX_ACTOR = 80
BOOKED = "booked"


def retry(event_id: str, uow: UnitOfWork, clock: Clock, *, actor: str) -> None:
    """Apply a parked event again, as after the import of an item that it names: its effects are booked, its money leaves suspense.

    Raises:
        InvalidRequest: ``actor`` is no name.
        NotFound: no event of this id is parked.
        Conflict: it is resolved already, or cannot be applied now either (the message says why); nothing changed.
    """
    at = stamp(clock.now())
    with uow:
        parked, edge = _parked(uow, event_id, actor)
        event, fact = _read(parked)
        place, applier = Place(parked.edge, parked.epoch, parked.seq), Applier(uow, at, careful=True)
        applier.look_up([fact])
        if fault := applier.book(place, edge, fact, event.time):
            raise Conflict(f"event {event_id} still cannot be applied: {fault}")
        returned = [Posting(leg.account, -leg.amount_minor) for leg in suspense_of(parked.value_minor)]
        _post(applier.effects, parked, edge, event, returned)
        try:
            uow.write(applier.effects)
        except Clash as error:
            raise Conflict(f"event {event_id} met another that uses its id or receipt number: {error}") from error
        _resolve(uow, parked, at, BOOKED, actor)
        uow.records.audit(at, actor, "quarantine_retried", event_id)
        uow.commit()


def settle(event_id: str, reason: str, uow: UnitOfWork, clock: Clock, *, actor: str) -> int:
    """Close a parked event that never can be applied: its money goes from suspense to ``written_off``; return that money.

    Args:
        event_id: as ``GET /v1/quarantine`` shows it.
        reason: why, in a person's words; kept with the row and in the audit.
        uow: entered here.
        clock: for when it was closed.
        actor: who says so.

    Raises:
        InvalidRequest: the reason is empty or too long.
        NotFound: no event of this id is parked.
        Conflict: it is resolved already.
    """
    if fault := text_fault(reason, MAX_REASON, 1):
        raise InvalidRequest(f"reason {reason[:40]!r}: expected {fault}")
    at = stamp(clock.now())
    with uow:
        parked, edge = _parked(uow, event_id, actor)
        effects = Effects()
        _post(effects, parked, edge, _event(parked), written_off_of(parked.value_minor))
        uow.write(effects)
        _resolve(uow, parked, at, f"written off: {reason}", actor)
        uow.records.audit(at, actor, "quarantine_settled", f"{event_id}: {reason}")
        uow.commit()
    return parked.value_minor


def _parked(uow: UnitOfWork, event_id: str, actor: str) -> tuple[ParkedRow, EdgeRow]:
    """Return a parked event that waits, its stream locked like for any other fact of that edge, and then itself."""
    if fault := text_fault(actor, MAX_ACTOR, 1):
        raise InvalidRequest(f"name {actor[:40]!r}: expected {fault}")
    seen = None if text_fault(event_id, MAX_ID, 1) else uow.quarantine.find(event_id)
    if seen is None:
        raise NotFound(f"no event {event_id!r} is parked: see GET /v1/quarantine")
    uow.inbox.position(seen.edge)
    parked = uow.quarantine.lock(event_id)
    if parked.resolved_at is not None:
        raise Conflict(
            f"event {event_id} was resolved at {parked.resolved_at} by {parked.resolved_by}: {parked.resolution}"
        )
    return parked, uow.fleet.edges([parked.edge])[parked.edge]


def _read(parked: ParkedRow) -> tuple[Event, Fact]:
    try:
        event = decode_event(parked.raw)
        if event.id != parked.event_id:
            raise Conflict(f"event id {event.id} came first with other content, and that stands: settle this one")
        return event, decode_fact(event)
    except ProtocolError as error:
        raise Conflict(f"event {parked.event_id} still cannot be applied: {error}") from error


def _event(parked: ParkedRow) -> Event | None:
    try:
        return decode_event(parked.raw)
    except ProtocolError:
        return None


def _post(effects: Effects, parked: ParkedRow, edge: EdgeRow, event: Event | None, legs: list[Posting]) -> None:
    """Book ``legs`` where the money was put into suspense, in the currency of that day."""
    claim = claim_of(event, edge)
    place = Place(parked.edge, parked.epoch, parked.seq)
    effects.post(place, claim.store, claim.business_date, parked.currency, legs)


def _resolve(uow: UnitOfWork, parked: ParkedRow, at: str, resolution: str, actor: str) -> None:
    uow.quarantine.resolve(parked.event_id, at, resolution, actor)
    if not uow.quarantine.is_open_at(parked.edge):
        uow.records.close_incidents(at, parked.edge, "quarantined")
