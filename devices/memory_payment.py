"""A payment channel for tests of the application: it passes the contract suite of the real ones."""

import asyncio
import datetime as dt
from typing import Literal

from devices.ports.device import DeviceState, Health
from devices.ports.payment import (
    Attempt,
    BillLine,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    Refunded,
    RefundOutcome,
    RefundRefused,
    Unknown,
)

Answer = Literal["paid", "password", "not_enough", "lost", "lost_unpaid"]


class MemoryPayments:
    """Collects from shoppers who do as ``answer`` says.

    Attributes:
        answer: for the attempts to come; ``password`` pays at the third question, ``lost`` pays and is not heard of.
        outcomes: what is true of each attempt, by number.
        away: nobody can be reached.
    """

    def __init__(self, device_id: str = "payments") -> None:
        self.device_id = device_id
        self.answer: Answer = "paid"
        self.outcomes: dict[str, Outcome] = {}
        self.away = False
        self._polls: dict[str, int] = {}
        self._refunds: dict[str, Refund] = {}

    @property
    def state(self) -> DeviceState:
        """Whether it can be reached."""
        return DeviceState(Health.ABSENT, "the line is cut") if self.away else DeviceState(Health.OK)

    async def run(self) -> None:
        """Be there until cancelled."""
        await asyncio.Event().wait()

    async def pay(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Book it once, or say what became of it."""
        if self.away:
            return Unknown("not_reached", sent=False)
        if attempt.order_no in self.outcomes:
            return await self.query(attempt)
        match self.answer:
            case "not_enough":
                self.outcomes[attempt.order_no] = Failed("not_enough")
            case "password":
                self.outcomes[attempt.order_no] = NeedsPassword()
                self._polls[attempt.order_no] = 2
            case "lost_unpaid":
                return Unknown("timeout")
            case "paid" | "lost":
                self.outcomes[attempt.order_no] = self._paid(attempt)
        return Unknown("timeout") if self.answer == "lost" else self.outcomes[attempt.order_no]

    async def query(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Say what became of it; shoppers with a password confirm after a while."""
        if self.away:
            return Unknown("not_reached", sent=False)
        if isinstance(self.outcomes.get(attempt.order_no), NeedsPassword):
            self._polls[attempt.order_no] -= 1
            if self._polls[attempt.order_no] < 0:
                self.outcomes[attempt.order_no] = self._paid(attempt)
        return self.outcomes.get(attempt.order_no, Unknown("not_found"))

    async def reverse(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """Take it back."""
        if self.away:
            return Unknown("not_reached", sent=False)
        before = self.outcomes.get(attempt.order_no)
        refunded = isinstance(before, Paid) or (isinstance(before, Closed) and before.refunded)
        closed = self.outcomes[attempt.order_no] = Closed(refunded)
        return closed

    async def refund(self, refund: Refund, within_s: float = 10.0) -> RefundOutcome:
        """Give it back, once a refund number."""
        if self.away:
            return Unknown("not_reached", sent=False)
        paid = self.outcomes.get(refund.order_no)
        if not isinstance(paid, Paid):
            return RefundRefused("not_paid")
        others = [
            each for no, each in self._refunds.items() if each.order_no == refund.order_no and no != refund.refund_no
        ]
        if sum(each.amount_minor for each in others) + refund.amount_minor > paid.amount_minor:
            return RefundRefused("above_paid")
        self._refunds[refund.refund_no] = refund
        return Refunded(f"R{paid.provider_no}")

    async def bill(self, day: dt.date, within_s: float = 30.0) -> list[BillLine]:
        """Return what was paid and given back on a day, UTC."""
        lines = []
        for order_no, paid in self.outcomes.items():
            if isinstance(paid, Paid) and paid.paid_at.date() == day:
                line = BillLine(order_no, "", paid.amount_minor, paid.channel, paid.provider_no, paid.paid_at)
                back = [each for each in self._refunds.values() if each.order_no == order_no]
                lines += [line, *(_back(line, each) for each in back)]
        return lines

    def _paid(self, attempt: Attempt) -> Paid:
        channel = attempt.code.channel if attempt.code else "card"
        return Paid(attempt.amount_minor, channel, f"P{len(self.outcomes)}", dt.datetime.now(dt.UTC), "*晓明")


def _back(line: BillLine, refund: Refund) -> BillLine:
    return BillLine(
        line.order_no, refund.refund_no, refund.amount_minor, line.channel, line.provider_no, line.booked_at
    )
