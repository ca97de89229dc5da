"""The part of the relay that runs in the writer thread: the sender, and what it wants on disk."""

from collections import deque
from collections.abc import Callable, Sequence

from link.journal import Kept, RelayJournal
from protocol.messages import Ack
from protocol.sender import Acknowledged, Effect, Incident, Send, Sender, StartEpoch

KEEP_WITHIN_S = 0.25
"""How long an acknowledgement may wait in memory before it is put on disk."""


class Uplink:
    """``protocol.sender`` over a journal. Every method but ``due_s`` and ``disconnected`` runs in the writer thread, one at a time."""

    def __init__(self, journal: RelayJournal, clock_s: Callable[[], float]) -> None:
        self.sender = Sender(journal.view)
        self.acks: deque[Ack] = deque()
        self.heard = self.epochs = 0
        self.hq_time = ""
        self._journal, self._clock_s = journal, clock_s
        self._unkept: Acknowledged | None = None
        self._keep_at_s = 0.0

    def greet(self) -> list[Effect]:
        """A connection is open: return the greeting to send."""
        self.flush()
        return self._carry_out(self.sender.connected(self._clock_s(), self._journal.hello()))

    def step(self) -> list[Effect]:
        """Take the acks that came in, do what is due, and return what is to be sent and told."""
        told: list[Effect] = []
        while self.acks:
            ack = self.acks.popleft()
            self.hq_time = ack.hq_time
            self.heard += 1
            told += self._carry_out(self.sender.ack_received(ack, self._clock_s()))
        told += self._carry_out(self.sender.poll(self._clock_s()))
        if self._unkept is not None and self._clock_s() >= self._keep_at_s:
            self.flush()
        return told

    def is_drained(self) -> bool:
        """Say whether headquarters has committed everything, and keep that on disk."""
        self.flush()
        at = self._journal.hello()
        return at.acked >= at.top

    def due_s(self, now_s: float) -> float | None:
        """Return when ``step`` is due even if nothing happens before (None: never)."""
        wake_at_s = self.sender.wake_at(now_s)
        if self._unkept is None:
            return wake_at_s
        return self._keep_at_s if wake_at_s is None else min(wake_at_s, self._keep_at_s)

    def disconnected(self) -> None:
        """The connection is over and nothing runs in the writer thread for us."""
        self.acks.clear()
        self.sender.disconnected(self._clock_s())

    def flush(self, kept: Sequence[Kept] = ()) -> None:
        """Put ``kept`` on disk, with the acknowledgement that waits before it."""
        if self._unkept is not None:
            kept = [self._unkept, *kept]
            self._unkept = None
        if kept:
            self._journal.keep(kept)

    def _carry_out(self, effects: list[Effect]) -> list[Effect]:
        """Put on disk what belongs there before the sender is asked again; return what is to be sent and told."""
        kept: list[Kept] = [effect for effect in effects if not isinstance(effect, Send | Incident)]
        told: list[Effect] = [effect for effect in effects if isinstance(effect, Send | Incident)]
        if all(isinstance(effect, Acknowledged) for effect in kept):
            self._remember(kept)
        else:
            self.flush(kept)
        for effect in kept:
            if isinstance(effect, StartEpoch):
                self.epochs += 1
                told += self._carry_out(self.sender.epoch_started(self._clock_s(), effect.epoch))
        return told

    def _remember(self, kept: Sequence[Kept]) -> None:
        # An acknowledgement that a crash forgets is told again in answer to the next greeting, so it may wait for others:
        # without this every sale would cost the disk two flushes instead of one.
        if kept and isinstance(kept[-1], Acknowledged):
            if self._unkept is None:
                self._keep_at_s = self._clock_s() + KEEP_WITHIN_S
            self._unkept = kept[-1]
