"""A tariff scale on Dialog 06: weighs when it is asked to, at the price that it is told, and works out the amount."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.framing import Parity7, with_parity
from devices.line import on_line
from devices.ports.device import Health
from devices.ports.scale import NotReady, Reason, ScaleAbilities, Stable, Weight
from devices.registry import DeviceSettings, options_of
from devices.scale_dialog06.codec import MAX_PRICE_MINOR, MAX_TARE_G, Alive, Dialog, Keys, Send
from devices.scale_news import ScaleNews
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport
from devices.weighing import Load, Platter, Remove, Rules

LINE = "baud=9600&bits=7&parity=odd"
"""As the scale comes from the factory; what the settings say in the address wins."""
_PAUSE_S = 0.1


class DialogOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the settings may say.

    Attributes:
        checksum, keyword: the keys of the checksum duty, four hexadecimal digits each, from the scale's maker.
        capacity_g, division_g: Max and e on the plate; Min is the scale's own business.
        default_price_minor: per kilogram, for weighings without a price.
        life_s: how often an idle scale is asked whether it is there.
        answer_s: how long it may take to answer.
        patience: so many missing answers in a row, and it counts as lost.
        parity: behind a serial server that only knows 8N1: ``odd`` is then made here.
    """

    checksum: str = "0000"
    keyword: str = "0000"
    capacity_g: int = 15_000
    division_g: int = 5
    default_price_minor: int = 1
    life_s: float = 5.0
    answer_s: float = 0.8
    patience: int = 3
    parity: Parity7 = Parity7.NONE

    def __post_init__(self) -> None:
        """Refuse keys that are none and waits that never end."""
        self.keys()
        if not 1 <= self.default_price_minor <= MAX_PRICE_MINOR or not 0.02 <= self.answer_s <= 10:
            raise ValueError(
                f"default_price_minor {self.default_price_minor} (1 to {MAX_PRICE_MINOR}) or answer_s {self.answer_s} (0.02 to 10)"
            )

    def keys(self) -> Keys:
        """Return the keys.

        Raises:
            ValueError: not four hexadecimal digits each.
        """
        if len(self.checksum) != 4 or len(self.keyword) != 4:
            raise ValueError("checksum and keyword are four hexadecimal digits each")
        return Keys(int(self.checksum, 16), int(self.keyword, 16))


