"""The edge's side of a stream: what to send next, what an ack means, when to send again.

Pure: times are arguments (seconds of any steady clock), effects (``protocol.effects``) are return values that the caller carries out in
order; ``Rewound`` and ``StartEpoch`` are on disk before this sender is asked again, ``Acknowledged`` may wait a moment, for headquarters
tells it again after a crash. A PUBACK is no event here: only headquarters' own ack moves anything. Only the answer to our own greeting
(it repeats ``boot`` and ``number``) may move us back or into a new epoch: a late, doubled or forged ack can at worst make us greet.
"""

import msgspec

from protocol.effects import Acknowledged as Acknowledged
from protocol.effects import Effect as Effect
from protocol.effects import Incident as Incident
from protocol.effects import OutboxView as OutboxView
from protocol.effects import Progress as Progress
from protocol.effects import Rewound as Rewound
from protocol.effects import Send as Send
from protocol.effects import StartEpoch as StartEpoch
from protocol.effects import State as State
from protocol.messages import MAX_BATCH_EVENTS, VERSION, Ack, Batch, DownlinkPosition, Hello
from protocol.pacing import MIN_TIMEOUT_S, Flight, Pace

HELD_POLL_S = 30.0
"""How often a held stream asks whether it may go on (headquarters also tells by itself when it releases it)."""
STARVED_POLL_S = 5.0
"""How often an edge without credit asks for some (headquarters also tells by itself)."""
MAX_GREETING_S = 10.0
TIMEOUTS_BEFORE_GREETING = 3

_NOBODY = Hello(VERSION, 1, 0, 0, "", DownlinkPosition(0, 0), "", (VERSION, VERSION), "", "", 0)


