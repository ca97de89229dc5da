"""A scale on a serial line (or a network serial server): asks or listens, judges what comes, and lets nobody sell by anything else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.framing import with_parity
from devices.line import on_line
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, ScaleAbilities, Stable, Weight
from devices.registry import DeviceSettings, options_of
from devices.scale_serial.codec import Conversation, Done, Send
from devices.scale_serial.detect import detect_or_fail
from devices.scale_serial.models import AUTO, models
from devices.scale_serial.options import ScaleOptions
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport
from devices.weighing import Platter, Rules

COMMAND_S = 2.0
"""How long a scale may take until its readings show that a command was carried out."""

MAX_LATE_READS = 16
_FIRST_GUESS = "generic-cas"  # what stands in until an unknown scale has been heard
_log = structlog.get_logger(__name__)


class SerialScale(ServedDevice):
    """A scale that answers with a weight.

    Attributes:
        model: what it is; with ``auto``, what it turned out to be.
        counts: answers that made no sense, by reason, and questions without answer (``silent``).
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        model: str = AUTO,
        options: ScaleOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        self._options = options or ScaleOptions()
        self._more = Path(self._options.models) if self._options.models else None
        self._auto, self._known = model == AUTO, model != AUTO
        self.model = models(self._more).named(_FIRST_GUESS if self._auto else model)
        super().__init__(device_id, address, on_line(around or Surroundings(), self.model.line), backoff=backoff)
        self._parity = self._options.parity
        self._platter = Platter(self._rules())
        self._orders: asyncio.Queue[bytes] = asyncio.Queue(maxsize=4)
        self._news, self._hurry = asyncio.Event(), asyncio.Event()
        self._event: Weight | Done = self._platter.shown
        self._weighing = 0
        self._tared = self._clearing = False  # by the scale itself, at our command
        self.counts: Counter[str] = Counter()

    @property
    def abilities(self) -> ScaleAbilities:
        """What this scale can do by itself."""
        language = self.model.language
        return ScaleAbilities(bool(language.zero), bool(language.tare))

    async def weigh(self, deadline_s: float = 3.0, unit_price_minor: int | None = None) -> Weight:
        """Wait for a stable weight that may be sold; ``unit_price_minor`` is of no use to this scale."""
        del unit_price_minor
        verdict: Weight = NotReady(Reason.SILENT)
        self._weighing += 1
        self._hurry.set()
        try:
            async with asyncio.timeout(deadline_s):
                while not isinstance(verdict, Stable):
                    await self._next()
                    verdict = self._platter.take()
        except TimeoutError:
            pass
        finally:
            self._weighing -= 1
        return verdict

    async def readings(self) -> AsyncIterator[Weight]:
        """Yield what the scale shows, each change once."""
        last: Weight | None = None
        while True:
            shown = self._platter.shown
            if shown == last or self.state.health is Health.OPENING:
                await self._news.wait()
            else:
                last = shown
                yield shown

    async def zero(self) -> NotReady | None:
        """Set the present load as zero; a tare of ours ends with it."""
        self._must_be_here()
        if not self.model.language.zero:
            return NotReady(Reason.REFUSED)
        self._platter.tare_g = 0
        return await self._order(self.model.language.zero, _is_zero)

    async def tare(self, weight_g: int | None = None) -> NotReady | None:
        """Take ``weight_g`` (None: the present load) off every following weight; kept by us where the scale cannot."""
        self._must_be_here()
        language = self.model.language
        if weight_g is None and language.tare:
            return self._keeps(await self._order(language.tare, _is_zero))
        if weight_g is not None and language.preset is not None and 0 < weight_g < self._platter.rules.capacity_g:
            return self._keeps(await self._order(language.preset(weight_g), lambda event: event.net))
        why = self._platter.hold(weight_g)
        return why if why is not None else await self._order(b"", lambda _: True)

    def _keeps(self, why: NotReady | None) -> NotReady | None:
        self._tared = self._tared or why is None
        return why

    async def clear_tare(self) -> NotReady | None:
        """Weigh gross again; a scale whose only way is to tare an empty platter must be empty (``NOT_REMOVED``)."""
        self._must_be_here()
        self._platter.tare_g = 0
        language = self.model.language
        only_empty = language.clear_tare == language.tare
        if not language.clear_tare or (only_empty and not self._tared):
            return await self._order(b"", lambda event: not event.net)
        shown = self._platter.shown
        if only_empty and isinstance(shown, Stable) and shown.weight_g:
            return NotReady(Reason.NOT_REMOVED, shown.weight_g)
        why = await self._order(language.clear_tare, _is_zero if only_empty else _is_gross)
        self._tared = why is not None
        return why

    async def serve(self, transport: Transport) -> None:
        """Ask or listen until the scale is lost."""
        try:
            await self._learn(transport)
            await self._talk(transport, Conversation(self.model.language))
        except DeviceUnavailable as lost:
            self.health.set(Health.ABSENT, lost.reason)  # whoever waits for a weight is to see it when we wake him
            raise
        finally:
            while not self._orders.empty():
                self._orders.get_nowait()  # who gave it has given up: it must not be carried out when the scale is back
            self._judge(NotReady(Reason.SILENT))

    async def _talk(self, transport: Transport, talk: Conversation) -> None:
        missing = 0
        async with _within(self._options.answer_s, transport):
            await self._write(transport, talk.language.begin)
        while True:
            why = await self._turn(transport, talk)
            missing = 0 if why is None else missing + 1
            if why is not None:
                self._miss(transport, why, missing)
            if talk.language.question:
                await self._rest()

    async def _learn(self, transport: Transport) -> None:
        if self._known:
            return
        found = await detect_or_fail(transport, self._more)
        _log.info("scale_detected", device_id=self.device_id, model=found.model, parity=found.parity.value)
        self.model, self._parity, self._known = models(self._more).named(found.model), found.parity, True
        self._platter.rules = self._rules()

    async def _turn(self, transport: Transport, talk: Conversation) -> Reason | None:
        """Say one thing and take what is answered; None, or why that was no answer."""
        before = talk.skipped
        try:
            async with asyncio.timeout(self._options.answer_s):
                if talk.language.question or not self._orders.empty():
                    await self._drain(transport)
                    question = talk.ask()
                    await self._write(transport, question if self._orders.empty() else self._orders.get_nowait())
                while not (events := await self._hear(transport, talk)):
                    pass
        except TimeoutError:
            return Reason.SILENT if talk.skipped == before else Reason.GARBLED
        return Reason.GARBLED if all(event == NotReady(Reason.GARBLED) for event in events) else None

    async def _hear(self, transport: Transport, talk: Conversation) -> list[Weight | Done]:
        heard: list[Weight | Done] = []
        for event in talk.feed(await transport.read()):
            if isinstance(event, Send):
                await self._write(transport, event.data)
            else:
                heard.append(event)
                self._tell(event)
        await asyncio.sleep(0)  # however fast it babbles, others have their turn and deadlines run
        return heard

    def _tell(self, event: Weight | Done) -> None:
        """Publish what the scale said, and what that says of the scale."""
        if isinstance(event, Done):
            self._platter.see(NotReady(Reason.MOVING, net=event.net), time.monotonic())  # what it showed before is void
            self._publish(event)
        else:
            self._judge(event)
        match self._event:
            case NotReady(Reason.GARBLED | Reason.REFUSED):
                pass
            case NotReady(Reason.FAULT):
                self.health.set(Health.FAILED, "reports a fault of its memory or calibration: call service")
            case NotReady(Reason.WRONG_UNIT):
                self.health.set(Health.DEGRADED, "shows another unit than kilograms: set it to kg")
            case NotReady(Reason.STUCK):
                self.health.set(
                    Health.DEGRADED, "shows the same weight for too long: empty it and see whether it moves"
                )
            case _:
                self.alive()

    def _judge(self, weight: Weight) -> None:
        sold = self._platter.sold
        shown = self._platter.see(weight, time.monotonic())
        self._clearing = self._tared and (self._clearing or (sold and not self._platter.sold))
        if self._clearing:
            self._end_tare(shown)
        self._publish(shown)

    def _end_tare(self, shown: Weight) -> None:
        """Clear the scale's tare, which was for what has just been taken off, until its readings show that it is gone."""
        language = self.model.language
        only_empty = language.clear_tare == language.tare
        if _is_zero(shown) if only_empty else _is_gross(shown):
            self._tared = self._clearing = False
        elif self._orders.empty() and (not only_empty or getattr(shown, "reason", None) is Reason.UNDER_ZERO):
            self._orders.put_nowait(language.clear_tare)

    def _publish(self, event: Weight | Done) -> None:
        self._event = event
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _miss(self, transport: Transport, why: Reason, missing: int) -> None:
        """Tell of an answer that did not come, or made no sense.

        Raises:
            DeviceUnavailable: too many in a row.
        """
        self.counts[why.value] += 1
        self._judge(NotReady(why))
        if missing < self._options.patience:
            return
        self._known = not self._auto  # the next attempt listens anew
        said = "it does not answer: is it switched on, and set to this protocol?"
        if why is Reason.GARBLED:
            said = "what comes makes no sense: check its model, baud rate and parity"
        raise DeviceUnavailable(transport.address, said)

    async def _rest(self) -> None:
        """Wait until the next question is due; at once while somebody weighs or has ordered something."""
        if self._weighing or not self._orders.empty():
            await asyncio.sleep(0.02)  # a scale makes about ten readings a second
            return
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.poll_s):
                await self._hurry.wait()

    async def _drain(self, transport: Transport) -> None:
        """Drop what came too late for the question before: it may be an old weight."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                for _ in range(MAX_LATE_READS):
                    await transport.read()

    async def _write(self, transport: Transport, data: bytes) -> None:
        if data:
            await transport.write(with_parity(data, self._parity))

    async def _order(self, command: bytes, reached: Callable[[Weight | Done], bool]) -> NotReady | None:
        """Send a command, if there is one, and watch until the readings show that it was carried out."""
        self._must_be_here()
        why = NotReady(Reason.REFUSED)
        with suppress(TimeoutError, asyncio.QueueFull):
            async with asyncio.timeout(COMMAND_S):
                if command:
                    self._orders.put_nowait(command)
                self._hurry.set()
                while True:
                    await self._next()
                    if reached(self._event):
                        return None
                    if isinstance(self._event, NotReady):
                        why = self._event
        return why

    async def _next(self) -> None:
        """Wait for the next thing that the scale says.

        Raises:
            DeviceUnavailable: it is away, or was lost meanwhile.
        """
        self._must_be_here()
        await self._news.wait()
        self._must_be_here()

    def _must_be_here(self) -> None:
        if not self.state.health.works:
            raise DeviceUnavailable(self.device_id, self.state.reason or self.state.health.value)

    def _rules(self) -> Rules:
        options = self._options
        try:
            return self.model.rules(options.remove, options.minimum_g, options.stuck_s)
        except ValueError as error:
            raise DeviceMisconfigured(f"scale {self.model.title}: {error}") from error


def _is_gross(event: Weight | Done) -> bool:
    return not event.net and not isinstance(event, NotReady)


def _is_zero(event: Weight | Done) -> bool:
    return isinstance(event, Stable) and event.weight_g == 0


@asynccontextmanager
async def _within(patience_s: float, transport: Transport) -> AsyncIterator[None]:
    """Give up on a scale that takes no bytes."""
    try:
        async with asyncio.timeout(patience_s):
            yield
    except TimeoutError as error:
        raise DeviceUnavailable(transport.address, f"took no bytes within {patience_s:g} s") from error


def build(settings: DeviceSettings, around: Surroundings) -> SerialScale:
    """Return the driver of one entry of the settings; ``profile`` is the model."""
    options = options_of(settings, ScaleOptions)
    return SerialScale(settings.device_id, settings.address, settings.profile or AUTO, options, around)
