"""A keyboard that the kernel itself takes for one: ``/dev/uinput``, where it is there and may be used.

Source: Linux, include/uapi/linux/uinput.h and input.h.
"""

import asyncio
import fcntl
import os
import struct
from pathlib import Path

from firmware_sim.wire import Wire

DEVICE = Path("/dev/uinput")
_SET_EVENT, _SET_KEY, _CREATE, _DESTROY = 0x40045564, 0x40045565, 0x5501, 0x5502
_NAME_BYTES = 64
_GET_NAME = 0x8000552C | _NAME_BYTES << 16
_EV_SYN, _EV_KEY = 0, 1
_KEYS = range(1, 249)
_USB, _VENDOR, _PRODUCT = 3, 0x1D6B, 0x0104
_EVENT = struct.calcsize("@llHHi")
_REPORT_S = 0.001  # the kernel keeps few events for a reader that is slow: as fast as a USB keyboard reports


def available() -> bool:
    """Tell whether this machine lets us make keyboards."""
    return os.access(DEVICE, os.W_OK)


class UinputWire(Wire):
    """The USB cable of a keyboard: plugged in, the kernel has one more input device."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._fd = -1
        self._node = ""

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._fd >= 0

    @property
    def address(self) -> str:
        """The input device, ``/dev/input/eventN``; the last one while unplugged."""
        return self._node

    def replug(self) -> None:
        """Plug it in (again)."""
        if self.plugged:
            return
        fd = os.open(DEVICE, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        for kind in (_EV_SYN, _EV_KEY):
            fcntl.ioctl(fd, _SET_EVENT, kind)
        for key in _KEYS:
            fcntl.ioctl(fd, _SET_KEY, key)
        # struct uinput_user_dev: name, bus, vendor, product, version, no force feedback, no axes
        os.write(fd, struct.pack("80sHHHHI256i", b"simulated scanner", _USB, _VENDOR, _PRODUCT, 1, 0, *([0] * 256)))
        fcntl.ioctl(fd, _CREATE)
        self._fd, self._node = fd, _node_of(fd)
        self._work.set()

    def unplug(self) -> None:
        """Pull the cable."""
        if self.plugged:
            self._forget()
            fcntl.ioctl(self._fd, _DESTROY)
            os.close(self._fd)
            self._fd = -1

    async def _write(self, data: bytes) -> int:
        """Write one report of three events; the kernel puts its own time on them."""
        report = data[: 3 * _EVENT]
        os.write(self._fd, report)
        await asyncio.sleep(_REPORT_S)
        return len(report)


def _node_of(fd: int) -> str:
    name = fcntl.ioctl(fd, _GET_NAME, bytes(_NAME_BYTES)).rstrip(b"\0").decode("ascii")
    event = next(Path("/sys/devices/virtual/input", name).glob("event*"))
    return f"/dev/input/{event.name}"
