"""The outbox as handlers see it: a fact goes in, its envelope is made here."""

import sqlite3

from domain.ids import EventId
from edge_agent.clock import fresh_id
from edge_agent.ports import Clock
from link.outbox import Outbox
from protocol.codec import encode_event
from protocol.facts import Fact


class OutboxFacts:
    """``ports.Facts`` over ``link.outbox``; ``boot_id`` is the nonce of this start."""

    def __init__(self, connection: sqlite3.Connection, edge: str, boot_id: str) -> None:
        self._outbox = Outbox(connection)
        self._edge, self._boot_id = edge, boot_id
        self._epoch = 0

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
        )
        return self._outbox.append(event, event_id)

    def forget(self) -> None:
        """Read the epoch again: it may have grown, or its growth was undone."""
        self._epoch = 0
