"""The outbox against a list: whatever order of commits, undone commits, acks, deletions and new epochs Hypothesis finds."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.envelope import chain, genesis
from tests.streams import EDGE, event_of, new_outbox

EARLY_MS, LATE_MS = 0, 1 << 50


class OutboxMachine(RuleBasedStateMachine):
    """``model`` holds every retained event; ``base`` is how many are gone before them in this epoch."""

    @initialize()
    def begin(self) -> None:
        self.outbox = new_outbox()
        self.db = self.outbox._db
        self.model: list[bytes] = []
        self.base = self.acked = self.safe = 0
        self.epoch = 1
        self.base_hash = genesis(EDGE, 1)
        self.drawn = 0

    @property
    def top(self) -> int:
        return self.base + len(self.model)

    @rule(count=st.integers(1, 5), commit=st.booleans())
    def append(self, count: int, commit: bool) -> None:
        events = []
        self.db.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            self.drawn += 1
            raw, event_id = event_of(self.drawn)
            events.append(raw)
            assert self.outbox.append(raw, event_id) == self.top + len(events)
        self.db.execute("COMMIT" if commit else "ROLLBACK")
        if commit:
            self.model += events

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        up_to = data.draw(st.integers(self.acked, self.top))
        self.safe = data.draw(st.integers(min(self.safe, up_to), up_to))
        self.acked = up_to
        self.outbox.acknowledge(up_to, self.safe, 1)

    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        self.acked = data.draw(st.integers(self.base, self.acked))
        self.safe = min(self.safe, self.acked)
        self.outbox.rewind(self.acked, 2)

    @rule(limit=st.integers(1, 4), now_ms=st.sampled_from((EARLY_MS, LATE_MS)))
    def release(self, limit: int, now_ms: int) -> None:
        gone = self.outbox.release(now_ms, 0, limit)
        allowed = min(limit, max(min(self.acked, self.safe) - self.base, 0))
        assert gone == (0 if now_ms == EARLY_MS else allowed)
        for raw in self.model[:gone]:
            self.base_hash = chain(self.base_hash, raw)
        self.model, self.base = self.model[gone:], self.base + gone

    @precondition(lambda self: self.epoch < 5)
    @rule(commit=st.booleans())
    def start_epoch(self, commit: bool) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.outbox.start_epoch(self.epoch + 1)
        self.db.execute("COMMIT" if commit else "ROLLBACK")
        if commit:
            self.epoch += 1
            self.base = self.acked = self.safe = 0
            self.base_hash = genesis(EDGE, self.epoch)

    @rule(first=st.integers(1, 30), count=st.integers(1, 10), size=st.integers(0, 2000))
    def read(self, first: int, count: int, size: int) -> None:
        expected: list[bytes] = []
        if first > self.base:
            for raw in self.model[first - self.base - 1 :][:count]:
                if expected and sum(map(len, expected)) + len(raw) > size:
                    break
                expected.append(raw)
        assert self.outbox.read(first, count, size) == expected

    @invariant()
    def it_is_the_list(self) -> None:
        at = self.outbox.position()
        assert (at.epoch, at.top, at.acked, at.safe, at.base) == (
            self.epoch,
            self.top,
            self.acked,
            self.safe,
            self.base,
        )
        assert self.outbox.verify_chain() == len(self.model)

    @invariant()
    def hashes_are_known_exactly_for_what_is_kept(self) -> None:
        head = self.base_hash
        assert self.outbox.hash_at(self.base) == head
        for seq, raw in enumerate(self.model, self.base + 1):
            head = chain(head, raw)
            assert self.outbox.hash_at(seq) == head
        assert self.outbox.head() == head
        assert self.outbox.hash_at(self.top + 1) is None
        assert self.base == 0 or self.outbox.hash_at(self.base - 1) is None

    def teardown(self) -> None:
        self.db.close()


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
