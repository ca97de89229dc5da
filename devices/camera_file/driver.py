"""The camera on files: reads retail codes from pictures in a worker thread, one picture at a time."""

import asyncio
import time
from collections import Counter
from pathlib import Path

from devices.errors import DeviceMisconfigured, DeviceUnavailable, PictureRefused
from devices.health import DeviceHealth
from devices.ports import DeviceState, Health, Scan
from devices.registry import DeviceSettings
from devices.surroundings import Surroundings
from devices.vision.codes import chosen
from devices.vision.decoders import cascade
from devices.vision.picture import grey, read_bytes, vision_module


class FileCamera:
    """Reads pictures that it is given.

    Attributes:
        counts: pictures ``read``, ``empty`` and ``refused``.
    """

    def __init__(self, device_id: str, around: Surroundings | None = None) -> None:
        self._health = DeviceHealth(device_id, (around or Surroundings()).report)
        self._one_at_a_time = asyncio.Lock()  # bounds memory: a flood of pictures waits as paths and bytes
        self.counts: Counter[str] = Counter()

    @property
    def device_id(self) -> str:
        """The name in settings, screens and logs."""
        return self._health.device_id

    @property
    def state(self) -> DeviceState:
        """Whether pictures can be read."""
        return self._health.state

    async def run(self) -> None:
        """Load the decoder before the first picture needs it, then be there until cancelled."""
        try:
            await asyncio.to_thread(self._load)
            self._health.set(Health.OK)
        except DeviceUnavailable as missing:
            self._health.set(Health.ABSENT, missing.reason)
        await asyncio.Event().wait()

    @staticmethod
    def _load() -> None:
        for module in ("numpy", "cv2", "zxingcpp"):
            vision_module(module)

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return the codes in ``picture``; see ``Camera.read``."""
        async with self._one_at_a_time:
            try:
                readings = await asyncio.to_thread(lambda: chosen(cascade(grey(read_bytes(picture)))))
            except PictureRefused:
                self.counts["refused"] += 1
                raise
            except DeviceUnavailable as missing:
                self._health.set(Health.ABSENT, missing.reason)
                raise
        self._health.set(Health.OK)
        self.counts["read" if readings else "empty"] += 1
        return [Scan(reading.text, reading.symbology, time.monotonic()) for reading in readings]


def build(settings: DeviceSettings, around: Surroundings) -> FileCamera:
    """Return the driver of one entry of the settings."""
    if settings.options:
        raise DeviceMisconfigured(f"device {settings.device_id} (camera_file) takes no options: {settings.options}")
    return FileCamera(settings.device_id, around)
