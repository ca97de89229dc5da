"""The cash drawer at a printer's connector: opened by a pulse, watched by the level of one pin."""

import asyncio
import time
from typing import Literal, cast

import msgspec

from devices.drawer_escpos.codec import stands_open
from devices.errors import DeviceError, DeviceMisconfigured, DeviceUnavailable
from devices.health import HasHealth
from devices.ports.device import Health
from devices.ports.drawer import DrawerConnector, OpenLevel
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings


class DrawerOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One drawer.

    Attributes:
        printer: the id of the printer that it hangs on.
        pin: of the connector, 2 or 5.
        open_level: which level of the sensor pin means open; ``shopwire devices learn drawer`` finds it out.
        alarm_s: a drawer that stands open longer is told of; 0 tells nothing.
        look_s: between two looks at it.
    """

    printer: str
    pin: Literal[2, 5] = 2
    open_level: Literal["high", "low", "unknown"] = "unknown"
    alarm_s: float = 60.0
    look_s: float = 0.5


class PrinterDrawer(HasHealth):
    """A drawer that a printer opens; it is as its printer is, unless it has stood open for too long."""

    def __init__(self, device_id: str, options: DrawerOptions, around: Surroundings | None = None) -> None:
        if not options.printer:
            raise DeviceMisconfigured(
                f"device {device_id} (drawer_escpos): options need printer, the id of a printer of this store"
            )
        self._options, self._around = options, around or Surroundings()
        super().__init__(device_id, self._around.report)
        self._level = OpenLevel(options.open_level)
        self._open_since: float | None = None

    async def run(self) -> None:
        """Look at the drawer until cancelled."""
        while True:
            try:
                await self._look()
            except DeviceError as error:
                self._open_since = None
                self.health.set(Health.ABSENT, f"its printer {self._options.printer}: {_reason(error)}")
            await asyncio.sleep(self._options.look_s)

    async def open(self) -> bool:
        """Give the pulse once; see ``CashDrawer.open``."""
        return await self._connector().pulse(self._options.pin)

    async def is_open(self) -> bool | None:
        """Whether it stands open; see ``CashDrawer.is_open``."""
        return stands_open(await self._connector().read_pin(), self._level)

    async def _look(self) -> None:
        if self.state.health is Health.OPENING and self._connector().state.health is Health.OPENING:
            return  # both are only starting: nothing was lost
        if not await self.is_open():
            self._open_since = None
            self.health.set(Health.OK)
            return
        now = time.monotonic()
        self._open_since = self._open_since if self._open_since is not None else now
        if self._options.alarm_s and now - self._open_since >= self._options.alarm_s:
            self.health.set(
                Health.DEGRADED, f"{self.device_id} stands open for over {self._options.alarm_s:g} s: close it"
            )
        elif self.state.health is not Health.DEGRADED:
            self.health.set(Health.OK)

    def _connector(self) -> DrawerConnector:
        printer = self._around.neighbour(self._options.printer)
        if not hasattr(printer, "pulse"):
            raise DeviceUnavailable(self.device_id, f"{self._options.printer} is no printer with a drawer's connector")
        return cast(DrawerConnector, printer)


def _reason(error: DeviceError) -> str:
    return error.reason if isinstance(error, DeviceUnavailable) else str(error)


def build(settings: DeviceSettings, around: Surroundings) -> PrinterDrawer:
    """Return the driver of one entry of the settings."""
    return PrinterDrawer(settings.device_id, options_of(settings, DrawerOptions), around)
