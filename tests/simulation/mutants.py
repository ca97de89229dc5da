"""The protocol with one protection removed at a time, by patching the product from outside.

A suite that stays green with a protection gone does not test it. Each mutant names the scenario in which it should be caught.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from coordinator.handlers import ingest
from coordinator.handlers.apply import Applier
from edge_agent.db.facts import OutboxFacts
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.sales import SqliteSales
from edge_agent.db.unit_of_work import SqliteUnitOfWork
from link.inbox import Inbox
from link.outbox import Outbox
from protocol import downlink, receiver
from protocol.codec import decode_event
from protocol.errors import UnknownFact
from protocol.messages import Batch
from protocol.pacing import Pace
from protocol.receiver import Reception, StreamPosition
from protocol.sender import Acknowledged, Effect, Send, Sender, State
from tests.simulation.faults import Scenario
from tests.simulation.headquarters import CuttableUnitOfWork
from tests.simulation.power import Disk, PowerCut

Patches = Callable[[ExitStack], None]


class Mutant(NamedTuple):
    """One protection removed; ``remove`` enters the patches that do it."""

    name: str
    scenario: Scenario
    remove: Patches


def _swap(owner: Any, name: str, make: Callable[[Any], Any]) -> Patches:
    """Replace ``owner.name`` by what ``make`` makes of it."""

    def remove(stack: ExitStack) -> None:
        stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))

    return remove


# -- the edge's disk


def _later_outbox(stack: ExitStack) -> None:
    """The fact is written in a second transaction after the sale's."""
    late: list[tuple[Any, Any, Any]] = []
    add, commit = OutboxFacts.add, SqliteUnitOfWork.commit

    def add_later(self: OutboxFacts, fact: Any, clock: Any) -> int:
        late.append((self, fact, clock))
        return 0

    def commit_twice(self: SqliteUnitOfWork) -> None:
        waiting, late[:] = late[:], []
        commit(self)
        if waiting:
            self._db.execute("BEGIN IMMEDIATE")
            for facts, fact, clock in waiting:
                add(facts, fact, clock)
            self._db.execute("COMMIT")

    stack.enter_context(patch.object(OutboxFacts, "add", add_later))
    stack.enter_context(patch.object(SqliteUnitOfWork, "commit", commit_twice))


def _burnt_number(original: Any) -> Any:
    """Printing again draws a number."""

    def next_receipt_no(self: SqliteSales, epoch: int) -> int:
        (copies,) = self._db.execute("SELECT count(*) FROM print_job WHERE copy > 0").fetchone()
        return int(original(self, epoch)) + (1 if copies == 1 else 0)

    return next_receipt_no


def _forgetful_epoch(original: Any) -> Any:
    """A new epoch begins with an empty outbox."""

    def start_epoch(self: Outbox, epoch: int) -> None:
        self._db.execute("DELETE FROM outbox")
        self._db.execute("UPDATE stream SET base = 0, top = 0, acked = 0, safe = 0")
        original(self, epoch)

    return start_epoch


def _all_is_safe(original: Any) -> Any:
    """Rows may go as soon as they are acknowledged."""

    def acknowledge(self: Outbox, up_to: int, safe: int, gen: int) -> None:
        original(self, up_to, up_to, gen)

    return acknowledge


# -- the sender


def _free_on_puback(original: Any) -> Any:
    """What the broker took is called acknowledged."""

    def fill_window(self: Sender, now_s: float) -> list[Effect]:
        effects: list[Effect] = list(original(self, now_s))
        for effect in list(effects):
            if isinstance(effect, Send) and isinstance(effect.message, Batch):
                last = effect.message.first_seq + len(effect.message.events) - 1
                self._acked = max(self._acked, last)
                effects.append(Acknowledged(self._acked, self._acked, self._gen))
        return effects

    return fill_window


def _nothing(answer: Any) -> Callable[[Any], Any]:
    return lambda original: lambda self, *args: answer


def _without_hash(original: Any) -> Any:
    """An ack is believed by its number alone."""

    def check(self: Sender, ack: Any) -> str:
        ours = self._view.hash_at(ack.next - 1)
        return str(original(self, ack if ours is None else msgspec.structs.replace(ack, head_hash=ours.hex(), fork="")))

    return check


def _believes_all(stack: ExitStack) -> None:
    _swap(Sender, "_difference", _without_hash)(stack)
    _swap(Sender, "_doubt", _without_hash)(stack)


def _sees_no_fork(stack: ExitStack) -> None:
    _swap(Sender, "_difference", _nothing(""))(stack)
    _swap(Sender, "_doubt", _nothing(""))(stack)


def _any_ack_is_an_answer(original: Any) -> Any:
    """While it asks, a late ack may move the edge back or into a new epoch."""

    def ack_received(self: Sender, ack: Any, now_s: float) -> list[Effect]:
        if self.state is State.GREETING:
            ack = msgspec.structs.replace(ack, boot=self._hello.boot, hello=self._number)
        return list(original(self, ack, now_s))

    return ack_received


# -- headquarters


def _ack_first(original: Any) -> Any:
    """The acks go out, then the power goes, then nothing was committed."""

    def cut_before(self: CuttableUnitOfWork) -> None:
        headquarters = self.world.headquarters
        self.world.later(0.0, headquarters.power_off)

    return cut_before


def _position_first(stack: ExitStack) -> None:
    """The position is committed before the effects."""

    def write(self: CuttableUnitOfWork, effects: Any) -> None:
        self._connection.commit()
        if self.world.rng.random() < self.world.faults.hq_cut_at_commit:
            raise PowerCut
        self._connection.begin()
        original(self, effects)

    original = CuttableUnitOfWork.write
    stack.enter_context(patch.object(CuttableUnitOfWork, "write", write))


