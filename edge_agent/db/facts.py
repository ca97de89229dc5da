"""The outbox as handlers see it: a fact goes in, its envelope is made here."""

import sqlite3

from domain.ids import EventId
from edge_agent.clock import fresh_id
from edge_agent.ports import Clock
from link.outbox import End, Outbox
from protocol.codec import encode_event
from protocol.facts import Fact


def traceparent_of(event_id: EventId) -> str:
    """Return the W3C trace context of an event: its UUID without hyphens is the trace id, the last 16 digits of it the span id.

    Derived, not drawn: whoever has the event's id can look for its trace, and a sale pays for no second random number.
    """
    trace = event_id.replace("-", "")
    return f"00-{trace}-{trace[16:]}-01"  # never all zeros: bits 64 and 65 of a UUID are "10"


class OutboxFacts:
    """``ports.Facts`` over ``link.outbox``; ``boot_id`` is the nonce of this start."""

    def __init__(self, connection: sqlite3.Connection, edge: str, boot_id: str) -> None:
        self._outbox = Outbox(connection)
        self._edge, self._boot_id = edge, boot_id
        self._epoch = 0
        self._end: End | None = None

    def epoch(self) -> int:
        """Return the epoch in which facts are numbered."""
        if not self._epoch:
            self._epoch = self._outbox.position().epoch
        return self._epoch

    def add(self, fact: Fact, clock: Clock) -> int:
        """Append a fact to the stream; returns its sequence number.

        Raises:
            MalformedMessage: it does not fit the limits of the wire, so it must not be committed.
        """
        now = clock.now()
        event_id = EventId(fresh_id(now))
        event = encode_event(
            fact,
            event_id=event_id,
            source=self._edge,
            time=now.isoformat(timespec="milliseconds"),
            bootid=self._boot_id,
            monotonicms=clock.monotonic_ms(),
            clock=clock.quality(),
            traceparent=traceparent_of(event_id),
        )
        self._end = self._outbox.append_after(self._end or self._outbox.end(), event, event_id)
        return self._end.seq

    def forget(self) -> None:
        """Read epoch and end of the stream again: they may have moved, or their move was undone."""
        self._epoch, self._end = 0, None
