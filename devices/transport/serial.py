"""A serial line on the event loop: pyserial opens and sets it up, the loop watches its file descriptor."""

import asyncio
import contextlib
import os
import termios

import serial

from devices.errors import DeviceUnavailable


class SerialTransport:
    """One open serial device (or pseudo-terminal)."""

    def __init__(self, port: serial.Serial, address: str) -> None:
        self.address = address
        self._port = port
        self._fd: int = port.fileno()
        self._closed = False

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes; no bytes on a readable line means that the device is gone."""
        while True:
            self._check_open()
            try:
                data = os.read(self._fd, limit)
            except BlockingIOError:
                await self._readable()
                continue
            except OSError as error:
                raise DeviceUnavailable(self.address, error.strerror or str(error)) from error
            if not data:
                raise DeviceUnavailable(self.address, "hung up")
            return data

    async def write(self, data: bytes) -> None:
        """Write all of ``data``, waiting whenever the line's buffer is full."""
        rest = memoryview(data)
        while rest:
            self._check_open()
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                raise DeviceUnavailable(self.address, error.strerror or str(error)) from error

    async def close(self) -> None:
        """Release the line."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError, serial.SerialException):  # the device may be gone already
                self._port.close()

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceUnavailable(self.address, "closed")

    async def _readable(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._fd)

    async def _writable(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_writer(self._fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self._fd)


def open_serial(path: str, baud: int = 9600) -> SerialTransport:
    """Open ``path`` exclusively, 8N1.

    Raises:
        DeviceUnavailable: no such device, no right to use it, or another process holds it.
    """
    try:
        port = serial.Serial(path, baud, timeout=0, exclusive=True)
    except (serial.SerialException, OSError, ValueError) as error:
        raise DeviceUnavailable(path, str(error)) from error
    _tell_silence_from_hang_up(port.fileno())
    return SerialTransport(port, path)


def _tell_silence_from_hang_up(fd: int) -> None:
    # pyserial sets VMIN 0, with which "nothing yet" and "device gone" both read as b"". With VMIN 1 the first is EAGAIN.
    settings = termios.tcgetattr(fd)
    settings[6][termios.VMIN] = 1
    termios.tcsetattr(fd, termios.TCSANOW, settings)
