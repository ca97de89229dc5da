"""The line-framed scanner: opens its port, reads it, loses it, finds it again; yields codes and passes orders on."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import structlog

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceUnavailable
from devices.passes import AGAIN_S, Intake
from devices.ports import Health, Scan, ScannerAbilities
from devices.registry import DeviceSettings, options_of
from devices.scanner_serial.codec import LineDecoder, Suffix
from devices.scanner_serial.menu import MAX_REPLY_BYTES, Answered, find_reply, fingerprint, split_codes
from devices.scanner_serial.models import ANY_MODEL, IDS, MODELS, Model
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

ORDER_S = 1.0
SETUP_S = 1.5

_log = structlog.get_logger(__name__)


class ScannerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the scanner is set up.

    Attributes:
        suffix: ``any`` (CR, LF or CR LF), ``cr``, ``lf``, ``crlf``, ``etx`` or ``none``.
        prefix: what it sends before every code.
        ids: how it names symbologies: ``aim`` (also when it does not), ``none``, or a maker's letters (``honeywell``).
        gap_s: silence that ends a code without suffix; 30 to 50 ms suit a serial line.
        stale_s: silence after which half a code is dropped.
        again_s: the same code counts again after it was not read for so long; 0 counts every read.
        setup: fingerprint of the accepted set-up, for models that can be asked; anything else is told as degraded.
    """

    suffix: Suffix = Suffix.ANY
    prefix: str = ""
    ids: str = "aim"
    gap_s: float = 0.05
    stale_s: float = 0.3
    again_s: float = AGAIN_S
    setup: str = ""

    def __post_init__(self) -> None:
        """Refuse waits that would glue codes together or never end."""
        if not 0.005 <= self.gap_s <= 2 or not 0.05 <= self.stale_s <= 10 or not 0 <= self.again_s <= 10:
            raise ValueError(
                f"gap_s {self.gap_s} (0.005 to 2), stale_s {self.stale_s} (0.05 to 10) or again_s {self.again_s} (0 to 10)"
            )


class SerialScanner(ServedDevice):
    """A scanner on a serial port, a USB-CDC port or a network serial server.

    Attributes:
        intake: its scans, and counts of what was none.
        setup: fingerprint of its set-up as it was read last; empty while unknown.
    """

    def __init__(
        self,
        device_id: str,
        address: str,
        options: ScannerOptions | None = None,
        around: Surroundings | None = None,
        *,
        model: Model | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self.setup = ""
        self._options = options or ScannerOptions()
        self._model = model or MODELS.named(ANY_MODEL)
        self._vendor = None if self._options.ids in ("aim", "none") else IDS.named(self._options.ids)
        self.intake = Intake(device_id, self._options.again_s)
        self._transport: Transport | None = None
        self._disabled = False

    @property
    def can(self) -> ScannerAbilities:
        """What may be asked of this model."""
        return self._model.can

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield scans in the order in which they were read."""
        return self.intake.scans()

    async def enable(self) -> None:
        """Read again."""
        await self._order("be enabled", self._model.enable if self.can.enable else "")
        self._disabled = False

    async def disable(self) -> None:
        """Read nothing until ``enable``."""
        await self._order("be disabled", self._model.disable if self.can.enable else "")
        self._disabled = True

    async def beep(self, *, good: bool) -> None:
        """Beep well or badly."""
        orders = self._model.good_beep if good else self._model.bad_beep
        await self._order("beep", orders)
        if not good and self._model.bad_beep_disables and not self._disabled:
            await self._order("be enabled", self._model.enable)

    async def trigger(self, *, on: bool) -> None:
        """Begin or end to look for a code."""
        await self._order("be triggered", self._model.trigger_on if on else self._model.trigger_off)

    async def serve(self, transport: Transport) -> None:
        """Read codes until the scanner is lost."""
        decoder = self._decoder()
        self._transport = transport
        self.health.set(Health.OK)  # an idle scanner says nothing: that its port opens is all there is to know
        try:
            if self._disabled:
                await self._order("be disabled", self._model.disable)
            if self._model.setup_question:
                await self._check_setup(transport, decoder)
            await self._read(transport, decoder)
        finally:
            self._transport = None

    def _decoder(self) -> LineDecoder:
        options = self._options
        return LineDecoder(options.suffix, options.prefix.encode(), aim=options.ids == "aim", vendor=self._vendor)

    async def _read(self, transport: Transport, decoder: LineDecoder) -> None:
        quiet_s = self._options.gap_s if self._options.suffix is Suffix.NONE else self._options.stale_s
        await self.intake.read(transport, decoder, quiet_s, self._backoff.reset)

    async def _order(self, wish: str, orders: str) -> None:
        if not orders:
            raise DeviceIncapable(self.device_id, wish)
        if self._transport is None:
            raise DeviceUnavailable(self.device_id, self.state.reason or "it is away")
        try:
            async with asyncio.timeout(ORDER_S):
                await self._transport.write(bytes.fromhex(orders))
        except TimeoutError as error:
            raise DeviceUnavailable(self.device_id, f"took no order within {ORDER_S:g} s") from error

    async def _check_setup(self, transport: Transport, decoder: LineDecoder) -> None:
        """Ask for the set-up and compare it: a shopper who shows a programming code must not change a scanner unseen."""
        await self._order("tell its set-up", self._model.setup_question)
        answer = await self._answer(transport, decoder)
        await self.intake.take(decoder.feed(answer.others))
        self.setup = fingerprint(answer.setup) if answer.setup else ""
        accepted = self._options.setup
        if accepted and self.setup != accepted:
            found = f"its set-up is {self.setup}" if self.setup else "it does not tell its set-up"
            self.health.set(
                Health.DEGRADED, f"{found}, accepted was {accepted}: scan its set-up codes again, then lock it"
            )
        elif self.setup:
            _log.info("scanner_setup_read", device_id=self.device_id, setup=self.setup, accepted=bool(accepted))

    async def _answer(self, transport: Transport, decoder: LineDecoder) -> Answered:
        """Return the answer to the question; codes that come meanwhile do not wait for it."""
        heard = b""
        until_s = asyncio.get_running_loop().time() + SETUP_S
        while len(heard) < MAX_REPLY_BYTES:
            try:
                async with asyncio.timeout_at(until_s):  # around reading alone: a code that waits for room is not lost
                    heard += await transport.read()
            except TimeoutError:
                break  # a scanner that is set to take no orders says nothing
            if answer := find_reply(heard):
                return answer
            codes, heard = split_codes(heard)
            await self.intake.take(decoder.feed(codes))
        return Answered("", heard)


def build(settings: DeviceSettings, around: Surroundings) -> SerialScanner:
    """Return the driver of one entry of the settings."""
    options, model = options_of(settings, ScannerOptions), MODELS.named(settings.profile or ANY_MODEL)
    return SerialScanner(settings.device_id, settings.address, options, around, model=model)
