"""The terminal itself: what it is asked, what the hand with the card does, and how it misbehaves."""

import datetime as dt
import json
from typing import Any

from firmware_sim.terminal import nexo
from firmware_sim.wire import SimulatedDevice, Wire

CHOICES = (
    "paid", "password", "password_never", "not_enough", "cancelled", "busy", "lost", "lost_unpaid", "wrong_amount", "silent", "host_away",
)  # fmt: skip
"""What happens to the next payments; ``password`` takes a few questions, ``lost`` pays and breaks the line, ``silent`` never ends."""

CARD, BRAND = "622202******7890", "UnionPay"
_MAX_PAYMENTS = 10_000


class Payment:
    """A payment or refund that the terminal was asked for."""

    def __init__(self, request: dict[str, Any], number: str, amount_minor: int, answer: str, *, refund: bool) -> None:
        self.request, self.number, self.amount_minor, self.answer, self.refund = (
            request,
            number,
            amount_minor,
            answer,
            refund,
        )
        self.body: dict[str, Any] | None = None  # the answer; None while a card is waited for
        self.state = "waits"
        self.polls = 2
        self.original = ""
        self.transaction = ""


class TerminalSim(SimulatedDevice):
    """A terminal with one payment at a time.

    Attributes:
        payments: by ServiceID, refunds too.
        answer: for the payments to come.
    """

    def __init__(self, wire: Wire, *, poi_id: str = "terminal-1") -> None:
        super().__init__(wire)
        self.payments: dict[str, Payment] = {}
        self.reversals: dict[str, dict[str, Any]] = {}
        self.answer, self.polls = "paid", 2
        self._once: list[str] = []
        self._poi_id = poi_id
        self._buffer = bytearray()
        self._count = 0
        self._screen = ["欢迎 Welcome"]
        wire.attached = self._buffer.clear  # half a message of the last caller is nobody's

    def receive(self, data: bytes) -> None:
        """Take bytes of the till."""
        self._buffer += data
        try:
            messages = nexo.cut(self._buffer)
        except ValueError:
            self._buffer.clear()
            return
        for message in messages:
            self._hear(message)

    def do(self, command: dict[str, Any]) -> None:
        """Carry out ``{"answer": NAME}``, ``{"next": NAME}``, ``{"card": "taps"}``, ``{"key": "cancel"}`` or ``{"forget": true}``.

        Raises:
            ValueError: it is none of these.
        """
        match command:
            case {"answer": str(name)} if name in CHOICES:
                self.answer = name
                self.polls = int(command.get("polls", self.polls))
            case {"next": str(name)} if name in CHOICES:
                self._once.append(name)
            case {"card": "taps"}:
                self._settle(self._running())
                self._reply(self._running_or_last())
            case {"key": "cancel"}:
                self._refuse(self._running(), "Cancel", "user")
                self._reply(self._running_or_last())
            case {"forget": True}:  # switched off and on with an empty memory
                self.payments.clear()
                self.reversals.clear()
            case _:
                names = f"answer or next ({', '.join(CHOICES)}), card taps, key cancel, forget"
                raise ValueError(f"unknown command {command}: {names}")

    def shows(self) -> dict[str, Any]:
        """Return what is on its screen and in its book; it never tells a whole card."""
        orders = [
            {"order": each.number, "state": each.state, "amount_minor": each.amount_minor, "refund": each.refund}
            for each in list(self.payments.values())[-20:]
        ]
        return {
            "screen": self._screen,
            "choices": list(CHOICES),
            "answer": self.answer,
            "orders": orders,
            "paid_minor": sum(
                -each.amount_minor if each.refund else each.amount_minor
                for each in self.payments.values()
                if each.state == "paid"
            ),
        }

    def _hear(self, data: bytes) -> None:
        try:
            request = json.loads(data)["SaleToPOIRequest"]
            category = request["MessageHeader"]["MessageCategory"]
            handler = {
                "Login": self._login,
                "Payment": self._payment,
                "TransactionStatus": self._status,
                "Abort": self._abort,
                "Reversal": self._reversal,
            }[category]
            handler(request)
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # as real ones do: what is no message is not answered

    def _say(self, request: dict[str, Any], category: str, body: dict[str, Any]) -> None:
        self.wire.send(nexo.framed(nexo.response(request, category, body)))

    def _login(self, request: dict[str, Any]) -> None:
        wrong = request["MessageHeader"]["POIID"] != self._poi_id
        self._say(request, "Login", {"Response": nexo.result("NotAllowed", "POIID") if wrong else nexo.result()})

    def _payment(self, request: dict[str, Any]) -> None:
        service, body = request["MessageHeader"]["ServiceID"], request["PaymentRequest"]
        if service in self.payments:
            self._say(request, "Payment", {"Response": nexo.result("NotAllowed", "ServiceID used")})
            return
        refund = body.get("PaymentData", {}).get("PaymentType") == "Refund"
        amount = nexo.minor(body["PaymentTransaction"]["AmountsReq"]["RequestedAmount"])
        number = body["SaleData"]["SaleTransactionID"]["TransactionID"]
        if self._waiting() or (not refund and self._peek() == "busy"):
            self._take_answer()
            self._say(request, "Payment", {"Response": nexo.result("Busy", "another payment runs")})
            return
        payment = Payment(request, number, amount, "paid" if refund else self._take_answer(), refund=refund)
        payment.polls = self.polls
        if payment.answer == "lost_unpaid":
            self._break_line()  # it never looked at the message
            return
        while len(self.payments) >= _MAX_PAYMENTS:
            self.payments.pop(next(iter(self.payments)))
        self.payments[service] = payment
        self._begin(payment, body)

    def _begin(self, payment: Payment, body: dict[str, Any]) -> None:
        amount = f"{payment.amount_minor / 100:.2f}"
        self._screen = [f"请刷卡 {amount}", "Tap or insert"]
        if payment.refund:
            self._refund(payment, body)
        match payment.answer:
            case "password" | "password_never" | "silent":
                return
            case "not_enough":
                self._refuse(payment, "Refusal", "51 insufficient funds")
            case "cancelled":
                self._refuse(payment, "Cancel", "user")
            case "host_away":
                self._refuse(payment, "UnreachableHost", "timeout")
            case _ if payment.state == "waits":
                self._settle(payment)
            case _:
                pass
        if payment.answer == "lost":
            self._break_line()
            return
        self._reply(payment)

    def _refund(self, payment: Payment, body: dict[str, Any]) -> None:
        original = body["PaymentTransaction"]["OriginalPOITransaction"]["POITransactionID"]["TransactionID"]
        paid = next((each for each in self.payments.values() if each.transaction == original), None)
        if paid is None or paid.state != "paid":
            self._refuse(payment, "NotFound", "original")
            return
        payment.original = original
        back = [each for each in self.payments.values() if each.original == original and each.state == "paid"]
        if sum(each.amount_minor for each in back) + payment.amount_minor > paid.amount_minor:
            self._refuse(payment, "NotAllowed", "above paid")

    def _settle(self, payment: Payment) -> None:
        self._count += 1
        payment.transaction = f"{self._count:06d}"
        amount = payment.amount_minor - (1 if payment.answer == "wrong_amount" else 0)
        payment.body = nexo.approved(payment.transaction, amount, dt.datetime.now(dt.UTC), CARD, BRAND)
        payment.state = "paid"
        self._screen = ["交易成功", "Approved"]

    def _refuse(self, payment: Payment, condition: str, said: str) -> None:
        payment.body, payment.state = {"Response": nexo.result(condition, said)}, "failed"
        self._screen = ["交易失败", "Declined"]

    def _reply(self, payment: Payment) -> None:
        if payment.body is not None:
            self._say(payment.request, "Payment", payment.body)

    def _status(self, request: dict[str, Any]) -> None:
        reference = request["TransactionStatusRequest"]["MessageReference"]
        service, category = reference["ServiceID"], reference["MessageCategory"]
        payment = self.payments.get(service)
        if category == "Reversal":
            body = self.reversals.get(service)
        else:
            self._move_on(payment)
            body = payment.body if payment is not None else None
        answer: dict[str, Any] = {"Response": nexo.result("NotFound", "ServiceID")}
        if payment is not None and payment.body is None:
            answer = {"Response": nexo.result("InProgress", "a card is waited for")}
        elif body is not None:
            header = {**request["MessageHeader"], "MessageCategory": category, "ServiceID": service}
            repeated = {"MessageHeader": header, "RepeatedResponseMessageBody": {f"{category}Response": body}}
            answer = {"Response": nexo.result(), "RepeatedMessageResponse": repeated}
        self._say(request, "TransactionStatus", answer)

    def _move_on(self, payment: Payment | None) -> None:
        """Let the hand with the card come closer with every question."""
        if payment is not None and payment.state == "waits" and payment.answer == "password":
            payment.polls -= 1
            if payment.polls < 0:
                self._settle(payment)
                self._reply(payment)

    def _abort(self, request: dict[str, Any]) -> None:
        payment = self.payments.get(request["AbortRequest"]["MessageReference"]["ServiceID"])
        if payment is not None and payment.state == "waits" and payment.answer != "silent":
            self._refuse(payment, "Aborted", "by the till")
            self._reply(payment)

    def _reversal(self, request: dict[str, Any]) -> None:
        original = request["ReversalRequest"]["OriginalPOITransaction"]["POITransactionID"]["TransactionID"]
        paid = next((each for each in self.payments.values() if each.transaction == original), None)
        body = {"Response": nexo.result("NotFound", "original")}
        if paid is not None and paid.state == "paid":
            paid.state = "reversed"
            body = {"Response": nexo.result()}
            self._screen = ["已撤销", "Reversed"]
        self.reversals[request["MessageHeader"]["ServiceID"]] = body
        self._say(request, "Reversal", body)

    def _peek(self) -> str:
        return self._once[0] if self._once else self.answer

    def _take_answer(self) -> str:
        return self._once.pop(0) if self._once else self.answer

    def _waiting(self) -> list[Payment]:
        return [each for each in self.payments.values() if each.state == "waits"]

    def _running(self) -> Payment:
        waiting = self._waiting()
        if not waiting:
            raise ValueError("no payment waits for a card")
        return waiting[-1]

    def _running_or_last(self) -> Payment:
        return (self._waiting() or list(self.payments.values()))[-1]

    def _break_line(self) -> None:
        self.wire.unplug()
        self.wire.replug()
