"""A serial line: pyserial opens it and sets it up, the event loop watches its file descriptor."""

import asyncio
import contextlib
import os
import termios
import threading
from pathlib import Path

import serial

from devices.errors import DeviceUnavailable
from devices.transport.address import Flow, Parity, SerialAddress
from devices.transport.descriptor import DescriptorTransport

_PARITY = {
    Parity.NONE: serial.PARITY_NONE,
    Parity.EVEN: serial.PARITY_EVEN,
    Parity.ODD: serial.PARITY_ODD,
    Parity.MARK: serial.PARITY_MARK,
    Parity.SPACE: serial.PARITY_SPACE,
}
CLOSE_S = 1.0
"""So long closing is waited for; a line that takes longer closes by itself, and until then says that somebody holds it."""
_PSEUDO_TERMINALS = range(136, 144)  # major numbers, Documentation/admin-guide/devices.txt of the kernel


def open_serial(line: SerialAddress) -> DescriptorTransport:
    """Open a serial line exclusively.

    A pseudo-terminal has no parity and eight bits whatever is asked of it, so there the line runs as 8N1; drivers of
    seven-bit protocols mask what they read.

    Raises:
        DeviceUnavailable: no such device, no right to use it, a set-up that it refuses, or another process holds it.
    """
    plain = _is_pseudo(line.path)
    try:
        port = serial.Serial(
            line.path,
            line.baud,
            bytesize=8 if plain else line.bits,
            parity=serial.PARITY_NONE if plain else _PARITY[line.parity],
            stopbits=line.stop,
            xonxoff=line.flow is Flow.XONXOFF,
            rtscts=line.flow is Flow.RTSCTS and not plain,
            dsrdtr=line.flow is Flow.DSRDTR and not plain,
            timeout=0,
            exclusive=True,
        )
    except (serial.SerialException, OSError, ValueError, termios.error) as error:
        raise DeviceUnavailable(line.path, _plain_words(line, error)) from error
    try:
        _tell_silence_from_hang_up(port.fileno())
    except (OSError, termios.error) as error:
        port.close()
        raise DeviceUnavailable(line.path, _by_the_system(error)) from error
    return SerialTransport(port.fileno(), line.path, lambda: _close(port))


class SerialTransport(DescriptorTransport):
    """A line whose closing may take its time: the kernel waits up to 30 s for bytes that a device holds back."""

    async def _let_go(self) -> None:
        loop, gone = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self.release()
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(gone.set)

        # A thread of its own: one that the kernel holds must keep neither the store from selling nor the process from ending.
        threading.Thread(target=close, name=f"close:{self.address}", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await gone.wait()


def _close(port: serial.Serial) -> None:
    with contextlib.suppress(OSError, serial.SerialException, termios.error):  # the device may be gone already
        port.close()


def _is_pseudo(path: str) -> bool:
    try:
        return os.major(Path(path).stat().st_rdev) in _PSEUDO_TERMINALS
    except OSError:
        return False  # opening it says what is wrong, better than we could


def _plain_words(line: SerialAddress, error: Exception) -> str:
    if not Path(line.path).exists():
        return "no such device: plug it in"
    if isinstance(error, PermissionError) or "Permission denied" in str(error):
        return "permission denied: add this user to the group dialout"
    if "exclusively lock" in str(error):
        return "another program holds the lock on it"
    return _by_the_system(error)


def _by_the_system(error: Exception) -> str:
    """Return what the system says; pyserial puts the path and its own words around that."""
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


def _tell_silence_from_hang_up(fd: int) -> None:
    # pyserial sets VMIN 0, with which "nothing yet" and "device gone" both read as b"". With VMIN 1 the first is EAGAIN.
    settings = termios.tcgetattr(fd)
    settings[6][termios.VMIN] = 1
    termios.tcsetattr(fd, termios.TCSANOW, settings)
