"""Input devices of the kernel, grabbed: while we hold one, its keys reach nobody else, no shell and no browser.

By ``fcntl`` alone: the library for it ships no wheels, and a store box has no compiler (docs/adr/0014).
Source: Linux, include/uapi/linux/input.h.
"""

import contextlib
import fcntl
import os
import stat
import struct
import termios
import tty

from devices.errors import DeviceUnavailable
from devices.transport.descriptor import DescriptorTransport

EVIOCGRAB = 0x40044590
EVIOCSCLOCKID = 0x400445A0
EVIOCGLED = 0x80084519  # 8 bytes of lamps
EVENT = struct.Struct("@llHHi")
"""seconds, microseconds, type, code, value: 24 bytes, 16 where a long has 32 bits; the kernel writes its own longs."""

_EV_LED, _LED_CAPS = 0x11, 1
_CLOCK_MONOTONIC = 1
_INPUT_MAJOR = 13


class EvdevTransport(DescriptorTransport):
    """An input device; the first thing that it tells is its caps lock, as the event that would have told it."""

    def __init__(self, fd: int, path: str, caps: bool) -> None:
        super().__init__(fd, path, lambda: os.close(fd))  # closing lets go of the grab
        self._first = EVENT.pack(0, 0, _EV_LED, _LED_CAPS, 1) if caps else b""

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes of events."""
        first, self._first = self._first, b""
        return first or await super().read(limit)


def open_evdev(path: str) -> EvdevTransport:
    """Open an input device for ourselves alone. A FIFO or a pseudo-terminal may stand for one: nothing else gets its bytes anyway.

    Raises:
        DeviceUnavailable: absent, no right to it, held by another program, or nothing that could be a scanner.
    """
    try:
        # Reading is all that keys need; a FIFO opened for both directions does not end when a writer goes away.
        way = os.O_RDWR if stat.S_ISFIFO(os.stat(path).st_mode) else os.O_RDONLY  # noqa: PTH116 - beside os.open
        fd = os.open(path, way | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceUnavailable(path, _plain_words(error)) from error
    try:
        return EvdevTransport(fd, path, _make_ours(fd, path))
    except BaseException:
        os.close(fd)
        raise


def _make_ours(fd: int, path: str) -> bool:
    """Have the device alone, and tell whether its caps lock is on."""
    found = os.fstat(fd)
    if stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == _INPUT_MAJOR:
        grab(fd, path)
        return bool(fcntl.ioctl(fd, EVIOCGLED, bytes(8))[0] & 1 << _LED_CAPS)
    if stat.S_ISCHR(found.st_mode) and os.isatty(fd):
        tty.setraw(fd, termios.TCSANOW)
    elif not stat.S_ISFIFO(found.st_mode):
        raise DeviceUnavailable(path, "is no input device: look for the scanner under /dev/input/by-id")
    return False


def grab(fd: int, path: str) -> None:
    """Take the device for ourselves, with event times that no clock change moves.

    Raises:
        DeviceUnavailable: it cannot be had alone; then it is not read at all, since somebody else would get its keys too.
    """
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
    except OSError as error:
        raise DeviceUnavailable(path, f"cannot be grabbed, another program holds it ({error.strerror})") from error
    with contextlib.suppress(OSError):  # an old kernel keeps wall-clock times: a clock change may then cost one code
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("i", _CLOCK_MONOTONIC))


def _plain_words(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such device: plug it in"
    if isinstance(error, PermissionError):
        return "permission denied: add this user to the group input"
    return error.strerror or str(error)
