"""The camera on files: reads pictures that it is given and frames that phones send, one at a time in a worker thread."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from devices.camera_file.intake import Intake, IntakeLimits
from devices.errors import DeviceUnavailable, PictureRefused, TooManyFrames
from devices.health import HasHealth
from devices.ports import Health, Scan
from devices.registry import DeviceSettings, options_of
from devices.surroundings import Surroundings
from devices.vision.codes import Reading
from devices.vision.picture import grey, read_bytes, vision_module


class FileCamera(HasHealth):
    """Reads pictures that it is given.

    Attributes:
        counts: pictures ``read``, ``empty`` and ``refused``; frames of phones that came ``too_fast``.
    """

    def __init__(
        self, device_id: str, around: Surroundings | None = None, *, limits: IntakeLimits | None = None
    ) -> None:
        super().__init__(device_id, (around or Surroundings()).report)
        self._one_at_a_time = asyncio.Lock()  # bounds memory: a flood of pictures waits as paths and bytes
        self._limits = limits or IntakeLimits()
        self._intake = Intake(self._limits)
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Load the decoder before the first picture needs it, then be there until cancelled."""
        try:
            await asyncio.to_thread(_load)
            self.health.set(Health.OK)
        except DeviceUnavailable as missing:
            self.health.set(Health.ABSENT, missing.reason)
        await asyncio.Event().wait()

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return the codes in ``picture``; see ``Camera.read``."""
        readings = await self._read(lambda: _read_picture(picture))
        return [_scan(reading) for reading in readings]

    async def look(self, session: str, frame: bytes) -> list[Scan]:
        """Return what a phone's frame makes certain; see ``FrameIntake.look``."""
        try:
            phone = self._intake.admit(session, len(frame), time.monotonic())
        except (PictureRefused, TooManyFrames) as refused:
            self.counts["refused" if isinstance(refused, PictureRefused) else "too_fast"] += 1
            raise
        try:
            readings = await self._read(lambda: _read_frame(frame, self._limits.frame_pixels))
        finally:
            self._intake.done(phone)
        return [_scan(reading) for reading in phone.view.add(readings, time.monotonic())]

    async def _read(self, reading: Callable[[], list[Reading]]) -> list[Reading]:
        async with self._one_at_a_time:
            try:
                readings = await asyncio.to_thread(reading)
            except PictureRefused:
                self.counts["refused"] += 1
                raise
            except DeviceUnavailable as missing:
                self.health.set(Health.ABSENT, missing.reason)
                raise
        self.health.set(Health.OK)
        self.counts["read" if readings else "empty"] += 1
        return readings


def _load() -> None:
    for module in ("numpy", "cv2"):
        vision_module(module)
    from devices.vision.decoders import decoder_in_use  # after them: without OpenCV there is nothing to decode

    decoder_in_use()


def _read_picture(picture: Path | bytes) -> list[Reading]:
    image = grey(read_bytes(picture))
    from devices.vision.reader import read_picture  # here, in the thread: numpy and OpenCV come with it

    return read_picture(image)


def _read_frame(frame: bytes, max_pixels: int) -> list[Reading]:
    image = grey(frame, max_pixels)
    from devices.vision.reader import read_picture

    # A phone sends few frames a second: each gets the work of a live frame, the votes come from the session's view.
    return read_picture(image, fast=True)


def _scan(reading: Reading) -> Scan:
    return Scan(reading.text, reading.symbology, time.monotonic())


def build(settings: DeviceSettings, around: Surroundings) -> FileCamera:
    """Return the driver of one entry of the settings."""
    return FileCamera(settings.device_id, around, limits=options_of(settings, IntakeLimits))
