"""A card terminal that hangs, forgets, breaks its line and comes back: no payment is asked for twice."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceIncapable
from devices.ports import Health
from devices.ports.payment import Attempt, Closed, Failed, NeedsPassword, Paid, Refund, RefundRefused, Unknown
from devices.terminal_nexo import driver
from devices.terminal_nexo.driver import NexoTerminal, TerminalOptions
from firmware_sim.terminal import TerminalSim
from firmware_sim.wire import TcpWire
from tests.waiting import HANG_S, until

NUMBERS = itertools.count(1)


def attempt(amount_minor: int = 1250) -> Attempt:
    return Attempt(f"S1-{next(NUMBERS)}", amount_minor)


@pytest.fixture
async def sim() -> AsyncIterator[TerminalSim]:
    async with TerminalSim(TcpWire()) as terminal:
        yield terminal


@asynccontextmanager
async def at(sim: TerminalSim, options: TerminalOptions | None = None) -> AsyncIterator[NexoTerminal]:
    terminal = NexoTerminal("terminal", sim.address, options, backoff=Backoff(0.02, 0.05))
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(terminal.run())
        yield terminal
        run.cancel()


@asynccontextmanager
async def working(sim: TerminalSim) -> AsyncIterator[NexoTerminal]:
    async with at(sim) as terminal:
        await until(lambda: terminal.state.health is Health.OK)
        yield terminal


async def test_a_terminal_that_hangs_is_noticed_before_anybody_asks_it(
    sim: TerminalSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STATUS_S", 0.1)
    monkeypatch.setattr(driver, "LOGIN_S", 0.2)
    async with at(sim, TerminalOptions(watch_s=0.05)) as terminal:
        await until(lambda: terminal.state.health is Health.OK)
        sim.handle({"fault": "freeze"})
        await until(lambda: terminal.state.health is Health.ABSENT)
        assert "no answer" in terminal.state.reason
        sim.handle({"fault": "thaw"})
        await until(lambda: terminal.state.health is Health.OK)
        assert terminal.counts == {}


async def test_who_waits_for_a_card_is_not_disturbed_by_the_watch(
    sim: TerminalSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STATUS_S", 0.1)
    sim.handle({"answer": "password_never"})
    async with at(sim, TerminalOptions(watch_s=0.05)) as terminal:
        await until(lambda: terminal.state.health is Health.OK)
        paying = asyncio.create_task(terminal.pay(attempt(), within_s=5))
        await until(lambda: sim.shows()["orders"])
        sim.handle({"fault": "freeze"})
        await asyncio.sleep(0.3)  # several watches long
        assert terminal.state.health is Health.OK
        sim.handle({"fault": "thaw"})
        sim.handle({"card": "taps"})
        assert isinstance(await paying, Paid)


async def test_a_payment_is_paid_with_a_receipt_and_no_whole_card(sim: TerminalSim) -> None:
    async with working(sim) as terminal:
        paid = await terminal.pay(attempt(1205))
        assert isinstance(paid, Paid)
        assert (paid.amount_minor, paid.channel, paid.payer) == (1205, "card", "UnionPay ****7890")
        assert "RMB 12.05" in paid.receipt


async def test_after_a_restart_of_the_till_the_same_number_still_charges_once(sim: TerminalSim) -> None:
    tried = attempt()
    async with working(sim) as terminal:
        first = await terminal.pay(tried)
    async with working(sim) as another:
        assert await another.pay(tried) == first
    assert sim.shows()["paid_minor"] == 1250


async def test_a_card_that_is_waited_for_is_told_and_found_out(sim: TerminalSim) -> None:
    sim.handle({"answer": "password_never"})
    tried = attempt()
    async with working(sim) as terminal:
        assert isinstance(await terminal.pay(tried, within_s=0.1), NeedsPassword)
        assert isinstance(await terminal.query(tried), NeedsPassword)
        sim.handle({"card": "taps"})
        assert isinstance(await terminal.query(tried), Paid)
        assert terminal.counts["stray"] == 1  # the answer to the first question, which nobody waits for any more


async def test_a_card_that_comes_in_time_answers_the_first_question(sim: TerminalSim) -> None:
    sim.handle({"answer": "password_never"})
    async with working(sim) as terminal, asyncio.TaskGroup() as tasks:
        paying = tasks.create_task(terminal.pay(attempt()))
        await until(lambda: sim.shows()["orders"])
        sim.handle({"card": "taps"})
        assert isinstance(await paying, Paid)


async def test_the_shopper_presses_cancel(sim: TerminalSim) -> None:
    sim.handle({"answer": "password_never"})
    async with working(sim) as terminal, asyncio.TaskGroup() as tasks:
        paying = tasks.create_task(terminal.pay(attempt()))
        await until(lambda: sim.shows()["orders"])
        sim.handle({"key": "cancel"})
        assert await paying == Failed("cancelled", "user")


async def test_a_reverse_aborts_what_runs(sim: TerminalSim) -> None:
    sim.handle({"answer": "password_never"})
    tried = attempt()
    async with working(sim) as terminal:
        assert isinstance(await terminal.pay(tried, within_s=0.1), NeedsPassword)
        assert await terminal.reverse(tried) == Closed()
        assert isinstance(await terminal.query(tried), Failed)
        sim.handle({"answer": "silent"})
        hung = attempt()
        assert isinstance(await terminal.pay(hung, within_s=0.1), NeedsPassword)
        assert await terminal.reverse(hung) == Unknown("aborting")  # it does not listen: nobody knows yet


async def test_a_busy_terminal_books_nothing(sim: TerminalSim) -> None:
    sim.handle({"next": "busy"})
    tried = attempt()
    async with working(sim) as terminal:
        assert await terminal.pay(tried) == Unknown("busy", sent=False)
        assert isinstance(await terminal.pay(tried), Paid)


async def test_another_amount_is_not_paid_and_can_be_taken_back(sim: TerminalSim) -> None:
    sim.handle({"next": "wrong_amount"})
    tried = attempt()
    async with working(sim) as terminal:
        assert await terminal.pay(tried) == Unknown("amount_differs")
        assert await terminal.reverse(tried) == Closed(refunded=True)


async def test_a_terminal_that_forgot_everything_is_unknown_and_not_a_no(sim: TerminalSim) -> None:
    sim.handle({"next": "lost"})
    tried = attempt()
    async with working(sim) as terminal:
        lost = await terminal.pay(tried, within_s=2)
        assert isinstance(lost, Unknown)
        assert lost.sent
        sim.handle({"forget": True})
        async with asyncio.timeout(HANG_S):
            while (outcome := await terminal.query(tried)) != Unknown("not_found"):
                assert outcome == Unknown("not_reached", sent=False)
                await asyncio.sleep(0.01)


async def test_refunds_of_what_was_never_paid_are_refused(sim: TerminalSim) -> None:
    async with working(sim) as terminal:
        assert await terminal.refund(Refund("R-1", "S1-none", 1, 1)) == RefundRefused("not_paid")


async def test_it_has_no_bill(sim: TerminalSim) -> None:
    import datetime as dt

    async with working(sim) as terminal:
        with pytest.raises(DeviceIncapable, match="bookings of 2026-11-21"):
            await terminal.bill(dt.date(2026, 11, 21))


async def test_a_wrong_name_is_told(sim: TerminalSim) -> None:
    async with at(sim, TerminalOptions(poi_id="another")) as terminal:
        await until(lambda: terminal.state.health is Health.ABSENT)
        assert "refuses the login (NotAllowed)" in terminal.state.reason


async def test_something_else_on_that_port_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def shout(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    monkeypatch.setattr(driver, "LOGIN_S", 0.1)
    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    terminal = NexoTerminal("terminal", f"tcp:127.0.0.1:{port}", backoff=Backoff(0.02, 0.05))
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(terminal.run())
        await until(lambda: "does not speak nexo" in terminal.state.reason)
        run.cancel()
    server.close()
    await server.wait_closed()


async def test_a_terminal_that_hangs_is_lost_at_the_login_and_noise_ends_the_connection(
    sim: TerminalSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LOGIN_S", 0.2)
    sim.handle({"fault": "freeze"})
    async with at(sim) as terminal:
        await until(lambda: "no answer to the login" in terminal.state.reason)
        sim.handle({"fault": "thaw"})
        await until(lambda: terminal.state.health is Health.OK)
        sim.wire.send(b"\xff" * 64)
        await until(lambda: terminal.state.health is Health.ABSENT)
        await until(lambda: terminal.state.health is Health.OK)
        assert isinstance(await terminal.pay(attempt()), Paid)


async def test_half_an_answer_and_a_slow_line_are_unknown_in_time(
    sim: TerminalSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STATUS_S", 0.2)
    tried = attempt()
    async with working(sim) as terminal:
        sim.handle({"fault": "slow", "bytes_per_s": 20})
        assert await terminal.pay(tried, within_s=0.3) == Unknown(
            "timeout", sent=False
        )  # it was still asking whether to pay
        sim.handle({"fault": "fast"})
        async with asyncio.timeout(HANG_S):
            while not isinstance(outcome := await terminal.pay(tried), Paid):
                assert isinstance(outcome, Unknown)
                await asyncio.sleep(0.01)
    assert sim.shows()["paid_minor"] == 1250


async def test_plugging_is_logged_once_and_leaks_no_question(sim: TerminalSim) -> None:
    with structlog.testing.capture_logs() as logs:
        async with working(sim) as terminal:
            for _ in range(10):
                sim.handle({"fault": "unplug"})
                await until(lambda: terminal.state.health is Health.ABSENT)
                assert await terminal.pay(attempt(), within_s=1) == Unknown("not_reached", sent=False)
                sim.handle({"fault": "replug"})
                await until(lambda: terminal.state.health is Health.OK)
            assert not terminal._waiting
    events = [log["event"] for log in logs]
    assert events.count("device_lost") == events.count("device_recovered") == 10


async def test_the_child_process_shows_its_screen() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim.terminal", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(20):
            assert json.loads(await child.stdout.readline())["address"].startswith("tcp:127.0.0.1:")
            child.stdin.write(b'{"answer": "not_enough"}\n{"card": "taps"}\n')
            assert json.loads(await child.stdout.readline())["screen"] == ["欢迎 Welcome"]
            assert "no payment waits" in json.loads(await child.stdout.readline())["error"]
    finally:
        child.terminate()
        assert await child.wait() == 0
