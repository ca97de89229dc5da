"""A stream stays right under every order of loss, doubling, reordering, restart, restore and rollback that Hypothesis finds."""

import sqlite3
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from link.journal import keep_in
from link.outbox import Outbox
from protocol.messages import Ack, UpMessage
from protocol.sender import Acknowledged, Effect, Incident, Rewound, Send, Sender, StartEpoch, State
from tests.streams import Headquarters, event_of, hello_of, new_outbox


class StreamMachine(RuleBasedStateMachine):
    """One edge, one headquarters; the bundles hold what is on the road."""

    ups = Bundle("ups")
    acks = Bundle("acks")

    @initialize()
    def begin(self) -> None:
        self.outbox = new_outbox()
        self.sender = Sender(self.outbox)
        self.hq = Headquarters()
        self.backup = self.hq.keep()
        self.now_s = 0.0
        self.stated: dict[str, bytes] = {}
        self.images: list[bytes] = []
        self.boots = 0
        self.honest = True
        self.waiting: list[UpMessage] = []

    # -- the edge

    @rule(count=st.integers(1, 4))
    def state_facts(self, count: int) -> None:
        for _ in range(count):
            raw, event_id = event_of(len(self.stated) + 1)
            self.outbox.append(raw, event_id)
            self.stated[event_id] = raw
        self.images.append(self.db.serialize())
        self.carry_out(self.sender.poll(self.now_s))

    @rule()
    def connect(self) -> None:
        self.boots += 1
        self.carry_out(self.sender.connected(self.now_s, hello_of(self.outbox, f"boot-{self.boots}")))

    @rule()
    def disconnect(self) -> None:
        self.carry_out(self.sender.disconnected(self.now_s))

    @rule(seconds=st.sampled_from((0.1, 0.6, 3.0, 40.0)))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.carry_out(self.sender.poll(self.now_s))

    @rule()
    def release(self) -> None:
        self.outbox.release(1 << 50, 0)

    @rule(back=st.integers(1, 3))
    def disk_takes_commits_back(self, back: int) -> None:
        if len(self.images) > back:
            self.honest = False
            del self.images[-back:]
            self.restart_from(self.images[-1])

    # -- the road

    @rule(target=ups)
    def publish(self) -> Any:
        return self.waiting.pop(0) if self.waiting else None

    @rule(target=acks, message=consumes(ups))
    def arrive(self, message: UpMessage | None) -> Any:
        return self.hq.take(message) if message is not None else self.hq.ack()

    @rule(target=acks, message=ups)
    def arrive_and_stay_on_the_road(self, message: UpMessage | None) -> Any:
        return self.hq.take(message) if message is not None else self.hq.ack()

    @rule(message=consumes(ups))
    def lose_a_message(self, message: object) -> None:
        pass

    @rule(ack=consumes(acks))
    def answer(self, ack: Ack) -> None:
        self.carry_out(self.sender.ack_received(ack, self.now_s))

    @rule(ack=acks)
    def answer_and_stay_on_the_road(self, ack: Ack) -> None:
        self.carry_out(self.sender.ack_received(ack, self.now_s))

    # -- headquarters

    @rule()
    def back_up(self) -> None:
        self.backup = self.hq.keep()

    @rule()
    def restore(self) -> None:
        if self.honest:
            self.hq.restore(self.backup)

    # -- what must hold

    @invariant()
    def safe_is_within_acked_is_within_top(self) -> None:
        at = self.outbox.position()
        assert 0 <= at.base <= at.acked <= at.top
        assert 0 <= at.safe <= at.acked

    @invariant()
    def what_headquarters_applied_was_stated(self) -> None:
        assert all(self.stated[event_id] == each.raw for event_id, each in self.hq.applied.items())

    @invariant()
    def an_honest_edge_needs_no_new_epoch(self) -> None:
        if self.honest:
            assert self.outbox.position().epoch == 1

    def teardown(self) -> None:
        """Heal everything: then all that is left on the edge's disk comes to be applied, once."""
        self.now_s += 100
        self.waiting.clear()
        self.connect()
        for _ in range(500):
            if self.waiting:
                message = self.waiting.pop(0)
                self.carry_out(self.sender.ack_received(self.hq.take(message), self.now_s))
            elif self.sender.state is State.STREAMING and self.outbox.position().acked == self.outbox.top():
                break
            else:
                self.now_s += 31
                self.carry_out(self.sender.poll(self.now_s))
        at = self.outbox.position()
        assert at.acked == at.top, f"not drained: {at}, {self.sender.progress}"
        assert (self.hq.position.epoch, self.hq.position.next, self.hq.position.head) == (at.epoch, at.top + 1, at.head)
        if self.honest:
            assert self.hq.applied.keys() == self.stated.keys()
        self.outbox.verify_chain()
        self.db.close()

    # -- carrying out

    @property
    def db(self) -> sqlite3.Connection:
        return self.outbox._db

    def carry_out(self, effects: list[Effect]) -> None:
        kept = [effect for effect in effects if isinstance(effect, Acknowledged | Rewound | StartEpoch)]
        if kept:
            keep_in(self.outbox, kept)
            self.images.append(self.db.serialize())
        for effect in effects:
            match effect:
                case Send(message):
                    self.waiting.append(message)
                case StartEpoch(epoch, _):
                    self.carry_out(self.sender.epoch_started(self.now_s, epoch))
                case Incident(kind, text):
                    assert kind in ("fork", "restored", "wrong_ack"), text
                case _:
                    pass

    def restart_from(self, image: bytes) -> None:
        self.db.close()
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.deserialize(image)
        self.outbox = Outbox(db)
        self.sender = Sender(self.outbox)
        self.waiting.clear()


TestStreamMachine = StreamMachine.TestCase
TestStreamMachine.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
