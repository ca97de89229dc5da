"""The edge's side: what is sent when, and what an ack may move."""

import msgspec
import pytest

from link.outbox import Outbox
from protocol.messages import Ack, Batch, DownlinkPosition, Hello
from protocol.pacing import FIRST_BATCH_BYTES, MAX_BATCH_BYTES, MAX_TIMEOUT_S, MAX_WINDOW, MIN_TIMEOUT_S
from protocol.sender import (
    HELD_POLL_S,
    STARVED_POLL_S,
    Acknowledged,
    Effect,
    Incident,
    Rewound,
    Sender,
    StartEpoch,
    State,
)
from tests.streams import Headquarters, event_of, filled_outbox, hello_of, of, sent


def online(outbox: Outbox, hq: Headquarters, now_s: float = 0.0) -> tuple[Sender, list[Effect]]:
    """Return a sender that has been greeted back, and what it does first."""
    sender = Sender(outbox)
    [hello] = sent(sender.connected(now_s, hello_of(outbox)), Hello)
    return sender, sender.ack_received(hq.take(hello), now_s)


def pump(sender: Sender, hq: Headquarters, flying: list[Batch], count: int, now_s: float = 0.01) -> None:
    """Let ``count`` batches arrive and be acknowledged, in order; ``flying`` is what is on its way."""
    for _ in range(count):
        flying += sent(sender.ack_received(hq.take(flying.pop(0)), now_s), Batch)


def converse(
    sender: Sender, outbox: Outbox, hq: Headquarters, effects: list[Effect], now_s: float = 0.0
) -> list[Effect]:
    """Carry out effects until nothing more happens; return them all."""
    done: list[Effect] = []
    queue = list(effects)
    while queue:
        effect = queue.pop(0)
        done.append(effect)
        match effect:
            case Acknowledged():
                outbox.acknowledge(*effect)
            case Rewound():
                outbox.rewind(*effect)
            case StartEpoch():
                outbox.start_epoch(effect.epoch)
                queue += sender.epoch_started(now_s, effect.epoch)
            case Incident():
                pass
            case _:
                queue += sender.ack_received(hq.take(effect.message), now_s)
    return done


def test_it_greets_first_and_streams_only_when_answered() -> None:
    outbox = filled_outbox(3)
    sender = Sender(outbox)
    assert sender.poll(0) == []
    effects = sender.connected(0, hello_of(outbox))
    assert [type(effect.message) for effect in effects] == [Hello]  # type: ignore[union-attr]
    assert sender.state is State.GREETING
    assert sender.poll(0.1) == []
    [hello] = sent(effects, Hello)
    assert [len(batch.events) for batch in sent(sender.ack_received(Headquarters().take(hello), 0.1), Batch)] == [3]


def test_everything_arrives_and_is_acknowledged() -> None:
    outbox, hq = filled_outbox(1000), Headquarters()
    sender, effects = online(outbox, hq)
    converse(sender, outbox, hq, effects)
    assert (hq.position.next, outbox.position().acked) == (1001, 1000)
    assert hq.position.head == outbox.head()
    assert sender.wake_at(0) is None


def test_the_window_opens_by_one_per_ack_and_batches_grow() -> None:
    outbox, hq = filled_outbox(3000, "x" * 200), Headquarters()
    sender, effects = online(outbox, hq)
    assert len(sent(effects, Batch)) == 1
    sizes = []
    flying = sent(effects, Batch)
    while flying:
        batch = flying.pop(0)
        sizes.append(sum(len(bytes(event)) for event in batch.events))
        flying += sent(sender.ack_received(hq.take(batch), 0.01), Batch)
        assert len(flying) == sender.progress.in_flight <= sender.progress.window <= MAX_WINDOW
    assert sizes[0] <= FIRST_BATCH_BYTES < sizes[4] <= MAX_BATCH_BYTES
    assert sender.progress.window == MAX_WINDOW


def test_a_lost_batch_is_sent_again_from_acked_plus_one_with_half_the_window() -> None:
    outbox, hq = filled_outbox(1000, "x" * 200), Headquarters()
    sender, effects = online(outbox, hq)
    pump(sender, hq, sent(effects, Batch), 6)
    before = sender.progress
    at_s = sender.wake_at(0.01)
    assert at_s == 0.01 + MIN_TIMEOUT_S
    assert sender.poll(at_s - 0.01) == []
    again = sent(sender.poll(at_s), Batch)
    assert again[0].first_seq == before.acked + 1
    assert sender.progress.window == before.window // 2
    later_s = sender.wake_at(at_s)
    assert later_s is not None
    assert later_s - at_s == pytest.approx(2 * MIN_TIMEOUT_S), "it waits twice as long now"


