"""The provider's book: orders, what became of them, and the words in which each channel says so."""

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

CHOICES = (
    "paid", "password", "password_never", "password_refused", "system_error", "system_error_unpaid", "not_enough", "code_expired",
    "lost", "lost_unpaid", "slow", "wrong_amount", "bad_signature", "notify_first", "notify_twice", "paid_after_reverse", "recall",
)  # fmt: skip
"""What a provider may answer to the next attempts."""

_UNTIL_CONFIRMED = ("password", "password_never", "password_refused", "paid_after_reverse", "recall")
_MAX_ORDERS = 10_000


class Words(NamedTuple):
    """How one channel says things: ``(word, sub)``."""

    paid: tuple[str, str]
    waits: tuple[str, str]
    system: tuple[str, str]
    missing: tuple[str, str]
    not_enough: tuple[str, str]
    expired: tuple[str, str]
    used_code: tuple[str, str]
    used_number: tuple[str, str]
    refused: tuple[str, str]
    closed: tuple[str, str]
    refunded: tuple[str, str]
    above_paid: tuple[str, str]
    not_paid: tuple[str, str]


_WECHAT = Words(
    ("SUCCESS", ""), ("USERPAYING", ""), ("SYSTEMERROR", ""), ("ORDERNOTEXIST", ""), ("NOTENOUGH", ""), ("AUTHCODEEXPIRE", ""),
    ("AUTH_CODE_INVALID", ""), ("OUT_TRADE_NO_USED", ""), ("PAYERROR", ""), ("REVOKED", ""), ("REFUND", ""),
    ("REFUND_FEE_MISMATCH", ""), ("NOT_PAID", ""),
)  # fmt: skip
_ALIPAY = Words(
    ("10000", ""), ("10003", ""), ("20000", "ACQ.SYSTEM_ERROR"), ("40004", "ACQ.TRADE_NOT_EXIST"),
    ("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH"), ("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID"), ("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID"),
    ("40004", "ACQ.CONTEXT_INCONSISTENT"), ("40004", "ACQ.PAYMENT_FAIL"), ("TRADE_CLOSED", ""), ("TRADE_CLOSED", ""),
    ("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"), ("40004", "ACQ.TRADE_STATUS_ERROR"),
)  # fmt: skip


class Order:
    """One attempt at the provider."""

    def __init__(self, no: str, amount_minor: int, channel: str, code: str, answer: str, number: int) -> None:
        self.no, self.amount_minor, self.channel, self.code, self.answer = no, amount_minor, channel, code, answer
        self.transaction_no = f"{4200000000 + number}"
        self.state = "asked"  # → waits → paid | failed | reversed | refunded
        self.why: tuple[str, str] = ("", "")
        self.paid_at: dt.datetime | None = None
        self.polls, self.recalls = 2, 2
        self.refunds: dict[str, int] = {}
        self.refund_polls: dict[str, int] = {}

    @property
    def words(self) -> Words:
        """How its channel speaks."""
        return _ALIPAY if self.channel == "alipay" else _WECHAT

    @property
    def refunded_minor(self) -> int:
        """What went back so far."""
        return sum(self.refunds.values())