class Sender:
    """The state machine of one edge's uplink.

    ``downlink`` is what every batch tells about headquarters' log; whoever applies that log sets it.
    """

    def __init__(self, view: OutboxView) -> None:
        self._view = view
        self._state = State.OFFLINE
        self._hello = _NOBODY
        self._number = self._asked_from = self._greetings = 0
        self._greeted_at_s: dict[int, float] = {}
        self._retry_at_s = 0.0
        self._epoch = 1
        self._acked = self._safe = self._gen = self._sent = self._credit = 0
        self._held = self._doubted = ""
        self._pace = Pace()
        self.downlink = DownlinkPosition(0, 0)

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._state

    @property
    def progress(self) -> Progress:
        """What a status page shows."""
        pace = self._pace
        return Progress(
            self._state,
            self._epoch,
            self._acked,
            self._safe,
            len(pace.flights),
            pace.window,
            self._credit,
            self._held,
            pace.smoothed_s,
        )

    # ------------------------------------------------------------------ what happens to it

    def connected(self, now_s: float, hello: Hello) -> list[Effect]:
        """The road is open: greet. ``hello`` is made afresh for each connection from the journal's position."""
        self._hello, self._epoch, self._acked, self.downlink = hello, hello.epoch, hello.acked, hello.dl
        self._pace.restart()
        self._begin_round()
        return [self._greet(now_s, hello)]

    def disconnected(self, now_s: float) -> list[Effect]:
        """The road is closed; whatever was on its way will be sent again."""
        del now_s
        self._state = State.OFFLINE
        self._pace.land()
        return []

    def epoch_started(self, now_s: float, epoch: int) -> list[Effect]:
        """The journal has numbered its rows afresh under ``epoch``: greet again."""
        self._epoch, self._acked, self._safe = epoch, 0, 0
        self._pace.restart()
        return [] if self._state is State.OFFLINE else [self._ask(now_s)]

    def ack_received(self, ack: Ack, now_s: float) -> list[Effect]:
        """Headquarters told where it stands; believed only as far as its hash matches ours."""
        if self._state is State.OFFLINE:
            return []
        if self._answers_greeting(ack):
            return self._on_answer(ack, now_s)
        return [] if self._state is State.GREETING else self._on_ack(ack, now_s)

    def poll(self, now_s: float) -> list[Effect]:
        """Do what is due: send what the window allows, send again what was not answered. Call after a commit and at ``wake_at``."""
        if self._state is State.OFFLINE:
            return []
        effects = self._on_late(now_s) if self._is_late(now_s) else []
        return effects + self._fill_window(now_s)

    def ask_downlink(self) -> list[Effect]:
        """Tell headquarters how far its log is applied here, unless a message that tells it is on its way anyway."""
        before = self._view.hash_at(self._sent)
        if self._state is not State.STREAMING or self._pace.flights or before is None:
            return []
        return [self._batch(self._sent + 1, before, before, [])]

    def wake_at(self, now_s: float) -> float | None:
        """Return when ``poll`` is due even if nothing happens before (None: never)."""
        del now_s
        if self._state in (State.GREETING, State.HELD):
            return self._retry_at_s
        if self._state is State.STREAMING and not self._pace.flights and self._credit == 0:
            return self._retry_at_s
        return self._pace.deadline_s

    # ------------------------------------------------------------------ greeting

    def _begin_round(self) -> None:
        """From here on only answers to greetings yet to be sent count."""
        self._greetings, self._asked_from = 0, self._number + 1
        self._greeted_at_s.clear()

    def _ask(self, now_s: float) -> Send:
        """Begin a round of greetings with today's position."""
        self._begin_round()
        return self._greet_again(now_s)

    def _greet_again(self, now_s: float) -> Send:
        """Greet once more; the clocks of the first greeting have gone stale and are left out."""
        top, head = self._view.top(), self._view.head().hex()
        hello = msgspec.structs.replace(
            self._hello, epoch=self._epoch, acked=self._acked, top=top, head=head, dl=self.downlink, wall_at=""
        )
        return self._greet(now_s, hello)

    def _greet(self, now_s: float, hello: Hello) -> Send:
        self._state = State.GREETING
        self._pace.land()
        self._number += 1
        patience_s = max(MIN_TIMEOUT_S, self._pace.timeout_s) * 2 ** min(self._greetings, 6)
        self._greetings += 1
        self._greeted_at_s[self._number] = now_s
        self._retry_at_s = now_s + min(patience_s, MAX_GREETING_S)
        return Send(msgspec.structs.replace(hello, number=self._number))

    def _answers_greeting(self, ack: Ack) -> bool:
        """Say whether ``ack`` answers a greeting of this round: only then may it move us back or into a new epoch."""
        asking = self._state in (State.GREETING, State.HELD)
        return asking and ack.boot == self._hello.boot and self._asked_from <= ack.hello <= self._number

    def _on_answer(self, ack: Ack, now_s: float) -> list[Effect]:
        self._pace.measure(now_s - self._greeted_at_s[ack.hello])
        self._begin_round()  # this one is answered: what still answers its repeats is as old as any late ack
        if ack.epoch < self._epoch:  # it has not seen our epoch yet, or lost it: all of it is still to be sent
            ack = msgspec.structs.replace(ack, epoch=self._epoch, next=1, head_hash="", safe=0)
        if difference := self._difference(ack):
            return [Incident("fork", difference), StartEpoch(max(self._epoch, ack.epoch) + 1, difference)]
        effects = self._step_back(ack) if ack.next - 1 < self._acked else []
        effects += self._move(ack, now_s)
        self._sent = self._acked
        effects += self._set_held(ack.held, now_s)
        return effects + self._fill_window(now_s)

    def _difference(self, ack: Ack) -> str:
        """Return how headquarters' history differs from ours, as the answer to a greeting shows it ("" = it does not)."""
        last, top = ack.next - 1, self._view.top()
        if ack.epoch > self._epoch:
            return f"headquarters is in epoch {ack.epoch}, this edge in {self._epoch}"
        if last > top:
            return f"headquarters has {last} facts of epoch {self._epoch}, this edge only {top}"
        ours = self._view.hash_at(last)
        if ours is None:
            return f"headquarters asks for {ack.next}, which this edge no longer retains"
        if ack.head_hash and ours.hex() != ack.head_hash:
            return f"other history at {last}: here {ours.hex()}, at headquarters {ack.head_hash}"
        return ""

    def _step_back(self, ack: Ack) -> list[Effect]:
        to = ack.next - 1
        text = f"headquarters went back from {self._acked} to {to} (generation {ack.gen})"
        self._acked, self._safe = to, min(self._safe, to)
        return [Incident("restored", text), Rewound(to, ack.gen)]

    # ------------------------------------------------------------------ streaming

    def _on_ack(self, ack: Ack, now_s: float) -> list[Effect]:
        """An ack that answers no greeting may only confirm; whatever does not fit makes us ask."""
        last = ack.next - 1
        if ack.epoch < self._epoch or ack.gen < self._gen or (last < self._acked and ack.gen == self._gen):
            return []  # late: a newer one was here before
        if doubt := self._doubt(ack):
            return self._suspect(doubt, now_s)
        if last > self._acked:
            self._pace.confirmed(last, now_s)
            self._doubted = ""
        elif self._pace.repeated():
            self._resume()
        effects = self._move(ack, now_s)
        effects += self._set_held(ack.held, now_s)
        return effects + self._fill_window(now_s)

    def _doubt(self, ack: Ack) -> str:
        last, top = ack.next - 1, self._view.top()
        if ack.fork:
            return ack.fork
        if ack.epoch > self._epoch or last > top:
            return f"ack of epoch {ack.epoch} up to {last}, this edge is in epoch {self._epoch} at {top}"
        if last < self._acked:
            return f"headquarters is restored (generation {ack.gen}) and asks for {ack.next}"
        ours = self._view.hash_at(last)
        if ours is not None and ours.hex() != ack.head_hash:
            return f"ack up to {last} with hash {ack.head_hash}, here it is {ours.hex()}"
        return ""

    def _suspect(self, doubt: str, now_s: float) -> list[Effect]:
        """Believe nothing and ask; the answer decides. The same doubt is told once until something moves."""
        news: list[Effect] = [Incident("wrong_ack", doubt)] if doubt != self._doubted else []
        self._doubted = doubt
        return [*news, self._ask(now_s)]

    def _move(self, ack: Ack, now_s: float) -> list[Effect]:
        up_to = max(self._acked, ack.next - 1)
        safe = min(max(self._safe, ack.safe) if ack.gen == self._gen else ack.safe, up_to)
        changed = (up_to, safe, ack.gen) != (self._acked, self._safe, self._gen)
        self._acked, self._safe, self._gen, self._credit = up_to, safe, ack.gen, ack.credit
        self._sent = max(self._sent, up_to)
        if self._credit == 0:
            self._retry_at_s = now_s + STARVED_POLL_S
        return [Acknowledged(up_to, safe, ack.gen)] if changed else []

    def _set_held(self, held: str, now_s: float) -> list[Effect]:
        news = held != self._held
        self._held = held
        if not held:
            self._state = State.STREAMING
            return [Incident("released", "headquarters takes this stream again")] if news else []
        self._wait_held(now_s)
        return [Incident("held", held)] if news else []

    def _wait_held(self, now_s: float) -> None:
        self._state, self._retry_at_s = State.HELD, now_s + HELD_POLL_S
        self._pace.land()
        self._sent = self._acked

    def _is_late(self, now_s: float) -> bool:
        at_s = self.wake_at(now_s)
        return at_s is not None and now_s >= at_s

    def _on_late(self, now_s: float) -> list[Effect]:
        match self._state:
            case State.GREETING:
                return [self._greet_again(now_s)]
            case State.HELD:
                greeting = self._ask(now_s)
                self._wait_held(now_s)
                return [greeting]
            case _ if not self._pace.flights:  # no credit
                return [self._ask(now_s)]
            case _:
                return self._on_timeout(now_s)

    def _on_timeout(self, now_s: float) -> list[Effect]:
        self._pace.expired()
        if self._pace.timeouts < TIMEOUTS_BEFORE_GREETING:
            self._resume()
            return []
        self._pace.timeouts = 0
        return [self._ask(now_s)]

    def _resume(self) -> None:
        """Start again at ``acked + 1`` with half the window."""
        self._pace.shrink()
        self._sent = self._acked

    def _fill_window(self, now_s: float) -> list[Effect]:
        effects: list[Effect] = []
        while self._state is State.STREAMING and self._pace.is_open:
            room = self._credit - self._pace.in_flight_bytes
            if room <= 0:
                break
            events = self._view.read(self._sent + 1, MAX_BATCH_EVENTS, min(self._pace.batch_bytes, room))
            size = sum(map(len, events))
            if size > room and self._pace.flights:  # alone, one large event may exceed the credit: it must move too
                break
            if not events:
                return effects + self._check_drained(now_s)
            effects.append(self._send(events, size, now_s))
        return effects

    def _check_drained(self, now_s: float) -> list[Effect]:
        return [self._break(now_s, self._sent + 1)] if self._sent < self._view.top() else []

    def _send(self, events: list[bytes], size: int, now_s: float) -> Effect:
        first, last = self._sent + 1, self._sent + len(events)
        before, after = self._view.hash_at(first - 1), self._view.hash_at(last)
        if before is None or after is None:
            return self._break(now_s, first)
        self._sent = last
        self._pace.depart(Flight(last, size, now_s))
        return self._batch(first, before, after, events)

    def _break(self, now_s: float, seq: int) -> Incident:
        """The journal lost a row: nothing after it can be sent, a person must look."""
        self._wait_held(now_s)
        return Incident("broken_outbox", f"row {seq} of the outbox is missing: run shopwire edge doctor")

    def _batch(self, first: int, before: bytes, after: bytes, events: list[bytes]) -> Send:
        raws, top = tuple(map(msgspec.Raw, events)), self._view.top()
        return Send(
            Batch(VERSION, self._epoch, first, before.hex(), after.hex(), raws, self.downlink, top, self._hello.boot)
        )
