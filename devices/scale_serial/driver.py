"""A scale on a serial line (or a network serial server): asks or listens, judges what comes, and lets nobody sell by anything else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
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
from devices.scale_news import ScaleNews
from devices.scale_serial.codec import Conversation, Done, Send
from devices.scale_serial.commands import Commands
from devices.scale_serial.detect import detect_or_fail
from devices.scale_serial.models import AUTO, models
from devices.scale_serial.options import ScaleOptions
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport
from devices.weighing import Load, Platter, Rules, at_our_price

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
        self._platter = Platter(self._rules(), self.around.keep("load", Load()))
        self._news, self._hurry = ScaleNews(self, self._platter), asyncio.Event()
        self._commands = Commands(self.model.language, self._platter, self._news, self._hurry)
        self._weighing = 0
        self.counts: Counter[str] = Counter()

    @property
    def abilities(self) -> ScaleAbilities:
        """What this scale can do by itself."""
        language = self.model.language
        return ScaleAbilities(bool(language.zero), bool(language.tare), language.prices)

    async def weigh(self, deadline_s: float = 3.0, unit_price_minor: int | None = None) -> Weight:
        """Wait for a stable weight that may be sold; an amount that the scale has worked out counts if it is at ``unit_price_minor``."""
        verdict: Weight = NotReady(Reason.SILENT)
        self._weighing += 1
        self._hurry.set()
        try:
            async with asyncio.timeout(deadline_s):
                while not isinstance(verdict, Stable):
                    await self._news.next()
                    verdict = self._platter.take()
        except TimeoutError:
            pass
        finally:
            self._weighing -= 1
        return at_our_price(verdict, unit_price_minor)

    def readings(self) -> AsyncIterator[Weight]:
        """Yield what the scale shows, each change once."""
        return self._news.readings()

    async def zero(self) -> NotReady | None:
        """Set the present load as zero; a tare of ours ends with it."""
        self._news.must_be_here()
        return await self._commands.zero()

    async def tare(self, weight_g: int | None = None) -> NotReady | None:
        """Take ``weight_g`` (None: the present load) off every following weight; kept by us where the scale cannot."""
        self._news.must_be_here()
        return await self._commands.tare(weight_g)

    async def clear_tare(self) -> NotReady | None:
        """Weigh gross again; a scale whose only way is to tare an empty platter must be empty (``NOT_REMOVED``)."""
        self._news.must_be_here()
        return await self._commands.clear_tare()

    async def serve(self, transport: Transport) -> None:
        """Ask or listen until the scale is lost."""
        try:
            await self._learn(transport)
            await self._talk(transport, Conversation(self.model.language))
        except DeviceUnavailable as lost:
            self.health.set(Health.ABSENT, lost.reason)  # whoever waits for a weight is to see it when we wake him
            raise
        finally:
            self._commands.forget()
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
        self._commands.language = self.model.language
        self._platter.rules = self._rules()

    async def _turn(self, transport: Transport, talk: Conversation) -> Reason | None:
        """Say one thing and take what is answered; None, or why that was no answer."""
        before = talk.skipped
        try:
            async with asyncio.timeout(self._options.answer_s):
                if talk.language.question or self._commands.waiting:
                    await self._drain(transport)
                    question = talk.ask()
                    await self._write(transport, self._commands.next() if self._commands.waiting else question)
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
            self.alive()
        else:
            self._note(self._judge(event))

    def _note(self, shown: Weight) -> None:
        """Keep the state true to what the scale shows."""
        match shown:
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

    def _judge(self, weight: Weight) -> Weight:
        sold = self._platter.sold
        shown = self._platter.see(weight, time.monotonic())
        self._commands.taken_off(shown, now=sold and not self._platter.sold)
        self._publish(shown)
        return shown

    def _publish(self, event: Weight | Done) -> None:
        self._commands.hear(event)
        self._news.tell()

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
        if self._weighing or self._commands.waiting:
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

    def _rules(self) -> Rules:
        options = self._options
        try:
            return self.model.rules(options.remove, options.minimum_g, options.stuck_s)
        except ValueError as error:
            raise DeviceMisconfigured(f"scale {self.model.title}: {error}") from error


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