def test_timeouts_follow_the_measured_line_up_to_their_limit() -> None:
    outbox, hq = filled_outbox(3), Headquarters()
    sender = Sender(outbox)
    [hello] = sent(sender.connected(0, hello_of(outbox)), Hello)
    effects = sender.ack_received(hq.take(hello), 0.4)
    assert sent(effects, Batch)
    assert sender.wake_at(0.4) == pytest.approx(0.4 + 3 * 0.4)
    now_s, waits = 0.4, []
    for _ in range(30):
        at_s = sender.wake_at(now_s)
        assert at_s is not None
        waits.append(at_s - now_s)
        now_s = at_s
        for asked in sent(sender.poll(now_s), Hello):
            sender.ack_received(hq.take(asked), now_s)
    assert max(waits) == MAX_TIMEOUT_S


def test_three_timeouts_in_a_row_make_it_greet_again() -> None:
    outbox, hq = filled_outbox(3), Headquarters()
    sender, _ = online(outbox, hq)
    kinds: list[type] = []
    for _ in range(3):
        at_s = sender.wake_at(0)
        assert at_s is not None
        kinds += [type(effect.message) for effect in sender.poll(at_s)]  # type: ignore[union-attr]
    assert kinds == [Batch, Batch, Hello]


def test_acks_for_the_same_place_mean_that_one_was_lost() -> None:
    outbox, hq = filled_outbox(2000, "x" * 200), Headquarters()
    sender, effects = online(outbox, hq)
    pump(sender, hq, sent(effects, Batch), 6)
    again: list[Batch] = []
    for _ in range(3):
        assert again == []
        again = sent(sender.ack_received(hq.ack(), 0.02), Batch)
    assert again[0].first_seq == sender.progress.acked + 1


def test_f21_an_ack_that_does_not_fit_moves_nothing_and_is_told_once() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    sender, effects = online(outbox, hq)
    [batch] = sent(effects, Batch)
    honest = hq.take(batch)
    forged = [
        msgspec.structs.replace(honest, head_hash="0" * 32),
        msgspec.structs.replace(honest, next=99),
        msgspec.structs.replace(honest, epoch=7),
        msgspec.structs.replace(honest, fork="believe me"),
    ]
    for ack in forged:
        effects = sender.ack_received(ack, 0.1)
        assert of(effects, Incident)[0].kind == "wrong_ack"
        assert not of(effects, Acknowledged)
        assert not of(effects, StartEpoch), "only the answer to a greeting can start an epoch"
        [hello] = sent(effects, Hello)
        effects = sender.ack_received(ack, 0.1)
        assert effects == [], "it is asking: nothing but the answer counts"
        sender.ack_received(msgspec.structs.replace(hq.ack(hello), next=1, head_hash=outbox.hash_at(0).hex()), 0.2)  # type: ignore[union-attr]
    assert of(sender.ack_received(honest, 0.3), Acknowledged) == [Acknowledged(5, 0, 1)]


def test_late_acks_and_those_of_an_earlier_generation_are_ignored() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    hq.gen = 4
    late = hq.ack()
    sender, effects = online(outbox, hq)
    converse(sender, outbox, hq, effects)
    assert sender.ack_received(late, 1) == []
    assert sender.ack_received(msgspec.structs.replace(hq.ack(), gen=3, next=2), 1) == []
    assert sender.progress.acked == 5


def test_f10_headquarters_knows_more_so_a_new_epoch_sends_all_again() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    sender, effects = online(outbox, hq)
    converse(sender, outbox, hq, effects)
    rolled_back = filled_outbox(3)
    sender, effects = online(rolled_back, hq)
    assert [incident.kind for incident in of(effects, Incident)] == ["fork"]
    assert of(effects, StartEpoch)[0].epoch == 2
    converse(sender, rolled_back, hq, effects)
    assert (hq.position.epoch, hq.position.next) == (2, 4)
    assert len(hq.applied) == 5, "the events were known by their ids"


