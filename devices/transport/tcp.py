"""A network device on the event loop."""

import asyncio
import contextlib
import os
import socket

from devices.errors import DeviceUnavailable
from devices.transport.names import addresses
from devices.transport.turns import PIECE_BYTES, Turns

KEEPALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
"""An idle line is looked after by the kernel: one whose device is without power is lost after 25 s, although nobody has said a word.

A device that takes no bytes for an hour (a printer without paper) answers the kernel all the same, and is not lost."""


class TcpTransport:
    """One open TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        self.address = address
        self._reader = reader
        self._writer = writer
        self._turns = Turns()
        line: socket.socket = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            line.setsockopt(socket.IPPROTO_TCP, option, value)
        # Without this, "handed to the system" would mean "copied into our own 64 kB buffer".
        writer.transport.set_write_buffer_limits(high=0)

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes, a small piece at a time; the end of the stream means that the device is gone."""
        await self._turns.give()
        try:
            data = await self._reader.read(min(limit, PIECE_BYTES))
        except OSError as error:
            raise DeviceUnavailable(self.address, error.strerror or str(error)) from error
        if not data:
            raise DeviceUnavailable(self.address, "closed the connection")
        return data

    async def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the system."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise DeviceUnavailable(self.address, error.strerror or str(error)) from error

    async def close(self) -> None:
        """Close the connection; bytes the device has already taken stay in its buffer."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):  # a device that takes no more bytes must not hold us
                await self._writer.wait_closed()
        self._writer.transport.abort()


async def open_tcp(host: str, port: int, timeout_s: float) -> TcpTransport:
    """Connect to ``host:port``.

    Raises:
        DeviceUnavailable: refused, unreachable, or no answer within ``timeout_s``.
    """
    address = f"tcp:{host}:{port}"
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await _connected(host, port)
    except TimeoutError as error:
        raise DeviceUnavailable(address, f"no answer within {timeout_s:g} s") from error
    except OSError as error:
        raise DeviceUnavailable(address, _why(error)) from error
    return TcpTransport(reader, writer, address)


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    *some, last = await addresses(host)
    for address in some:
        with contextlib.suppress(OSError):
            return await _at(address, port)
    return await _at(last, port)


def _why(error: OSError) -> str:
    # asyncio's own words are "Connect call failed ('192.0.2.50', 9100)"; the system's say why.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


async def _at(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    # The limit bounds what a babbling device can make us hold.
    return await asyncio.open_connection(address, port, limit=65536)