def _no_gap_check(original: Any) -> Any:
    """What comes is taken as what comes next."""

    def receive(position: StreamPosition, edge: str, batch: Batch, hash_of: Any) -> Reception:
        if batch.epoch == position.epoch and batch.first_seq > position.next:
            position = msgspec.structs.replace(position, next=batch.first_seq, head=bytes.fromhex(batch.prev_hash))
        return original(position, edge, batch, hash_of)  # type: ignore[no-any-return]

    return receive


def _no_hash_check(original: Any) -> Any:
    """Bytes are taken as they come."""

    def receive(position: StreamPosition, edge: str, batch: Batch, hash_of: Any) -> Reception:
        events = [bytes(event) for event in batch.events]
        last = receiver._hashes(batch, events)[-1].hex()
        return original(position, edge, msgspec.structs.replace(batch, last_hash=last), hash_of)  # type: ignore[no-any-return]

    return receive


def _trusting(original: Any) -> Any:
    """The applier takes what it cannot apply for applied, without a trace."""

    def apply(self: Applier, place: Any, edge: Any, accepted: Any) -> bool:
        poison = self.effects.add_poison
        self.effects.add_poison = lambda *args: None  # type: ignore[method-assign]
        try:
            return bool(original(self, place, edge, accepted))
        finally:
            self.effects.add_poison = poison  # type: ignore[method-assign]

    return apply


def _blocking(original: Any) -> Any:
    """Poison fails the transaction, every time."""

    def apply(self: Applier, place: Any, edge: Any, accepted: Any) -> bool:
        if not original(self, place, edge, accepted):
            raise PowerCut
        return True

    return apply


def _skips_unknown(original: Any) -> Any:
    """A fact of an unknown type is poison."""

    def read(seq: int, raw: bytes, digest: bytes) -> Any:
        try:
            return original(seq, raw, digest)
        except UnknownFact as unknown:
            event = decode_event(raw)
            return receiver.Accepted(seq, event.id, raw, digest, event, None, str(unknown))

    return read


# -- the log of headquarters


def _cursor_first(original: Any) -> Any:
    """The cursor is kept before what it stands for."""

    def apply(self: SqliteRelayJournal, step: downlink.Apply) -> None:
        with self._journal.transaction("keeping the cursor alone"):
            self._journal.outbox.move_downlink(*msgspec.structs.astuple(step.position))
        original(self, step)

    return apply


def _one_generation(original: Any) -> Any:
    """Nobody asks of which generation a log is."""
    return lambda position, down: original(position, msgspec.structs.replace(down, gen=position.gen))


def _no_disk_truth(stack: ExitStack) -> None:
    """An edge's commit is confirmed before it is one."""
    execute = Disk.execute

    def forgetful(self: Disk, sql: str, /, *parameters: Any) -> Any:
        if sql == "COMMIT" and self.kept and self.before_commit:
            self.kept()
            self.before_commit()
            kept, self.kept = self.kept, None
            try:
                return execute(self, sql)
            finally:
                self.kept = kept
        return execute(self, sql, *parameters)

    stack.enter_context(patch.object(Disk, "execute", forgetful))


MUTANTS = (
    Mutant("outbox_not_atomic_with_sale", "storms", _later_outbox),
    Mutant("told_before_commit", "storms", _no_disk_truth),
    Mutant("reprint_takes_a_new_number", "storms", _swap(SqliteSales, "next_receipt_no", _burnt_number)),
    Mutant("new_epoch_forgets_retained_rows", "lying", _swap(Outbox, "start_epoch", _forgetful_epoch)),
    Mutant("safe_ignored", "restored", _swap(Outbox, "acknowledge", _all_is_safe)),
    Mutant("free_on_puback", "storms", _swap(Sender, "_fill_window", _free_on_puback)),
    Mutant("fork_undetected", "lying", _sees_no_fork),
    Mutant("ack_without_hash_check", "lying", _believes_all),
    Mutant("any_ack_is_an_answer", "storms", _swap(Sender, "ack_received", _any_ack_is_an_answer)),
    Mutant("restored_headquarters_unnoticed", "restored", _swap(Sender, "_step_back", _nothing([]))),
    Mutant("nothing_is_sent_again", "storms", _swap(Sender, "wake_at", _nothing(None))),
    Mutant("credit_ignored", "storms", _swap(Pace, "in_flight_bytes", lambda original: property(lambda self: 0))),
    Mutant("ack_before_commit", "storms", _swap(CuttableUnitOfWork, "cut_before", _ack_first)),
    Mutant("effects_not_atomic_with_position", "storms", _position_first),
    Mutant("no_dedupe", "lying", _swap(Inbox, "known", _nothing(set()))),
    Mutant("no_gap_check", "storms", _swap(ingest, "receive", _no_gap_check)),
    Mutant("no_hash_check", "storms", _swap(ingest, "receive", _no_hash_check)),
    Mutant("poison_dropped", "storms", _swap(Applier, "apply", _trusting)),
    Mutant("poison_blocks", "storms", _swap(Applier, "apply", _blocking)),
    Mutant("unknown_type_skipped", "storms", _swap(receiver, "_read", _skips_unknown)),
    Mutant("cursor_not_atomic_with_prices", "storms", _swap(SqliteRelayJournal, "apply", _cursor_first)),
    Mutant("downlink_generation_ignored", "restored", _swap(downlink, "decide", _one_generation)),
)
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


@contextmanager
def without(name: str) -> Iterator[Mutant]:
    """Remove the protection ``name`` for a while."""
    mutant = BY_NAME[name]
    with ExitStack() as stack:
        mutant.remove(stack)
        yield mutant
