"""Devices that are files: printers on ``/dev/usb/lp*``, and plain files and FIFOs that stand for one."""

import asyncio
import fcntl
import os
import stat
import threading
from pathlib import Path

from devices.errors import DeviceUnavailable
from devices.transport.descriptor import DescriptorTransport


def open_character_device(path: str) -> DescriptorTransport:
    """Open a character device, such as a printer of usblp, for reading and writing.

    Raises:
        DeviceUnavailable: absent, held by another program, or no character device.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceUnavailable(path, error.strerror or str(error)) from error
    trouble = _not_ours_alone(fd)
    if trouble:
        os.close(fd)
        raise DeviceUnavailable(path, trouble)
    return DescriptorTransport(fd, path, lambda: os.close(fd))


def _not_ours_alone(fd: int) -> str:
    if not stat.S_ISCHR(os.fstat(fd).st_mode):
        return "is no character device: write file:PATH for a file"
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return "another program holds the lock on it"
    return ""


class FileTransport:
    """A plain file that takes what is written and says nothing, as a printer that writes a journal would."""

    def __init__(self, fd: int, address: str) -> None:
        self.address = address
        self._fd = fd
        self._closed = asyncio.Event()
        self._held, self._over = threading.Lock(), False

    async def read(self, limit: int = 4096) -> bytes:
        """Wait until closed: a file has nothing to tell."""
        await self._closed.wait()
        raise DeviceUnavailable(self.address, "closed")

    async def write(self, data: bytes) -> None:
        """Append ``data``; a full disk is a lost device."""
        if self._closed.is_set():
            raise DeviceUnavailable(self.address, "closed")
        try:
            await asyncio.to_thread(self._append, data)
        except OSError as error:
            raise DeviceUnavailable(self.address, error.strerror or str(error)) from error

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        with self._held:
            while rest and not self._over:
                rest = rest[os.write(self._fd, rest) :]
        if self._over:
            self.release()

    def release(self) -> None:
        """Close the file, at once or when the thread that writes has done: closed under it, the number might be another file's."""
        self._over = True
        if self._held.acquire(blocking=False):
            fd, self._fd = self._fd, -1
            if fd >= 0:
                os.close(fd)
            self._held.release()

    async def close(self) -> None:
        """Close the file."""
        self._closed.set()
        self.release()


def open_file(path: str) -> FileTransport | DescriptorTransport:
    """Open a file for appending, made when missing, or a FIFO or character device for both directions.

    Raises:
        DeviceUnavailable: it cannot be opened or made.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            return DescriptorTransport(fd, path, lambda: os.close(fd))
        return FileTransport(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), path)
    except OSError as error:
        raise DeviceUnavailable(path, error.strerror or str(error)) from error
