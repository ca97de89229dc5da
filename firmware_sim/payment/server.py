"""The provider's door: HTTP, signatures, and what goes wrong on the way (``devices/payment_code/protocol.md``, written a second time)."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from firmware_sim.payment.book import CHOICES, Book, Order, said_of
from firmware_sim.payment.wire import masked, request_from, signature
from firmware_sim.wire import Door

FAULTS = ("unplug", "replug", "freeze", "thaw", "slow", "fast", "half", "garbage")
BENCH_SECRET = b"bench secret, worth nothing"
MAX_NOTICES = 1000
CLOCK_LIMIT_S = 300.0


class PaymentSim(Door):
    """A provider of payments.

    Attributes:
        book: its orders.
        notices: what it notified of: ``{"nonce": …, "signature": …, "body": …}``.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        merchant: str = "bench",
        secret: bytes = BENCH_SECRET,
        notify_url: str = "",
    ) -> None:
        """Port 0 takes a free one, kept over unplug and replug; notifications are also posted to ``notify_url`` (http, loopback)."""
        super().__init__(host, port, "payment")
        self.book = Book(lambda: dt.datetime.now(dt.UTC))
        self.book.tell = self._tell
        self.notices: list[dict[str, str]] = []
        self._merchant, self._secret, self._notify_url = merchant, secret, notify_url
        self._latency_s, self._skew_s = 0.0, 0.0
        self._spoil: list[str] = []
        self._nonces: dict[str, None] = {}
        self._posts: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """What a driver's settings name."""
        return f"http://{self._host}:{self._port}"

    async def stop(self) -> None:
        """Close for good."""
        posts = list(self._posts)
        for post in posts:
            post.cancel()
        await super().stop()
        await asyncio.gather(*posts, return_exceptions=True)

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command and return what is to be seen then.

        ``{"answer": NAME}`` for all attempts to come, ``{"next": NAME, "polls": 3}`` for one (see ``book.CHOICES``),
        ``{"shopper": "pays" | "refuses"}``, ``{"latency_s": 2}``, ``{"clock_skew_s": 900}``, ``{"refund_polls": 2}``,
        or ``{"fault": …}``: one of ``FAULTS``.

        Raises:
            ValueError, KeyError, TypeError: no such command.
        """
        match command:
            case {"answer": str(name)} if name in CHOICES:
                self.book.answer = name
                self.book.polls = int(command.get("polls", self.book.polls))
            case {"next": str(name)} if name in CHOICES:
                polls = command.get("polls")
                self.book.next_is(name, None if polls is None else int(polls))
            case {"shopper": str(does)}:
                self.book.shopper(does)
            case {"latency_s": (int() | float()) as seconds}:
                self._latency_s = float(seconds)
            case {"clock_skew_s": (int() | float()) as seconds}:
                self._skew_s = float(seconds)
            case {"refund_polls": int(polls)}:
                self.book.refund_polls = polls
            case {"fault": str(fault)}:
                self._fault(fault, command)
            case _:
                if command:
                    names = f"answer or next ({', '.join(CHOICES)}), shopper, latency_s, clock_skew_s, refund_polls"
                    raise ValueError(f"unknown command {command}: {names}, or fault ({', '.join(FAULTS)})")
        return {**self.shows(), "wire": self._wire()}

    def shows(self) -> dict[str, Any]:
        """Return what the provider's own screen would show; codes are masked."""
        orders = [
            {
                "order": order.no,
                "state": order.state,
                "amount_minor": order.amount_minor,
                "refunded_minor": order.refunded_minor,
                "channel": order.channel,
                "code": masked(order.code),
            }
            for order in list(self.book.orders.values())[-20:]
        ]
        paid = sum(o.amount_minor - o.refunded_minor for o in self.book.orders.values() if o.state == "paid")
        return {
            "screen": [f"{paid / 100:.2f}"],
            "paid_minor": paid,
            "choices": list(CHOICES),
            "answer": self.book.answer,
            "orders": orders,
            "notices": len(self.notices),
        }

    def _wire(self) -> dict[str, Any]:
        frozen = not self.thawed.is_set()
        return {"plugged": self.plugged, "frozen": frozen, "latency_s": self._latency_s, "clock_skew_s": self._skew_s}

    def _fault(self, fault: str, command: dict[str, Any]) -> None:
        if self.fail(fault):
            return
        match fault:
            case "slow":
                self._latency_s = float(command.get("latency_s", 2.0))
            case "fast":
                self._latency_s = 0.0
            case "half" | "garbage":
                self._spoil.append(fault)
            case _:
                raise ValueError(f"fault {fault!r} is none of {', '.join(FAULTS)}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller."""
        with contextlib.suppress(ValueError):  # it never spoke HTTP, or dates its request with words
            head, body = await request_from(reader)
            await self.thawed.wait()
            await self._answer(head, body, writer)

    async def _answer(self, head: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        status, answer = self._judged(head, body)
        behaviour = self._behaviour(head["path"], body)
        if behaviour.startswith("lost"):
            return  # booked or not: nobody hears of it
        await asyncio.sleep(self._latency_s + (3.0 if behaviour == "slow" else 0.0))
        data = json.dumps(answer, ensure_ascii=False).encode()
        secret = b"somebody else's" if behaviour == "bad_signature" else self._secret
        mac = signature(secret, str(status), head.get("pay-nonce", ""), hashlib.sha256(data).hexdigest())
        reply = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        whole = f"{reply}Pay-Signature: {mac}\r\nConnection: close\r\n\r\n".encode() + data
        match self._spoil.pop(0) if self._spoil else "":
            case "half":
                whole = whole[: len(whole) - len(data) // 2]
            case "garbage":
                whole = secrets.token_bytes(200)
            case _:
                pass
        await self.thawed.wait()
        writer.write(whole)
        await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _behaviour(self, path: str, body: bytes) -> str:
        """Return the choice that this order was booked under, where it matters on the wire: in the answer to ``pay``."""
        if not path.endswith("/v1/pay"):
            return ""
        with contextlib.suppress(ValueError, KeyError):
            order = self.book.orders.get(json.loads(body)["order_no"])
            if order is not None and order.answer in ("lost", "lost_unpaid", "slow", "bad_signature"):
                behaviour, order.answer = order.answer, "paid"  # once: a repeat is answered properly
                return behaviour
        return ""

    def _judged(self, head: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        at, nonce, path = head.get("pay-time", ""), head.get("pay-nonce", ""), head["path"]
        mac = signature(self._secret, "POST", path, at, nonce, hashlib.sha256(body).hexdigest())
        number = self._number_in(body)
        if head.get("pay-merchant") != self._merchant or not hmac.compare_digest(mac, head.get("pay-signature", "")):
            return 401, {**number, "word": "SIGNERROR"}
        if abs(time.time() + self._skew_s - float(at)) > CLOCK_LIMIT_S:
            return 401, {**number, "word": "CLOCK_SKEW"}
        if nonce in self._nonces:
            return 409, {**number, "word": "SIGNERROR"}
        self._nonces[nonce] = None
        while len(self._nonces) > MAX_NOTICES:
            self._nonces.pop(next(iter(self._nonces)))
        return self._booked(path, body, number)

    def _booked(self, path: str, body: bytes, number: dict[str, str]) -> tuple[int, dict[str, Any]]:
        desks = {name: getattr(self.book, name) for name in ("pay", "query", "reverse", "refund", "bill")}
        name = path.rpartition("/v1/")[2]
        if name == "ping":
            return 200, {"word": "SUCCESS"}
        try:
            return 200, desks[name](json.loads(body))
        except (KeyError, TypeError, ValueError):
            return 400, {**number, "word": "PARAM_ERROR"}

    @staticmethod
    def _number_in(body: bytes) -> dict[str, str]:
        with contextlib.suppress(ValueError):
            asked = json.loads(body)
            if isinstance(asked, dict):
                return {name: str(asked[name]) for name in ("order_no", "refund_no") if name in asked}
        return {}

    def _tell(self, order: Order) -> None:
        data, nonce = json.dumps(said_of(order), ensure_ascii=False), secrets.token_hex(16)
        mac = signature(self._secret, "NOTIFY", nonce, hashlib.sha256(data.encode()).hexdigest())
        self.notices.append({"nonce": nonce, "signature": mac, "body": data})
        del self.notices[:-MAX_NOTICES]
        if self._notify_url:
            post = asyncio.create_task(self._post(self.notices[-1]))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)

    async def _post(self, notice: dict[str, str]) -> None:
        host, _, path = self._notify_url.removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        data = notice["body"].encode()
        head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        proof = f"Pay-Nonce: {notice['nonce']}\r\nPay-Signature: {notice['signature']}\r\nConnection: close\r\n\r\n"
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(name, int(port or 80))
                try:
                    writer.write((head + proof).encode() + data)
                    await writer.drain()
                    await reader.read(1024)
                finally:
                    writer.transport.abort()
