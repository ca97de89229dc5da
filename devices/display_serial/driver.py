"""The customer display on a serial line: shows the newest thing it was told, again after it was gone."""

import asyncio

from devices.display_serial.codec import encode, reset
from devices.display_serial.model import MODELS, DisplayModel
from devices.errors import DeviceMisconfigured
from devices.ports.display import Shown
from devices.registry import DeviceSettings
from devices.silent import SilentDevice
from devices.surroundings import Surroundings
from devices.transport import Transport


class SerialDisplay(SilentDevice):
    """A display that shows the newest thing."""

    def __init__(self, device_id: str, address: str, model: DisplayModel, around: Surroundings | None = None) -> None:
        super().__init__(device_id, address, around)
        self._model = model
        self._newest = Shown()
        self._news = asyncio.Event()

    def show(self, shown: Shown) -> None:
        """Show ``shown`` as soon as the display is there; the newest wins."""
        self._newest = shown
        self._news.set()

    async def work(self, transport: Transport) -> None:
        """Write what is to be shown, until the display is lost."""
        await self.tell(transport, reset(self._model))
        self._news.set()
        written = b""
        while True:
            await self._news.wait()
            self._news.clear()
            frame = encode(self._newest, self._model)
            if frame != written:
                await self.tell(transport, frame)
                written = frame
            self.alive()


def build(settings: DeviceSettings, around: Surroundings) -> SerialDisplay:
    """Return the driver of one entry of the settings; ``profile`` is the model."""
    if settings.options:
        raise DeviceMisconfigured(f"device {settings.device_id} (display_serial) takes no options: {settings.options}")
    return SerialDisplay(settings.device_id, settings.address, MODELS.named(settings.profile or "cd5220"), around)
