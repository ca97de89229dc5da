"""The customer display on a serial line: shows the newest thing it was told, again after it was gone."""

import asyncio

from devices.display_serial.codec import encode, reset
from devices.display_serial.model import MODELS, DisplayModel
from devices.errors import DeviceMisconfigured, DeviceUnavailable
from devices.ports.display import Shown
from devices.registry import DeviceSettings
from devices.served import ServedDevice
from devices.surroundings import Surroundings
from devices.transport import Transport

WRITE_S = 2.0
"""A frame of two rows takes 0.05 s at 9600 baud and 0.2 s at 2400; a display that takes ten times that hangs."""


class SerialDisplay(ServedDevice):
    """A display that takes commands and never answers: that its line takes them is all there is to know of its health."""

    def __init__(self, device_id: str, address: str, model: DisplayModel, around: Surroundings | None = None) -> None:
        super().__init__(device_id, address, around)
        self._model = model
        self._newest = Shown()
        self._news = asyncio.Event()

    def show(self, shown: Shown) -> None:
        """Show ``shown`` as soon as the display is there; the newest wins."""
        self._newest = shown
        self._news.set()

    async def serve(self, transport: Transport) -> None:
        """Write what is to be shown, until the display is lost."""
        await self._write(transport, reset(self._model))
        self._news.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_until_gone(transport))
            await self._show_news(transport)  # in the body, not a task: see ServedDevice.serve

    async def _show_news(self, transport: Transport) -> None:
        written = b""
        while True:
            await self._news.wait()
            self._news.clear()
            frame = encode(self._newest, self._model)
            if frame != written:
                await self._write(transport, frame)
                written = frame
            self.alive()

    async def _write(self, transport: Transport, data: bytes) -> None:
        try:
            async with asyncio.timeout(WRITE_S):
                await transport.write(data)
        except TimeoutError as error:
            raise DeviceUnavailable(self.device_id, f"took no bytes for {WRITE_S:g} s: switch it off and on") from error


async def _until_gone(transport: Transport) -> None:
    while True:
        await transport.read()  # it has nothing to say, but only who reads hears that it was unplugged


def build(settings: DeviceSettings, around: Surroundings) -> SerialDisplay:
    """Return the driver of one entry of the settings; ``profile`` is the model."""
    if settings.options:
        raise DeviceMisconfigured(f"device {settings.device_id} (display_serial) takes no options: {settings.options}")
    return SerialDisplay(settings.device_id, settings.address, MODELS.named(settings.profile or "cd5220"), around)
