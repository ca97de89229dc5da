"""Input devices of the kernel, grabbed: while we hold one, its keys reach nobody else, no shell and no browser.

By ``fcntl`` alone: the library for it ships no wheels, and a store box has no compiler (docs/adr, "keyboards without a library").
Source: Linux, include/uapi/linux/input.h.
"""

import fcntl
import os
import stat
import struct
import tty

from devices.errors import DeviceUnavailable
from devices.transport.descriptor import DescriptorTransport

EVIOCGRAB = 0x40044590
EVIOCSCLOCKID = 0x400445A0
_CLOCK_MONOTONIC = 1
_INPUT_MAJOR = 13


def open_evdev(path: str) -> DescriptorTransport:
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
        _make_ours(fd, path)
    except BaseException:
        os.close(fd)
        raise
    return DescriptorTransport(fd, path, lambda: os.close(fd))  # closing lets go of the grab


def _make_ours(fd: int, path: str) -> None:
    found = os.fstat(fd)
    if stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == _INPUT_MAJOR:
        grab(fd, path)
    elif stat.S_ISCHR(found.st_mode) and os.isatty(fd):
        tty.setraw(fd)
    elif not stat.S_ISFIFO(found.st_mode):
        raise DeviceUnavailable(path, "is no input device: look for the scanner under /dev/input/by-id")


def grab(fd: int, path: str) -> None:
    """Take the device for ourselves, with event times that no clock change moves.

    Raises:
        DeviceUnavailable: it cannot be had alone; then it is not read at all, since somebody else would get its keys too.
    """
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("i", _CLOCK_MONOTONIC))
    except OSError as error:
        raise DeviceUnavailable(path, f"cannot be grabbed, another program holds it ({error.strerror})") from error


def _plain_words(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such device: plug it in"
    if isinstance(error, PermissionError):
        return "permission denied: add this user to the group input"
    return error.strerror or str(error)
