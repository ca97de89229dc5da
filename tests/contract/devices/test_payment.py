"""What every payment channel does: the double, codes at the simulated provider, cards at the simulated terminal."""

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from devices.backoff import Backoff
from devices.memory_payment import Answer, MemoryPayments
from devices.payment_code.driver import PaymentCodes, PaymentOptions
from devices.ports.payment import (
    Attempt,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    PaymentChannel,
    Refund,
    Refunded,
    RefundRefused,
    Unknown,
)
from devices.terminal_nexo.driver import NexoTerminal, TerminalOptions
from domain.scan import PaymentCode
from firmware_sim.payment import PaymentSim
from firmware_sim.terminal import TerminalSim
from firmware_sim.wire import TcpWire
from tests.waiting import HANG_S, until

NUMBERS = itertools.count(1)
SECRET = b"a secret of both sides"


class Shop(Protocol):
    """A channel, the shoppers behind it, and the provider's own account of what it holds for the shop."""

    channel: PaymentChannel

    def shoppers(self, answer: Answer) -> None: ...
    def away(self) -> None: ...
    def attempt(self, amount_minor: int = 1250) -> Attempt: ...
    def collected_minor(self) -> int: ...


def code() -> PaymentCode:
    return PaymentCode("wechat", f"13{next(NUMBERS):016d}")


class MemoryShop:
    def __init__(self) -> None:
        self.double = MemoryPayments()
        self.channel: PaymentChannel = self.double

    def shoppers(self, answer: Answer) -> None:
        self.double.answer = answer

    def away(self) -> None:
        self.double.away = True

    def attempt(self, amount_minor: int = 1250) -> Attempt:
        return Attempt(f"S1-{next(NUMBERS)}", amount_minor, code=code())

    def collected_minor(self) -> int:
        return sum(each.amount_minor for each in self.double.outcomes.values() if isinstance(each, Paid))


class CodeShop:
    def __init__(self, sim: PaymentSim, channel: PaymentChannel) -> None:
        self.sim, self.channel = sim, channel

    def shoppers(self, answer: Answer) -> None:
        self.sim.handle({"answer": answer})

    def away(self) -> None:
        self.sim.unplug()

    def attempt(self, amount_minor: int = 1250) -> Attempt:
        return Attempt(f"S1-{next(NUMBERS)}", amount_minor, code=code())

    def collected_minor(self) -> int:
        return int(self.sim.shows()["paid_minor"])


class CardShop(CodeShop):
    def __init__(self, sim: TerminalSim, channel: PaymentChannel) -> None:
        self.terminal, self.channel = sim, channel

    def shoppers(self, answer: Answer) -> None:
        self.terminal.handle({"answer": answer})

    def away(self) -> None:
        self.terminal.wire.unplug()

    def attempt(self, amount_minor: int = 1250) -> Attempt:
        return Attempt(f"S1-{next(NUMBERS)}", amount_minor)

    def collected_minor(self) -> int:
        return int(self.terminal.shows()["paid_minor"])


