"""The card terminal: one connection, questions by ServiceID, and a status question before anything is asked for twice."""

import asyncio
import contextlib
import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceUnavailable, GarbledFrame
from devices.ports.payment import (
    Attempt,
    BillLine,
    Closed,
    Failed,
    NeedsPassword,
    Outcome,
    Paid,
    Refund,
    RefundOutcome,
    RefundRefused,
    Unknown,
)
from devices.registry import DeviceSettings, options_of
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.terminal_nexo import codec
from devices.terminal_nexo.codec import Desk, FrameDecoder
from devices.terminal_nexo.messages import Answer, answer_of
from devices.transport import Transport

LOGIN_S = 5.0
STATUS_S = 5.0
WAITING = 16
"""Questions that may be open at once."""

_NOT_FOUND = Unknown("not_found")
_NOBODY = " "  # no number of an order: what became of it is asked for a sign of life
_log = structlog.get_logger(__name__)


class TerminalOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of both ends, as they were agreed with whoever set the terminal up.

    Attributes:
        sale_id: our name.
        poi_id: the terminal's.
        currency: of refunds, ISO 4217.
        watch_s: a terminal that has nothing to do is asked for a sign of life so often; 0 never asks.
    """

    sale_id: str = "shopwire"
    poi_id: str = "terminal-1"
    currency: str = "CNY"
    watch_s: float = 30.0

    def __post_init__(self) -> None:
        """Refuse a watch that floods."""
        if self.watch_s and not 0.05 <= self.watch_s <= 3600:
            raise ValueError(f"watch_s {self.watch_s} is not 0.05 to 3600, or 0")


class NexoTerminal(ServedDevice):
    """A terminal that reads cards, phones and faces by itself and never shows us their numbers.

    Attributes:
        counts: answers nobody had asked for (``stray``) and messages that were none (``garbled``).
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        options: TerminalOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self._options, self._now = options or TerminalOptions(), now
        self._desk = Desk(self._options.sale_id, self._options.poi_id)
        self._transport: Transport | None = None
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._writing = asyncio.Lock()
        self.counts: Counter[str] = Counter()

    async def serve(self, transport: Transport) -> None:
        """Log in, then give each answer to whoever asked, and see that it is still there."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            await self._listen(transport)  # in the body, not a task: see ServedDevice.serve

    async def _listen(self, transport: Transport) -> None:
        decoder, service = FrameDecoder(), _fresh_service()
        login = self._waiting[service] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(LOGIN_S) as patience:
                await transport.write(codec.framed(self._desk.login(service, self._now())))
                while True:
                    self._take_all(decoder, await transport.read())
                    if self._transport is None and login.done():
                        self._logged_in(self._waiting.pop(service).result())
                        self._transport = transport
                        patience.reschedule(None)
        except TimeoutError as error:
            raise DeviceUnavailable(self.device_id, f"no answer to the login within {LOGIN_S:g} s") from error
        finally:
            self._transport = None
            login.cancel()  # nobody waits for it any more
            self._give_up_on_all()

    async def pay(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.pay``: first asks whether the terminal knows the attempt already."""
        deadline_s = _deadline(within_s)
        known = await self._status(attempt, within_s)
        if known != _NOT_FOUND:
            return Unknown(known.reason, sent=False) if isinstance(known, Unknown) else known
        message = self._desk.pay(attempt, self._now())
        answer = await self._ask(message, codec.service_id(attempt.order_no), _left(deadline_s))
        if answer == Unknown("timeout"):
            later = await self._status(attempt, STATUS_S)  # somebody may be looking for a card
            return self._told(attempt, Unknown(later.reason) if isinstance(later, Unknown) else later)
        return self._told(attempt, answer if isinstance(answer, Unknown) else codec.outcome_of(attempt, answer))

    async def query(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.query``."""
        return self._told(attempt, await self._status(attempt, within_s))

    async def reverse(self, attempt: Attempt, within_s: float = 10.0) -> Outcome:
        """See ``PaymentChannel.reverse``: what runs is aborted, what was paid is given back, what nobody knows is closed."""
        deadline_s = _deadline(within_s)
        match await self._status(attempt, within_s):
            case Unknown("not_found") | Failed():
                return Closed()  # on this connection nothing of ours is on its way any more
            case NeedsPassword():
                return self._told(attempt, await self._abort(attempt))
            case Paid() | Unknown("amount_differs"):
                return self._told(attempt, await self._take_back(attempt, _left(deadline_s)))
            case other:
                return other

    async def refund(self, refund: Refund, within_s: float = 10.0) -> RefundOutcome:
        """See ``PaymentChannel.refund``."""
        deadline_s = _deadline(within_s)
        known = await self._ask_status(refund.refund_no, within_s)
        if isinstance(known, Unknown):
            return known
        found = codec.refund_outcome_of(refund, known)
        if found != _NOT_FOUND:
            return found
        original = await self._ask_status(refund.order_no, _left(deadline_s))
        if isinstance(original, Unknown):
            return original
        poi = codec.transaction_of(original)
        if poi is None:
            return RefundRefused("not_paid")
        message = self._desk.refund(refund, self._options.currency, poi, self._now())
        answer = await self._ask(message, codec.service_id(refund.refund_no), _left(deadline_s))
        return answer if isinstance(answer, Unknown) else codec.refund_outcome_of(refund, answer)

    async def bill(self, day: dt.date, within_s: float = 30.0) -> list[BillLine]:
        """Refuse: a terminal knows totals, its acquirer knows bookings."""
        raise DeviceIncapable(self.device_id, f"give the bookings of {day}")

    async def _take_back(self, attempt: Attempt, within_s: float) -> Outcome:
        deadline_s = _deadline(within_s)
        answer = await self._ask_status(attempt.order_no, within_s)
        if isinstance(answer, Unknown):
            return answer
        poi = codec.transaction_of(answer)
        if poi is None:
            return Unknown("incomplete")
        message = self._desk.reverse(attempt.order_no, poi)
        done = await self._ask(message, codec.service_id(attempt.order_no, codec.REVERSAL), _left(deadline_s))
        if isinstance(done, Unknown):
            return done
        return Closed(refunded=True) if done.ok else Unknown("not_reversed")

    async def _abort(self, attempt: Attempt) -> Outcome:
        """End a payment that runs; the next status tells how it ended."""
        if self._transport is not None:
            with contextlib.suppress(DeviceUnavailable):  # the status below tells
                await self._say(self._transport, self._desk.abort(attempt.order_no, _fresh_service()))
        after = await self._status(attempt, STATUS_S)
        return Closed() if isinstance(after, Failed) else Unknown("aborting")

    async def _status(self, attempt: Attempt, within_s: float) -> Outcome:
        """Ask for the reversal first: a terminal goes on telling that a payment went well which was taken back."""
        deadline_s = _deadline(within_s)
        reversal = await self._ask_status(attempt.order_no, within_s, codec.REVERSAL)
        if isinstance(reversal, Unknown):
            return reversal
        if (reversed_ := codec.was_reversed(reversal)) is not False:
            return Closed(refunded=True) if reversed_ else Unknown("reversing")
        answer = await self._ask_status(attempt.order_no, _left(deadline_s))
        return answer if isinstance(answer, Unknown) else codec.outcome_of(attempt, answer)

    async def _watch(self) -> None:
        """See that an idle terminal is there: one whose power is gone does not close its line.

        Raises:
            DeviceUnavailable: it does not answer.
        """
        while self._options.watch_s:
            await asyncio.sleep(self._options.watch_s)
            idle = self._transport is not None and not self._waiting
            if idle and await self._ask_status(_NOBODY, STATUS_S) == Unknown("timeout") and not self._waiting:
                raise DeviceUnavailable(self.device_id, f"no answer within {STATUS_S:g} s")

    async def _ask_status(self, number: str, within_s: float, category: str = codec.PAYMENT) -> Answer | Unknown:
        service = _fresh_service()
        message = self._desk.status_of(number, service, category)
        return await self._ask(message, service, min(within_s, STATUS_S))

    async def _ask(self, message: dict[str, Any], service: str, within_s: float) -> Answer | Unknown:
        if len(self._waiting) >= WAITING or service in self._waiting:
            return Unknown("busy", sent=False)
        transport = self._transport
        if transport is None:
            return Unknown("not_reached", sent=False)
        question: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[service] = question
        try:
            async with asyncio.timeout(within_s):
                await self._say(transport, message)
                return await question
        except TimeoutError:
            return Unknown("timeout")
        except DeviceUnavailable:
            return Unknown("no_answer")
        finally:
            self._waiting.pop(service, None)
            if question.done() and not question.cancelled():
                question.exception()

    async def _say(self, transport: Transport, message: dict[str, Any]) -> None:
        async with self._writing:
            await transport.write(codec.framed(message))

    def _logged_in(self, answer: Answer) -> None:
        if not answer.ok:
            reason = f"the terminal refuses the login ({answer.condition}): look at sale_id and poi_id"
            raise DeviceUnavailable(self.device_id, reason)
        self.alive()

    def _give_up_on_all(self) -> None:
        for question in self._waiting.values():
            if not question.done():
                question.set_exception(DeviceUnavailable(self.device_id, "the connection broke"))
                question.exception()  # looked at: nobody waits for the login's answer
        self._waiting.clear()

    def _take_all(self, decoder: FrameDecoder, data: bytes) -> None:
        try:
            messages = decoder.feed(data)
        except GarbledFrame as error:
            raise DeviceUnavailable(self.device_id, f"it does not speak nexo ({error.reason})") from error
        for message in messages:
            self._take(message)

    def _take(self, message: bytes) -> None:
        try:
            answer = answer_of(message)
        except GarbledFrame:
            self.counts["garbled"] += 1
            return
        question = self._waiting.get(answer.service)
        if question is None or question.done():
            self.counts["stray"] += 1  # an answer after its deadline: the next status question tells the same
            return
        question.set_result(answer)

    def _told(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        _log.info("payment_asked", device_id=self.device_id, number=attempt.order_no, outcome=type(outcome).__name__)
        return outcome


def _fresh_service() -> str:
    return secrets.token_hex(5)


def _deadline(within_s: float) -> float:
    return asyncio.get_running_loop().time() + within_s


def _left(deadline_s: float) -> float:
    return max(0.05, deadline_s - asyncio.get_running_loop().time())


def build(settings: DeviceSettings, around: Surroundings) -> NexoTerminal:
    """Return the driver of one entry of the settings."""
    return NexoTerminal(settings.device_id, settings.address, options_of(settings, TerminalOptions), around)
