"""The relay does what the sender decides, and only waits when there is nothing to do."""

import asyncio
import itertools
import random
import uuid
from collections.abc import Callable
from typing import TypeVar

import pytest

from link.backoff import Backoff
from link.errors import LinkDown, LinkRefused
from link.indicator import RelayChange, RelayState
from link.journal import MemoryJournal, keep_in
from link.memory import MemoryFaults
from link.relay import Relay
from link.transport import Transport
from protocol.codec import decode_status
from protocol.errors import MalformedMessage
from protocol.messages import VERSION, DeviceNow, Down, DownEntry, DownlinkPosition, SnapshotRef
from protocol.receiver import StreamPosition, beginning
from protocol.sender import Acknowledged, Rewound, State
from protocol.topics import topic
from tests.unit.link.headquarters import EDGE, SHARD, Pair, paired, until
from tests.waiting import HANG_S

T = TypeVar("T")


async def test_what_is_committed_is_soon_at_headquarters_and_acknowledged_on_disk() -> None:
    async with paired() as pair:
        pair.sell(3)
        assert await pair.relay.drain(10)
        assert len(pair.headquarters.events) == 3
        assert pair.journal.outbox.position().acked == 3
        assert pair.relay.state is RelayState.ONLINE


async def test_a_commit_wakes_it_without_polling() -> None:
    async with paired() as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        before = pair.relay.counters.batches
        started = asyncio.get_running_loop().time()
        pair.sell()
        await until(lambda: len(pair.headquarters.events) == 1)
        assert asyncio.get_running_loop().time() - started < 0.4, "only the wake-up makes it this quick"
        assert pair.relay.counters.batches == before + 1


async def test_what_was_sold_before_the_first_connection_goes_too() -> None:
    def after_selling(pair: Pair) -> Relay:
        pair.sell(200)
        return pair.relay

    async with paired(after_selling) as pair:
        assert await pair.relay.drain(10)
        assert pair.headquarters.events == pair.journal.outbox.read(1, 1000, 1 << 30)


async def test_cut_again_and_again_nothing_is_lost_or_doubled() -> None:
    async with paired() as pair:
        for number in range(1, 16):
            pair.sell(7)
            await until(lambda: pair.relay.state is RelayState.ONLINE and pair.relay.counters.connections == number)  # noqa: B023
            pair.broker.cut(EDGE)
            pair.sell(3)
        pair.sell()
        assert await pair.relay.drain(20)
        assert pair.headquarters.events == pair.journal.outbox.read(1, 1000, 1 << 30)
        assert pair.relay.counters.connections >= 15


async def test_a_bus_that_loses_and_doubles_costs_time_and_nothing_else() -> None:
    async with paired() as pair:
        pair.broker.faults = MemoryFaults(drop=0.15, duplicate=0.15)
        pair.sell(120)
        await until(lambda: len(pair.headquarters.events) >= 120, 40)
        pair.broker.faults = MemoryFaults()
        assert await pair.relay.drain(30)
        assert pair.headquarters.events == pair.journal.outbox.read(1, 1000, 1 << 30)


async def test_a_broker_that_forgets_everything_is_only_a_pause() -> None:
    async with paired() as pair:
        pair.sell(5)
        assert await pair.relay.drain(10)
        pair.broker.down()
        pair.sell(5)
        await until(lambda: pair.relay.state is RelayState.OFFLINE)
        pair.broker.up()
        assert await pair.relay.drain(10)
        assert len(pair.headquarters.events) == 10


async def test_drain_says_no_when_nobody_answers() -> None:
    async with paired() as pair:
        pair.headquarters.deaf = True
        pair.sell()
        assert not await pair.relay.drain(0.1)
        assert pair.relay.state is not RelayState.ONLINE


async def test_drain_of_an_empty_outbox_needs_no_line() -> None:
    pair = Pair()
    assert await pair.relay.drain(1)
    pair.journal.close()


async def test_headquarters_restored_is_refilled() -> None:
    async with paired() as pair:
        pair.sell(10)
        assert await pair.relay.drain(10)
        headquarters = pair.headquarters
        headquarters.gen, headquarters.events = 2, headquarters.events[:4]
        headquarters.hashes = {seq: value for seq, value in headquarters.hashes.items() if seq <= 4}
        headquarters.position = StreamPosition(1, 5, headquarters.hashes[4])
        pair.sell()
        await until(lambda: len(headquarters.events) == 11)
        assert await pair.relay.drain(10)
        assert headquarters.events == pair.journal.outbox.read(1, 100, 1 << 30)


async def test_a_fork_starts_an_epoch_on_disk_and_sends_all_again() -> None:
    incidents: list[str] = []

    def listening(pair: Pair) -> Relay:
        return pair.new_relay(on_incident=lambda incident: incidents.append(incident.kind))

    async with paired(listening) as pair:
        pair.sell(6)
        assert await pair.relay.drain(10)
        pair.broker.cut(EDGE)
        pair.headquarters.hashes[6] = bytes(16)
        pair.headquarters.position = type(pair.headquarters.position)(1, 7, bytes(16))
        pair.sell(2)
        await until(lambda: pair.journal.outbox.position().epoch == 2)
        await until(lambda: pair.headquarters.position.epoch == 2 and pair.headquarters.position.next == 9)
        assert await pair.relay.drain(10)
    assert "fork" in incidents


