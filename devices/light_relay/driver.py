"""The signal light on a relay board: says which lamps burn, again after it was gone."""

import asyncio
from typing import Annotated

import msgspec

from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.flashing import Flashing
from devices.light_relay.codec import BOARDS, RelayBoard, encode
from devices.ports.light import Colour, Signal
from devices.registry import DeviceSettings, options_of
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

WRITE_S = 2.0
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


class RelayLight(ServedDevice):
    """A light that takes commands and never answers: that its line takes them is all there is to know of its health."""

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

    async def serve(self, transport: Transport) -> None:
        """Switch lamps until the board is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_until_gone(transport))
            # In the body, not a task: see ServedDevice.serve.
            await self._lamps.play(lambda burning: self._switch(transport, burning))

    async def _switch(self, transport: Transport, burning: frozenset[Colour]) -> None:
        try:
            async with asyncio.timeout(WRITE_S):
                await transport.write(encode(burning, self._wiring, self._board))
        except TimeoutError as error:
            raise DeviceUnavailable(self.device_id, f"took no bytes for {WRITE_S:g} s: switch it off and on") from error
        self.alive()


async def _until_gone(transport: Transport) -> None:
    while True:
        await transport.read()  # it has nothing to say, but only who reads hears that it was unplugged


def build(settings: DeviceSettings, around: Surroundings) -> RelayLight:
    """Return the driver of one entry of the settings; ``profile`` is the board."""
    board = BOARDS.named(settings.profile or "lcus")
    return RelayLight(settings.device_id, settings.address, board, options_of(settings, RelayOptions), around)