class DialogScale(ServedDevice):
    """A price-calculating scale. Its live weight stands on its own display: over the line it gives finished weighings only.

    Attributes:
        counts: answers that made no sense, by reason, and questions without answer (``silent``).
    """

    abilities = ScaleAbilities(tare=True, prices=True)

    def __init__(
        self,
        device_id: str,
        address: str,
        options: DialogOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        self._options = options or DialogOptions()
        super().__init__(device_id, address, on_line(around or Surroundings(), LINE), backoff=backoff)
        self._platter = Platter(_rules(device_id, self._options))
        self._load = self.around.keep("load", Load())  # its tare; the scale itself knows what was not taken off
        self._wanted_minor: int | None = None
        self._turn_taken = asyncio.Lock()
        self._news, self._hurry = ScaleNews(self, self._platter), asyncio.Event()
        self.counts: Counter[str] = Counter()

    async def weigh(self, deadline_s: float = 3.0, unit_price_minor: int | None = None) -> Weight:
        """Wait for a weighing at ``unit_price_minor`` per kilogram; without one the amount is left out."""
        price = self._options.default_price_minor if unit_price_minor is None else unit_price_minor
        if not 0 < price <= MAX_PRICE_MINOR:
            return NotReady(Reason.REFUSED)
        weight: Weight = NotReady(Reason.SILENT)
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_s), self._turn_taken:  # one price at a time
                self._wanted_minor = price
                self._hurry.set()
                try:
                    while not isinstance(weight, Stable):
                        await self._news.next()
                        weight = self._platter.shown
                    self._load.tare_g = 0  # it was for this item
                finally:
                    self._wanted_minor = None
        if unit_price_minor is None and isinstance(weight, Stable):
            return msgspec.structs.replace(weight, amount_minor=None)
        return weight

    def readings(self) -> AsyncIterator[Weight]:
        """Yield what weighings come to, each change once."""
        return self._news.readings()

    async def zero(self) -> NotReady | None:
        """Say that this scale is zeroed by its own key."""
        self._news.must_be_here()
        return NotReady(Reason.REFUSED)

    async def tare(self, weight_g: int | None = None) -> NotReady | None:
        """Send ``weight_g`` with the price of the next item; the present load only its own key can take."""
        self._news.must_be_here()
        if weight_g is None or not 0 <= weight_g <= MAX_TARE_G:
            return NotReady(Reason.REFUSED, weight_g)
        self._load.tare_g = weight_g
        return None

    async def clear_tare(self) -> NotReady | None:
        """Send no tare any more."""
        self._news.must_be_here()
        self._load.tare_g = 0
        return None

    async def serve(self, transport: Transport) -> None:
        """Weigh when asked to, look for life otherwise, until the scale is lost."""
        try:
            await self._talk(transport, Dialog(self._options.keys()))
        except DeviceUnavailable as lost:
            self.health.set(Health.ABSENT, lost.reason)  # whoever waits for a weight is to see it when we wake him
            raise
        finally:
            self._publish(NotReady(Reason.SILENT))

    async def _talk(self, transport: Transport, dialog: Dialog) -> None:
        missing = 0
        while missing < self._options.patience:
            missing = 0 if await self._turn(transport, dialog) else missing + 1
            await self._rest()
        raise DeviceUnavailable(transport.address, "it does not answer: is it switched on and set to Dialog 06?")

    async def _turn(self, transport: Transport, dialog: Dialog) -> bool:
        wanted = self._wanted_minor
        try:
            async with asyncio.timeout(self._options.answer_s):
                await self._write(
                    transport, dialog.look() if wanted is None else dialog.weigh(wanted, self._load.tare_g)
                )
                while not await self._hear(transport, dialog, wanted):
                    pass
        except TimeoutError:
            self.counts["silent"] += 1
            return False
        return True

    async def _hear(self, transport: Transport, dialog: Dialog, wanted: int | None) -> bool:
        done = False
        for event in dialog.feed(await transport.read()):
            if isinstance(event, Send):
                await self._write(transport, event.data)
                continue
            done = True
            self._judge_health(event, refused=dialog.refused)
            if wanted is not None and wanted == self._wanted_minor and not isinstance(event, Alive):
                self._publish(event)  # and not to who has come meanwhile with another price
        await asyncio.sleep(0)  # however fast it babbles, others have their turn and deadlines run
        return done

    def _judge_health(self, event: Weight | Alive, *, refused: bool) -> None:
        if refused:
            self.health.set(Health.FAILED, "refuses our checksum: enter its keys in the settings (checksum, keyword)")
        elif event == NotReady(Reason.WRONG_UNIT):
            self.health.set(Health.DEGRADED, "shows another unit than kilograms: set it to kg")
        elif event == NotReady(Reason.GARBLED):
            self.counts["garbled"] += 1
        else:
            self.alive()

    def _publish(self, weight: Weight) -> None:
        self._platter.see(weight, time.monotonic())
        self._news.tell()

    async def _rest(self) -> None:
        """Wait until the next question is due."""
        if self._wanted_minor is not None:
            await asyncio.sleep(_PAUSE_S)
            return
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.life_s):
                await self._hurry.wait()

    async def _write(self, transport: Transport, data: bytes) -> None:
        await transport.write(with_parity(data, self._options.parity))


def _rules(device_id: str, options: DialogOptions) -> Rules:
    try:  # the scale itself knows its Min, and refuses what was not taken off
        return Rules(options.capacity_g, options.division_g, minimum_g=0, remove=Remove.NEVER, stuck_s=0)
    except ValueError as error:
        raise DeviceMisconfigured(f"device {device_id}: {error}") from error


def build(settings: DeviceSettings, around: Surroundings) -> DialogScale:
    """Return the driver of one entry of the settings."""
    return DialogScale(settings.device_id, settings.address, options_of(settings, DialogOptions), around)