async def test_an_epoch_with_every_connection_makes_the_next_one_wait_longer() -> None:
    """Two boxes under one identity (F11): each finds headquarters in the epoch of the other, and would never stop."""
    backoff = Backoff(random.Random(1), first_s=0.001, cap_s=60)
    async with paired(lambda pair: pair.new_relay(backoff=backoff)) as pair:
        pair.sell(3)
        assert await pair.relay.drain(10)
        for epoch in range(2, 14, 2):
            pair.headquarters.position = beginning(EDGE, epoch)  # the twin's
            pair.headquarters.hashes = {0: pair.headquarters.position.head}
            pair.broker.cut(EDGE)
            await until(lambda: pair.headquarters.position.epoch == epoch + 1)  # noqa: B023
            assert await pair.relay.drain(10)
        assert backoff.bound_s >= 0.001 * 2**5
        for _ in range(2):  # the first of these connections ends the one that began with an epoch
            before = pair.relay.counters.connections
            pair.broker.cut(EDGE)
            await until(lambda: pair.relay.counters.connections > before and pair.relay.state is RelayState.ONLINE)  # noqa: B023
        assert backoff.bound_s <= 0.002


async def test_states_are_told_once_each_and_lost_and_recovered_are_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    changes: list[RelayChange] = []
    async with paired(lambda pair: pair.new_relay(on_change=changes.append)) as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.broker.down()
        await until(lambda: sum(change.state is RelayState.OFFLINE for change in changes) > 4)  # several attempts
        pair.broker.up()
        await until(lambda: pair.relay.state is RelayState.ONLINE)
    states = [change.state for change in changes]
    assert states[:3] == [RelayState.CONNECTING, RelayState.GREETING, RelayState.ONLINE]
    assert all(one is not other for one, other in itertools.pairwise(states))


async def test_a_refusal_is_a_state_of_its_own() -> None:
    class Refusing:
        async def __aenter__(self) -> Transport:
            raise LinkRefused("certificate revoked", code=0x87)

        async def __aexit__(self, *_: object) -> None: ...

    pair = Pair()
    relay = pair.new_relay()
    relay._factory = Refusing  # type: ignore[assignment]
    running = asyncio.ensure_future(relay.run())
    await until(lambda: relay.state is RelayState.REFUSED)
    assert "revoked" in relay.reason
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pair.journal.close()


async def test_garbage_from_the_bus_is_counted_and_harmless() -> None:
    async with paired() as pair:
        pair.sell(2)
        assert await pair.relay.drain(10)
        stranger = pair.broker.factory("X")()
        async with stranger:
            for payload in (b"", b"{", b"\xff" * 100, b'{"kind":"hello"}', b"[" * 100_000):
                await stranger.publish(topic(SHARD, EDGE, "ack"), payload)
                await stranger.publish(topic(SHARD, EDGE, "down"), payload)
        await until(lambda: pair.relay.counters.malformed == 10)
        pair.sell(2)
        assert await pair.relay.drain(10)
        assert pair.relay.counters.connections == 1


async def test_a_retained_ack_is_no_answer() -> None:
    async with paired() as pair:
        stranger = pair.broker.factory("X")()
        pair.sell()
        assert await pair.relay.drain(10)
        async with stranger:
            await stranger.publish(topic(SHARD, EDGE, "ack"), b"{}", retain=True)
            malformed = pair.relay.counters.malformed
            pair.broker.cut(EDGE)
            await until(lambda: pair.relay.counters.connections == 2 and pair.relay.state is RelayState.ONLINE)
        assert pair.relay.counters.malformed <= malformed + 1  # the live copy; the retained one was not read
        assert pair.relay.counters.dropped >= 1


async def test_headquarters_log_is_applied_in_order_and_reported_back() -> None:
    async with paired() as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        gen = pair.journal.downlink().gen
        entries = tuple(DownEntry(seq, "prices", seq, put=({"sku": str(seq)},)) for seq in (1, 2, 3))
        pair.headquarters.say(Down(VERSION, gen, 3, entries[1:]))  # a gap: nothing is applied
        pair.headquarters.say(Down(VERSION, gen, 3, entries))
        await until(lambda: pair.journal.downlink() == DownlinkPosition(gen, 3))
        assert [entry.seq for entry in pair.journal.applied] == [1, 2, 3]
        await until(lambda: any(batch.dl.cursor == 3 for batch in pair.headquarters.batches))


async def test_another_generation_takes_a_snapshot() -> None:
    async with paired() as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.headquarters.say(Down(VERSION, 9, 40, snapshot=SnapshotRef("/v1/snapshots/1", 40, "00")))
        await until(lambda: pair.journal.downlink() == DownlinkPosition(9, 40))
        await until(lambda: any(batch.dl == DownlinkPosition(9, 40) for batch in pair.headquarters.batches))


