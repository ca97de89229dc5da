"""The keyboard scanner: grabbed from the kernel, its keys put together to codes. It takes no orders."""

from collections.abc import AsyncIterator

import msgspec

from devices.backoff import Backoff
from devices.errors import DeviceIncapable, DeviceMisconfigured
from devices.passes import AGAIN_S, Intake
from devices.ports import Health, Scan, ScannerAbilities
from devices.registry import DeviceSettings, options_of
from devices.scanner_hid import keymap
from devices.scanner_hid.codec import End, KeyDecoder, Typing
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

PATIENCE_WITH_PEOPLE_S = 5.0


class HidOptions(Typing, frozen=True, forbid_unknown_fields=True):
    """How the scanner is set up: how it types, and what counts as another pass.

    Attributes:
        again_s: the same code counts again after it was not read for so long; 0 counts every read.
    """

    again_s: float = AGAIN_S

    def __post_init__(self) -> None:
        """Refuse what would glue codes together, take people for scanners, or name a key that is not there."""
        if not 0.02 <= self.idle_s <= 2 or not 0.05 <= self.stale_s <= 10 or not 0.005 <= self.human_s <= 1:
            raise ValueError(
                f"idle_s {self.idle_s} (0.02 to 2), stale_s {self.stale_s} (0.05 to 10) or human_s {self.human_s} (0.005 to 1)"
            )
        if self.fnc1 not in ("", "ctrl", *keymap.FUNCTION_KEYS) and len(self.fnc1) != 1:
            raise ValueError(f"fnc1 {self.fnc1!r} is none of ctrl, F1 to F12, one character, or nothing")
        if not 0 <= self.again_s <= 10:
            raise ValueError(f"again_s {self.again_s} (0 to 10)")

    @property
    def typing(self) -> Typing:
        """The same for the decoder; whoever lets people type gives them time."""
        return msgspec.structs.replace(self, stale_s=PATIENCE_WITH_PEOPLE_S) if self.people else self


class HidScanner(ServedDevice):
    """A scanner that the computer takes for a keyboard.

    Attributes:
        intake: its scans, and counts of what was none.
    """

    can = ScannerAbilities()

    def __init__(
        self,
        device_id: str,
        address: str,
        options: HidOptions | None = None,
        around: Surroundings | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(device_id, address, around, backoff=backoff)
        self._options = options or HidOptions()
        self.intake = Intake(device_id, self._options.again_s)

    def __aiter__(self) -> AsyncIterator[Scan]:
        """Yield scans in the order in which they were read."""
        return self.intake.scans()

    async def serve(self, transport: Transport) -> None:
        """Read keys until the scanner is lost."""
        self.health.set(Health.OK)  # an idle keyboard says nothing: that it could be grabbed is all there is to know
        typing = self._options.typing
        decoder = KeyDecoder(typing)
        quiet_s = typing.idle_s if typing.suffix is End.NONE else typing.stale_s
        await self.intake.read(transport, decoder, quiet_s, self._backoff.reset)

    async def enable(self) -> None:
        """Keyboards take no orders."""
        raise DeviceIncapable(self.device_id, "be enabled")

    async def disable(self) -> None:
        """Keyboards take no orders."""
        raise DeviceIncapable(self.device_id, "be disabled")

    async def beep(self, *, good: bool) -> None:
        """Keyboards take no orders."""
        raise DeviceIncapable(self.device_id, "beep well" if good else "beep badly")

    async def trigger(self, *, on: bool) -> None:
        """Keyboards take no orders."""
        raise DeviceIncapable(self.device_id, "be triggered" if on else "be let go")


def build(settings: DeviceSettings, around: Surroundings) -> HidScanner:
    """Return the driver of one entry of the settings."""
    if not settings.address.startswith(("evdev:", "usb:", "replay:")):
        raise DeviceMisconfigured(
            f"device {settings.device_id}: a keyboard scanner has an address such as evdev:/dev/input/by-id/usb-…-event-kbd, "
            f"not {settings.address!r}"
        )
    return HidScanner(settings.device_id, settings.address, options_of(settings, HidOptions), around)
