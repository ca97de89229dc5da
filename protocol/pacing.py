"""How much to have on its way and how long to wait: window, batch size, measured ack time. Pure, like the sender that owns it."""

from collections import deque
from typing import NamedTuple

FIRST_BATCH_BYTES = 4096
MAX_BATCH_BYTES = 16 * 1024
MAX_WINDOW = 8
MIN_TIMEOUT_S = 0.5
MAX_TIMEOUT_S = 30.0
REPEATED_ACKS = 3
"""Acks for the same position, with batches on their way, that mean that one was lost (as in TCP)."""

_MAX_DOUBLINGS = 6


class Flight(NamedTuple):
    """A batch on its way; ``size`` in bytes before compression."""

    last_seq: int
    size: int
    sent_at_s: float


class Pace:
    """Additive increase, multiplicative decrease: a fixed window with a fixed timer collapses on a slow line (docs/protocol.md)."""

    def __init__(self) -> None:
        self.flights: deque[Flight] = deque()
        self.window = 1
        self.batch_bytes = FIRST_BATCH_BYTES
        self.smoothed_s: float | None = None
        self.timeouts = 0
        self._doublings = 0
        self._repeats = 0
        self._sent = self._resent = 0
        self._heard_at_s = 0.0

    def restart(self) -> None:
        """Begin anew on a new connection: one small batch, nothing measured."""
        self.land()
        self.window, self.batch_bytes, self.smoothed_s = 1, FIRST_BATCH_BYTES, None
        self.timeouts = self._doublings = 0
        self._sent = self._resent = 0

    def depart(self, flight: Flight) -> None:
        """A batch is on its way."""
        self._sent = max(self._sent, flight.last_seq)
        self.flights.append(flight)

    def land(self) -> None:
        """Forget what is on its way."""
        self.flights.clear()
        self._repeats = 0

    @property
    def in_flight_bytes(self) -> int:
        """Bytes on their way."""
        return sum(flight.size for flight in self.flights)

    @property
    def is_open(self) -> bool:
        """Whether the window has room for one more batch."""
        return len(self.flights) < self.window

    @property
    def timeout_s(self) -> float:
        """How long to wait for the ack of a batch."""
        measured_s = 0.0 if self.smoothed_s is None else 3 * self.smoothed_s
        return float(min(max(MIN_TIMEOUT_S, measured_s) * 2**self._doublings, MAX_TIMEOUT_S))

    @property
    def deadline_s(self) -> float | None:
        """When the oldest batch on its way is late (None: nothing is on its way).

        Progress starts the clock again: behind a slow line the last batch of a full window waits for all the others.
        """
        return max(self.flights[0].sent_at_s, self._heard_at_s) + self.timeout_s if self.flights else None

    def measure(self, took_s: float) -> None:
        """Take one round trip into the smoothed time (7/8 old, 1/8 new)."""
        self.smoothed_s = took_s if self.smoothed_s is None else self.smoothed_s * 7 / 8 + took_s / 8

    def confirmed(self, last_seq: int, now_s: float) -> None:
        """Everything up to ``last_seq`` is committed: measure, widen the window, let batches grow.

        What was sent twice is not measured (which one was answered?) and the longer wait stays until something fresh was: else one early
        timeout makes every later ack look quick, and the line fills with repeats (Karn and Partridge, SIGCOMM 1987).
        """
        while self.flights and self.flights[0].last_seq <= last_seq:
            flight = self.flights.popleft()
            if flight.last_seq > self._resent:
                self.measure(now_s - flight.sent_at_s)
                self._doublings = 0
        self.window = min(self.window + 1, MAX_WINDOW)
        self.batch_bytes = min(self.batch_bytes + FIRST_BATCH_BYTES, MAX_BATCH_BYTES)
        self.timeouts = self._repeats = 0
        self._heard_at_s = now_s

    def repeated(self) -> bool:
        """An ack confirmed nothing; say whether it is time to believe that a batch was lost.

        While repeats of ours are on their way they are answered twice, which says nothing.
        """
        self._repeats += bool(self.flights) and self.flights[0].last_seq > self._resent
        return self._repeats >= REPEATED_ACKS

    def expired(self) -> None:
        """No ack in time: wait twice as long from now on."""
        self.timeouts += 1
        self._doublings = min(self._doublings + 1, _MAX_DOUBLINGS)

    def shrink(self) -> None:
        """Something was lost: half the window, small batches, nothing on its way."""
        self.land()
        self._resent = self._sent
        self.window = max(1, self.window // 2)
        self.batch_bytes = FIRST_BATCH_BYTES