async def test_an_entry_that_makes_no_sense_stops_nothing_else() -> None:
    class Picky(MemoryJournal):
        def apply(self, step: object) -> None:
            raise MalformedMessage("entry 1", "?", "a price")

    async with paired() as pair:
        pair.journal.__class__ = Picky
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.headquarters.say(Down(VERSION, pair.journal.downlink().gen, 1, (DownEntry(1, "prices", 1),)))
        await until(lambda: pair.relay.counters.downs == 1)
        pair.sell()
        assert await pair.relay.drain(10)
        assert pair.relay.counters.connections == 1


async def test_a_failed_snapshot_is_asked_for_again_with_a_pause() -> None:
    class Unlucky(MemoryJournal):
        tries = 0

        async def take_snapshot(self, step: object) -> None:
            Unlucky.tries += 1
            raise LinkDown("HTTPS is away")

    async with paired() as pair:
        pair.journal.__class__ = Unlucky
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        pair.headquarters.say(Down(VERSION, 9, 40, snapshot=SnapshotRef("/v1/snapshots/1", 40, "00")))
        await until(lambda: Unlucky.tries == 1)
        await until(lambda: len(pair.headquarters.batches) >= 1)  # asks
        pair.sell()
        assert await pair.relay.drain(10)


async def test_a_broken_disk_ends_the_relay() -> None:
    class Broken(MemoryJournal):
        def keep(self, effects: object) -> None:
            raise OSError(5, "Input/output error")

    pair = Pair()
    pair.journal.__class__ = Broken
    pair.sell()

    async def both() -> None:
        async with asyncio.timeout(HANG_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(pair.headquarters.hub.run())
            tasks.create_task(pair.relay.run())

    with pytest.raises(ExceptionGroup) as failed:
        await both()
    assert failed.group_contains(OSError, match="Input/output")
    pair.journal.close()


async def test_stopping_waits_for_the_work_on_disk() -> None:
    finished: list[bool] = []
    started = asyncio.Event()

    class Slow(MemoryJournal):
        async def run(self, work: Callable[[], T]) -> T:
            result = work()
            started.set()
            await asyncio.sleep(0.05)
            finished.append(True)
            return result

    pair = Pair()
    pair.journal.__class__ = Slow
    running = asyncio.ensure_future(pair.relay.run())
    async with asyncio.timeout(HANG_S):
        await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert finished == [True]
    assert pair.relay.progress.state is State.OFFLINE
    pair.journal.close()


def test_of_acknowledgements_in_a_row_only_the_last_is_written() -> None:
    journal = MemoryJournal(EDGE)
    written: list[str] = []
    outbox = journal.outbox
    outbox.acknowledge = lambda up_to, safe, gen: written.append(f"ack {up_to}")  # type: ignore[method-assign]
    outbox.rewind = lambda to, gen: written.append(f"rewind {to}")  # type: ignore[method-assign]
    keep_in(outbox, [Acknowledged(1, 0, 1), Acknowledged(2, 0, 1), Rewound(1, 2), Acknowledged(3, 0, 2)])
    assert written == ["ack 2", "rewind 1", "ack 3"]
    journal.close()


async def test_a_fact_too_large_for_the_wire_stops_its_stream_and_nothing_else() -> None:
    incidents: list[str] = []

    async with paired(
        lambda pair: pair.new_relay(on_incident=lambda incident: incidents.append(incident.kind))
    ) as pair:
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        noise = random.Random(1).randbytes(400_000).hex().encode()
        pair.journal.append(b'{"x":"' + noise + b'"}', str(uuid.uuid4()))
        pair.relay.committed()
        await until(lambda: "unsendable" in incidents)
        assert not await pair.relay.drain(0.1)
        assert pair.relay.counters.connections == 1


async def test_the_retained_status_carries_the_devices_and_changes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("link.relay.STATUS_EVERY_S", 0.02)
    states = [DeviceNow("scanner-1", "ok", "Scanner")]
    where = topic(SHARD, EDGE, "status")

    def said(pair: Pair) -> tuple[DeviceNow, ...]:
        kept = pair.broker._retained.get(where)
        return decode_status(kept).devices if kept else ()

    async with paired() as pair:
        pair.relay.show_devices(lambda: tuple(states))
        await until(lambda: pair.relay.state is RelayState.ONLINE)
        states[0] = DeviceNow("scanner-1", "absent", "Scanner", "unplugged")
        pair.relay.devices_changed()
        await until(lambda: said(pair) == (states[0],))
        told = pair.relay.counters
        for number in range(200):  # a loose plug
            states[0] = DeviceNow("scanner-1", "ok" if number % 2 else "absent", "Scanner")
            pair.relay.devices_changed()
        await until(lambda: said(pair) == (states[0],))
        assert pair.relay.counters.batches == told.batches  # it takes nothing from the stream of facts
        pair.broker.cut(EDGE)
        await until(lambda: pair.relay.counters.connections == 2 and pair.relay.state is RelayState.ONLINE)
        await until(lambda: said(pair) == (states[0],))
