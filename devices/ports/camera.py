"""Readers of codes from pictures: given ones, live ones, and those that phones send."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from devices.ports.device import Device
from devices.ports.scanner import Scan, Scanner

Known = Callable[[str], Awaitable[bool]]
"""Whether a text, as read, is an article of this store; the application's item master answers."""


class Camera(Device, Protocol):
    """Reads codes from pictures."""

    async def read(self, picture: Path | bytes) -> list[Scan]:
        """Return the retail codes in one picture (a file or its bytes), each text once.

        Raises:
            PictureRefused: over the limits, or no picture.
            DeviceUnavailable: the decoder is not installed.
        """


class LiveCamera(Scanner, Protocol):
    """Yields each code that passes before it, once while it stays in view."""

    def ask_known(self, known: Known | None) -> None:
        """Take who knows the store's articles: a known one is believed after fewer frames. None: nobody knows."""


class FrameIntake(Device, Protocol):
    """Reads frames that phones send, one session a phone."""

    async def look(self, session: str, frame: bytes) -> list[Scan]:
        """Return the codes that this frame makes certain and that are new in the session's view.

        Args:
            session: who sends; names are the application's, at most 64 characters.
            frame: one picture file.

        Raises:
            PictureRefused: over the limits of bytes or pixels, or no picture.
            TooManyFrames: the session, or all of them, send faster than they may.
            DeviceUnavailable: the decoder is not installed.
        """