class Book:
    """All orders of one merchant.

    Attributes:
        orders: by number, in the order in which they came.
        answer: the choice for the attempts to come.
        polls, recalls: how often a shopper is waited for, and a reverse has to be repeated.
        refund_polls: how often a refund is ``PROCESSING`` before it is done.
        tell: called with every order that the provider notifies of.
    """

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self.orders: dict[str, Order] = {}
        self.answer, self.polls, self.recalls, self.refund_polls = "paid", 2, 2, 0
        self.tell: Callable[[Order], None] = lambda _: None
        self._now = now
        self._once: list[tuple[str, int]] = []

    def next_is(self, answer: str, polls: int | None = None) -> None:
        """Answer the next attempt so, once."""
        self._once.append((answer, self.polls if polls is None else polls))

    def pay(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Book an attempt, or say what became of it when it is asked for again."""
        no, amount, code = str(ask["order_no"]), int(ask["amount_minor"]), str(ask["auth_code"])
        order = self.orders.get(no)
        if order is not None and order.state == "unbooked":
            del self.orders[no]  # a repeat of what was never booked is booked now, and properly
            order, self._once = None, [("paid", 0), *self._once]
        if order is None:
            if len(self.orders) >= _MAX_ORDERS:
                self.orders.pop(next(iter(self.orders)))
            return self._first(no, amount, str(ask["channel"]), code)
        if order.amount_minor != amount or order.code != code:
            return _said(order, order.words.used_number)
        return self._now_of(order)

    def query(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Say what became of an attempt."""
        no = str(ask["order_no"])
        order = self.orders.get(no)
        if order is None or order.state == "unbooked":
            words = order.words if order else _WECHAT
            return {"order_no": no, "word": words.missing[0], "sub": words.missing[1]}
        return self._now_of(order)

    def reverse(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Take an attempt back."""
        no = str(ask["order_no"])
        order = self.orders.get(no)
        if order is None:  # nothing came of it: nothing will
            order = self.orders[no] = Order(no, 1, "wechat", "", "paid", len(self.orders))
        if order.answer == "recall" and order.recalls > 0:
            order.recalls -= 1
            return {"order_no": no, "word": "SYSTEMERROR", "recall": "Y"}
        if order.answer == "paid_after_reverse" and order.state == "waits":
            self._settle(order)  # the shopper confirms in the very moment in which the till gives up
            order.state = "refunded"
            self.tell(order)
            return {"order_no": no, "word": "SUCCESS", "recall": "N", "action": "refund"}
        action = "refund" if order.state in ("paid", "refunded") else "close"
        order.state = "refunded" if action == "refund" else "reversed"
        return {"order_no": no, "word": "SUCCESS", "recall": "N", "action": action}

    def refund(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Give money back, once a refund number."""
        no, refund_no, amount = str(ask["order_no"]), str(ask["refund_no"]), int(ask["amount_minor"])
        order = self.orders.get(no)
        if order is None or order.state != "paid":
            words = order.words if order else _WECHAT
            return {"refund_no": refund_no, "order_no": no, "word": words.not_paid[0], "sub": words.not_paid[1]}
        if refund_no not in order.refunds:
            if order.refunded_minor + amount > order.amount_minor:
                word, sub = order.words.above_paid
                return {"refund_no": refund_no, "order_no": no, "word": word, "sub": sub}
            order.refunds[refund_no], order.refund_polls[refund_no] = amount, self.refund_polls
        if order.refund_polls[refund_no] > 0:
            order.refund_polls[refund_no] -= 1
            return {"refund_no": refund_no, "order_no": no, "word": "PROCESSING"}
        return {
            "refund_no": refund_no,
            "order_no": no,
            "word": "SUCCESS",
            "amount_minor": order.refunds[refund_no],
            "transaction_no": f"5{order.transaction_no}",
        }

    def bill(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Return a day's bookings, as a Chinese business day: UTC+8."""
        day = dt.date.fromisoformat(str(ask["day"]))
        lines: list[dict[str, Any]] = []
        for order in self.orders.values():
            if order.paid_at is None or (order.paid_at + dt.timedelta(hours=8)).date() != day:
                continue
            line = {
                "order_no": order.no,
                "amount_minor": order.amount_minor,
                "channel": order.channel,
                "transaction_no": order.transaction_no,
                "booked_at": order.paid_at,
            }
            lines.append(line)
            back = dict(order.refunds)
            if order.state == "refunded":
                back[f"R{order.no}"] = order.amount_minor
            lines += [{**line, "refund_no": no, "amount_minor": amount} for no, amount in back.items()]
        return {"lines": msgspec.to_builtins(lines)}

    def shopper(self, does: str) -> None:
        """Let the shopper of the newest waiting order confirm or refuse on the phone.

        Raises:
            ValueError: nobody waits, or no such thing to do.
        """
        waiting = [order for order in self.orders.values() if order.state == "waits"]
        if not waiting or does not in ("pays", "refuses"):
            raise ValueError(f"shopper {does!r} (pays or refuses): {len(waiting)} orders wait")
        if does == "pays":
            self._settle(waiting[-1])
            self.tell(waiting[-1])
        else:
            waiting[-1].state, waiting[-1].why = "failed", waiting[-1].words.refused

    def _first(self, no: str, amount: int, channel: str, code: str) -> dict[str, Any]:
        answer, polls = self._once.pop(0) if self._once else (self.answer, self.polls)
        used = any(each.code == code for each in self.orders.values())
        order = self.orders[no] = Order(no, amount, channel, code, answer, len(self.orders))
        order.polls, order.recalls = polls, self.recalls
        words = order.words
        if used:
            order.state, order.why = "failed", words.used_code
        elif answer in ("not_enough", "code_expired"):
            order.state, order.why = "failed", words.not_enough if answer == "not_enough" else words.expired
        elif answer in ("system_error_unpaid", "lost_unpaid"):
            order.state = "unbooked"
        elif answer in _UNTIL_CONFIRMED:
            order.state = "waits"
        else:
            self._settle(order)
        if answer in ("notify_first", "notify_twice", "lost", "system_error"):
            self.tell(order)
        if answer == "notify_twice":
            self.tell(order)
        if answer.startswith("system_error"):
            order.polls = 1
            return _said(order, words.system)
        return self._seen(order)

    def _now_of(self, order: Order) -> dict[str, Any]:
        """Say how an order is now; every question moves a waiting shopper on."""
        if order.answer == "system_error" and order.polls > 0:
            order.polls -= 1
            return _said(order, order.words.missing if order.channel == "alipay" else order.words.system)
        if order.state == "waits" and order.answer in ("password", "password_refused"):
            order.polls -= 1
            if order.polls < 0 and order.answer == "password":
                self._settle(order)
                self.tell(order)
            elif order.polls < 0:
                order.state, order.why = "failed", order.words.refused
        return self._seen(order)

    def _seen(self, order: Order) -> dict[str, Any]:
        words = order.words
        match order.state:
            case "paid":
                return _said(order, words.paid)
            case "waits":
                return _said(order, words.waits)
            case "reversed":
                return _said(order, words.closed)
            case "refunded":
                return _said(order, words.refunded)
            case "unbooked":
                return _said(order, words.missing)
            case _:
                return _said(order, order.why)

    def _settle(self, order: Order) -> None:
        order.state, order.paid_at = "paid", self._now()


def _said(order: Order, words: tuple[str, str]) -> dict[str, Any]:
    """Return an order in its channel's words."""
    body: dict[str, Any] = {"order_no": order.no, "word": words[0], "sub": words[1], "channel": order.channel}
    if words == order.words.paid:
        off = 1 if order.answer == "wrong_amount" else 0
        body |= {
            "amount_minor": order.amount_minor - off,
            "transaction_no": order.transaction_no,
            "paid_at": order.paid_at.isoformat() if order.paid_at else "",
            "payer": "*晓明" if order.channel == "wechat" else "138****8000",
        }
    if words == order.words.waits:
        body["retry_after_s"] = 3
    return body


def said_of(order: Order) -> dict[str, Any]:
    """Return a paid order as a notification tells it."""
    return _said(order, order.words.paid)
