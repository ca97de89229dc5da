"""The signal light on a relay board: says which lamps burn, again after it was gone."""

from typing import Annotated

import msgspec

from devices.errors import DeviceMisconfigured
from devices.flashing import Flashing
from devices.light_relay.codec import BOARDS, RelayBoard, encode
from devices.ports.light import Colour, Signal
from devices.registry import DeviceSettings, options_of
from devices.silent import SilentDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

Relay = Annotated[int, msgspec.Meta(ge=0, le=64)]


class RelayOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which relay switches which lamp, counted from 1; 0: the light has no such lamp."""

    green: Relay = 1
    yellow: Relay = 2
    red: Relay = 3

    def wiring(self) -> dict[Colour, int]:
        """Return the relay of each lamp there is."""
        relays = {Colour.GREEN: self.green, Colour.YELLOW: self.yellow, Colour.RED: self.red}
        return {colour: relay for colour, relay in relays.items() if relay}


class RelayLight(SilentDevice):
    """A light that shows the newest signal."""

    def __init__(
        self, device_id: str, address: str, board: RelayBoard, options: RelayOptions, around: Surroundings | None = None
    ) -> None:
        super().__init__(device_id, address, around)
        self._board, self._wiring = board, options.wiring()
        if len(set(self._wiring.values())) != len(self._wiring) or max(self._wiring.values(), default=1) > board.relays:
            raise DeviceMisconfigured(f"device {device_id}: each lamp needs a relay of its own, 1 to {board.relays}")
        self._lamps = Flashing()

    def signal(self, signal: Signal) -> None:
        """Show ``signal`` as soon as the light is there; the newest wins."""
        self._lamps.signal(signal)

    async def work(self, transport: Transport) -> None:
        """Switch lamps until the board is lost."""

        async def switch(burning: frozenset[Colour]) -> None:
            await self.tell(transport, encode(burning, self._wiring, self._board))
            self.alive()

        await self._lamps.play(switch)


def build(settings: DeviceSettings, around: Surroundings) -> RelayLight:
    """Return the driver of one entry of the settings; ``profile`` is the board."""
    board = BOARDS.named(settings.profile or "lcus")
    return RelayLight(settings.device_id, settings.address, board, options_of(settings, RelayOptions), around)