def test_another_history_of_the_same_length_is_found_by_its_hash() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    converse(*online_with(outbox, hq))
    other = filled_outbox(6, "other")
    sender, effects = online(other, hq)
    assert "other history at 5" in of(effects, StartEpoch)[0].reason
    converse(sender, other, hq, effects)
    assert (hq.position.epoch, hq.position.head) == (2, other.head())


def online_with(outbox: Outbox, hq: Headquarters) -> tuple[Sender, Outbox, Headquarters, list[Effect]]:
    sender, effects = online(outbox, hq)
    return sender, outbox, hq, effects


def test_f12_an_edge_behind_the_epoch_of_headquarters_goes_beyond_it() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    outbox.start_epoch(6)
    converse(*online_with(outbox, hq))
    older = filled_outbox(2)
    sender, effects = online(older, hq)
    assert of(effects, StartEpoch)[0].epoch == 7
    converse(sender, older, hq, effects)
    assert (hq.position.epoch, older.position().acked) == (7, 2)


def test_f26_a_restored_headquarters_gets_the_retained_tail_again() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    sender, effects = online(outbox, hq)
    converse(sender, outbox, hq, effects)
    backup = hq.keep()
    for number in range(6, 9):
        outbox.append(*event_of(number))
    converse(sender, outbox, hq, sender.poll(1))
    assert outbox.position().acked == 8
    hq.restore(backup)
    done = converse(sender, outbox, hq, sender.ack_received(hq.ack(), 2), 2)
    assert of(done, Rewound) == [Rewound(5, 2)]
    assert not of(done, StartEpoch)
    assert (hq.position.next, outbox.position().acked, outbox.position().safe) == (9, 8, 5)


def test_headquarters_that_asks_for_what_is_gone_gets_a_new_epoch() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    outbox.acknowledge(5, 5, 1)
    assert outbox.release(1 << 50, 0) == 5
    outbox.append(*event_of(6))
    sender, effects = online(outbox, hq)
    assert "no longer retains" in of(effects, StartEpoch)[0].reason
    converse(sender, outbox, hq, effects)
    assert (hq.position.epoch, hq.position.next, len(hq.applied)) == (2, 2, 1)


def test_an_epoch_that_headquarters_has_not_seen_is_sent_from_its_beginning() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    converse(*online_with(outbox, hq))
    outbox.start_epoch(2)
    sender, effects = online(outbox, hq)
    assert not of(effects, StartEpoch)
    converse(sender, outbox, hq, effects)
    assert (hq.position.epoch, hq.position.next) == (2, 6)


def test_f17_credit_bounds_what_is_on_its_way_and_zero_stops_it() -> None:
    outbox, hq = filled_outbox(500, "x" * 200), Headquarters()
    hq.credit = 3000
    sender, effects = online(outbox, hq)
    for _ in range(20):
        batches = sent(effects, Batch)
        assert sum(len(bytes(event)) for batch in batches for event in batch.events) <= 3000
        effects = [effect for batch in batches for effect in sender.ack_received(hq.take(batch), 0.1)]
    hq.credit = 0
    for batch in sent(effects, Batch):
        assert sent(sender.ack_received(hq.take(batch), 1.0), Batch) == []
    assert sender.poll(1.5) == []
    assert sender.wake_at(1.5) == 1.0 + STARVED_POLL_S
    [hello] = sent(sender.poll(1.0 + STARVED_POLL_S), Hello)
    hq.credit = 3000
    assert sent(sender.ack_received(hq.take(hello), 6.1), Batch)


def test_an_ack_out_of_turn_gives_credit_back() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    hq.credit = 0
    sender, effects = online(outbox, hq)
    assert sent(effects, Batch) == []
    hq.credit = 1
    assert [len(batch.events) for batch in sent(sender.ack_received(hq.ack(), 1), Batch)] == [1], (
        "one event may exceed it"
    )