@pytest.fixture(params=["memory", "codes", "terminal"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    if request.param == "memory":
        yield MemoryShop()
        return
    (tmp_path / "secret").write_bytes(SECRET)
    backoff = Backoff(0.02, 0.05)
    async with asyncio.TaskGroup() as tasks:
        if request.param == "codes":
            async with PaymentSim(merchant="shop", secret=SECRET) as provider:
                options = PaymentOptions("shop", str(tmp_path / "secret"), watch_s=0.1)
                codes = PaymentCodes("payments", provider.address, options, backoff=backoff)
                running = tasks.create_task(codes.run())
                await until(lambda: codes.state.health.works)
                yield CodeShop(provider, codes)
                running.cancel()
        else:
            async with TerminalSim(TcpWire()) as terminal:
                cards = NexoTerminal("terminal", terminal.address, TerminalOptions(), backoff=backoff)
                running = tasks.create_task(cards.run())
                await until(lambda: cards.state.health.works)
                yield CardShop(terminal, cards)
                running.cancel()


async def found_out(channel: PaymentChannel, attempt: Attempt) -> Outcome:
    """Ask until the line is there again."""
    async with asyncio.timeout(HANG_S):
        while True:
            outcome = await channel.query(attempt)
            if not isinstance(outcome, Unknown) or outcome.sent:
                return outcome
            await asyncio.sleep(0.01)


async def test_paid_says_how_much_when_by_whom_and_under_which_number(shop: Shop) -> None:
    attempt = shop.attempt(1250)
    paid = await shop.channel.pay(attempt)
    assert isinstance(paid, Paid)
    assert paid.amount_minor == 1250
    assert paid.provider_no
    assert paid.channel in ("wechat", "card")
    assert abs(dt.datetime.now(dt.UTC) - paid.paid_at) < dt.timedelta(minutes=1)
    assert shop.collected_minor() == 1250


async def test_the_same_attempt_asked_again_is_charged_once(shop: Shop) -> None:
    attempt = shop.attempt()
    first = await shop.channel.pay(attempt)
    assert await shop.channel.pay(attempt) == first
    assert await shop.channel.query(attempt) == first
    assert shop.collected_minor() == 1250


async def test_a_shopper_who_confirms_is_waited_for(shop: Shop) -> None:
    shop.shoppers("password")
    attempt = shop.attempt()
    outcome = await shop.channel.pay(attempt, within_s=1)
    questions = 0
    while isinstance(outcome, NeedsPassword):
        assert 1 <= outcome.ask_again_s <= 5
        assert questions < 5
        questions += 1
        outcome = await shop.channel.query(attempt)
    assert isinstance(outcome, Paid)
    assert questions >= 1


async def test_a_no_is_certain_and_a_new_attempt_may_follow(shop: Shop) -> None:
    shop.shoppers("not_enough")
    attempt = shop.attempt()
    assert await shop.channel.pay(attempt) == await shop.channel.query(attempt)
    failed = await shop.channel.query(attempt)
    assert isinstance(failed, Failed)
    assert failed.reason in ("not_enough", "declined")
    shop.shoppers("paid")
    assert isinstance(await shop.channel.pay(shop.attempt()), Paid)


async def test_an_answer_that_is_lost_is_unknown_and_the_question_finds_the_money(shop: Shop) -> None:
    shop.shoppers("lost")
    attempt = shop.attempt()
    lost = await shop.channel.pay(attempt, within_s=2)
    assert isinstance(lost, Unknown)
    assert lost.sent
    assert isinstance(await found_out(shop.channel, attempt), Paid)
    assert shop.collected_minor() == 1250


async def test_what_nobody_knows_of_is_not_failed_and_reversing_it_makes_sure(shop: Shop) -> None:
    shop.shoppers("lost_unpaid")
    attempt = shop.attempt()
    assert isinstance(await shop.channel.pay(attempt, within_s=2), Unknown)
    assert await found_out(shop.channel, attempt) == Unknown("not_found")
    assert await shop.channel.reverse(attempt) == Closed()
    assert shop.collected_minor() == 0


async def test_reversing_what_was_paid_gives_it_back_and_says_so_again(shop: Shop) -> None:
    attempt = shop.attempt()
    assert isinstance(await shop.channel.pay(attempt), Paid)
    assert await shop.channel.reverse(attempt) == Closed(refunded=True)
    assert await shop.channel.reverse(attempt) == Closed(refunded=True)
    assert isinstance(await shop.channel.query(attempt), Closed)
    assert shop.collected_minor() == 0


async def test_refunds_in_parts_never_exceed_what_was_paid_and_count_once(shop: Shop) -> None:
    attempt = shop.attempt(1250)
    assert isinstance(await shop.channel.pay(attempt), Paid)
    first, second, third = (Refund(f"R{next(NUMBERS)}", attempt.order_no, amount, 1250) for amount in (500, 750, 1))
    done = await shop.channel.refund(first)
    assert isinstance(done, Refunded)
    assert await shop.channel.refund(first) == done
    assert isinstance(await shop.channel.refund(second), Refunded)
    refused = await shop.channel.refund(third)
    assert isinstance(refused, RefundRefused)
    assert refused.reason == "above_paid"
    assert shop.collected_minor() in (0, 1250)  # a double keeps payments and refunds apart


async def test_a_provider_that_is_away_is_unknown_and_never_a_no(shop: Shop) -> None:
    shop.away()
    await until(lambda: not shop.channel.state.health.works)
    attempt = shop.attempt()
    for outcome in (
        await shop.channel.pay(attempt, within_s=1),
        await shop.channel.query(attempt, within_s=1),
        await shop.channel.reverse(attempt, within_s=1),
        await shop.channel.refund(Refund("R-1", attempt.order_no, 1, 1250), within_s=1),
    ):
        assert isinstance(outcome, Unknown)
        assert not outcome.sent
    assert shop.channel.state.reason


@pytest.mark.parametrize(("number", "amount"), [("", 1), ("x" * 33, 1), ("a b", 1), ("a", 0), ("a", -5), ("a", 10**9)])
def test_what_no_provider_could_book_is_refused_before_anybody_is_asked(number: str, amount: int) -> None:
    with pytest.raises(ValueError, match="is not 1 to"):
        Attempt(number, amount)
    with pytest.raises(ValueError, match="above what was paid"):
        Refund("R1", "S1", 2, 1)
