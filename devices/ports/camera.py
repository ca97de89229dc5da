"""Readers of codes from pictures."""

from pathlib import Path
from typing import Protocol

from devices.ports.device import Device
from devices.ports.scanner import Scan


class Camera(Device, Protocol):
    """Reads codes from pictures."""

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return the retail codes in one picture (a file or its bytes), each text once.

        Raises:
            PictureRefused: over the limits, or no picture.
            DeviceUnavailable: the decoder is not installed.
        """