def test_a_held_stream_waits_asks_and_goes_on() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    hq.position = msgspec.structs.replace(hq.position, held="event 1: upgrade")
    sender, effects = online(outbox, hq)
    assert of(effects, Incident) == [Incident("held", "event 1: upgrade")]
    assert sender.state is State.HELD
    assert sender.poll(1.0) == []
    [hello] = sent(sender.poll(HELD_POLL_S), Hello)
    assert sender.state is State.HELD
    assert of(sender.ack_received(hq.take(hello), HELD_POLL_S), Incident) == [], "known already"
    hq.position = msgspec.structs.replace(hq.position, held="")
    effects = sender.ack_received(hq.ack(), HELD_POLL_S + 1)
    assert of(effects, Incident)[0].kind == "released"
    converse(sender, outbox, hq, effects, HELD_POLL_S + 1)
    assert hq.position.next == 6


def test_every_connection_starts_small_again_and_remembers_nothing_on_its_way() -> None:
    outbox, hq = filled_outbox(2000, "x" * 100), Headquarters()
    sender, effects = online(outbox, hq)
    pump(sender, hq, sent(effects, Batch), 5)
    acked = sender.progress.acked
    outbox.acknowledge(acked, 0, 1)
    assert sender.disconnected(1) == []
    assert sender.wake_at(1) is None
    assert sender.ack_received(hq.ack(), 1) == []
    [hello] = sent(sender.connected(2, hello_of(outbox)), Hello)
    batches = sent(sender.ack_received(hq.take(hello), 2), Batch)
    assert [batch.first_seq for batch in batches] == [acked + 1]


def test_a_repeated_greeting_counts_up_and_leaves_the_stale_clock_out() -> None:
    outbox = filled_outbox(1)
    sender = Sender(outbox)
    [first] = sent(sender.connected(0, hello_of(outbox)), Hello)
    outbox.append(*event_of(2))
    [second] = sent(sender.poll(1), Hello)
    assert (first.number, second.number) == (1, 2)
    assert (first.wall_at != "", second.wall_at, second.top) == (True, "", 2)
    answer = Headquarters().take(first)
    assert sent(sender.ack_received(answer, 1.1), Batch), "the answer to the first one is as good"


def test_late_answers_to_a_greeting_that_was_answered_do_not_count() -> None:
    outbox, hq = filled_outbox(2), Headquarters()
    sender = Sender(outbox)
    [first] = sent(sender.connected(0, hello_of(outbox)), Hello)
    [second] = sent(sender.poll(1), Hello)
    late = hq.take(second)
    converse(sender, outbox, hq, sender.ack_received(hq.take(first), 1.1), 1.1)
    hq.position = msgspec.structs.replace(hq.position, held="upgrade")
    sender.ack_received(hq.ack(), 1.2)
    assert sender.state is State.HELD
    assert sender.ack_received(late, 1.3) == [], "found by seed 658 of the simulation"
    assert sender.progress.acked == 2


def test_the_answer_to_another_boot_does_not_count() -> None:
    outbox = filled_outbox(1)
    sender = Sender(outbox)
    [hello] = sent(sender.connected(0, hello_of(outbox)), Hello)
    stranger = Headquarters().take(msgspec.structs.replace(hello, boot="before the power cut"))
    assert sender.ack_received(stranger, 0.1) == []


def test_every_batch_tells_how_far_the_downlink_is() -> None:
    outbox, hq = filled_outbox(1), Headquarters()
    sender, effects = online(outbox, hq)
    assert sender.ask_downlink() == [], "a batch on its way tells it"
    converse(sender, outbox, hq, effects)
    sender.downlink = DownlinkPosition(3, 9)
    [batch] = sent(sender.ask_downlink(), Batch)
    assert (batch.dl, batch.events) == (DownlinkPosition(3, 9), ())
    assert sender.ack_received(hq.take(batch), 1) == []


def test_a_hole_in_the_outbox_is_told_and_nothing_wrong_is_sent() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    outbox._db.execute("DELETE FROM outbox WHERE seq = 3")
    sender, effects = online(outbox, hq)
    done = converse(sender, outbox, hq, effects)
    assert of(done, Incident) == [Incident("broken_outbox", "row 3 of the outbox is missing: run shopwire edge doctor")]
    assert (hq.position.next, sender.state) == (3, State.HELD)


def test_safe_never_passes_acked() -> None:
    outbox, hq = filled_outbox(5), Headquarters()
    sender, effects = online(outbox, hq)
    converse(sender, outbox, hq, effects)
    ack: Ack = msgspec.structs.replace(hq.ack(), safe=99)
    assert sender.ack_received(ack, 1) == [Acknowledged(5, 5, 1)]
