"""The signal light on GPIO lines: one line a lamp, through the kernel's character device (``/dev/gpiochip0``)."""

from collections.abc import Callable
from typing import Annotated, Any, Protocol

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.flashing import Flashing
from devices.health import HasHealth
from devices.ports.device import Health
from devices.ports.light import Colour, Signal
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings

CONSUMER = "shopwire"
Line = Annotated[int, msgspec.Meta(ge=-1, le=511)]


class GpioOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chip's line of each lamp, -1: no such lamp; ``active_low`` for boards that switch on with 0 V."""

    green: Line = 17
    yellow: Line = 27
    red: Line = 22
    active_low: bool = False

    def wiring(self) -> dict[Colour, int]:
        """Return the line of each lamp there is."""
        lines = {Colour.GREEN: self.green, Colour.YELLOW: self.yellow, Colour.RED: self.red}
        return {colour: line for colour, line in lines.items() if line >= 0}


class Lines(Protocol):
    """Lines of a chip that are ours until released."""

    def set(self, burning: dict[int, bool]) -> None:
        """Switch lines; raises OSError when the chip is gone."""

    def release(self) -> None:
        """Give the lines back."""


OpenLines = Callable[[str, GpioOptions], Lines]


class GpioLight(HasHealth):
    """A light on GPIO lines."""

    def __init__(
        self,
        device_id: str,
        chip: str,
        options: GpioOptions,
        around: Surroundings | None = None,
        *,
        open_lines: OpenLines | None = None,
    ) -> None:
        if len(set(options.wiring().values())) != len(options.wiring()):
            raise DeviceMisconfigured(f"device {device_id}: each lamp needs a line of its own")
        if not chip.startswith("/dev/gpiochip"):
            raise DeviceMisconfigured(f"device {device_id}: address {chip!r} is no GPIO chip, such as /dev/gpiochip0")
        self._chip, self._options, self._around = chip, options, around or Surroundings()
        super().__init__(device_id, self._around.report)
        self._open_lines = open_lines or open_gpiod
        self._lamps = Flashing()

    def signal(self, signal: Signal) -> None:
        """Show ``signal`` as soon as the light is there; the newest wins."""
        self._lamps.signal(signal)

    async def run(self) -> None:
        """Switch lamps until cancelled; a chip that is absent or held by another program is tried again."""
        backoff = Backoff(cap_s=5.0)
        while True:
            try:
                await self._serve()
            except DeviceUnavailable as lost:
                self.health.set(Health.ABSENT, lost.reason)
            except OSError as error:
                self.health.set(Health.ABSENT, f"{self._chip}: {error.strerror or error}")
            await self._around.arrivals.wait(backoff.wait_s())

    async def _serve(self) -> None:
        lines = self._open_lines(self._chip, self._options)
        wiring = self._options.wiring()

        async def switch(burning: frozenset[Colour]) -> None:
            lines.set({line: colour in burning for colour, line in wiring.items()})
            self.health.set(Health.OK)

        try:
            await self._lamps.play(switch)
        finally:
            lines.release()  # the kernel leaves each line as it is, so the last signal stays until somebody takes them


class _Gpiod:
    """``Lines`` of libgpiod."""

    def __init__(self, gpiod: Any, chip: str, options: GpioOptions) -> None:
        value = gpiod.line.Value
        self._on, self._off = value.ACTIVE, value.INACTIVE
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT, output_value=value.INACTIVE, active_low=options.active_low
        )
        config = dict.fromkeys(options.wiring().values(), settings)
        self._request = gpiod.request_lines(chip, config=config, consumer=CONSUMER)
        self.release = self._request.release

    def set(self, burning: dict[int, bool]) -> None:
        self._request.set_values({line: self._on if on else self._off for line, on in burning.items()})


def open_gpiod(chip: str, options: GpioOptions) -> Lines:
    """Take the lines with libgpiod.

    Raises:
        DeviceUnavailable: gpiod is not installed.
        OSError: no such chip, no right to use it, or another program holds a line.
    """
    try:
        import gpiod
    except ImportError as error:
        raise DeviceUnavailable(chip, "gpiod is not installed: install shopwire[gpio]") from error
    return _Gpiod(gpiod, chip, options)


def build(settings: DeviceSettings, around: Surroundings) -> GpioLight:
    """Return the driver of one entry of the settings."""
    return GpioLight(
        settings.device_id, settings.address or "/dev/gpiochip0", options_of(settings, GpioOptions), around
    )
