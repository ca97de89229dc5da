"""Byte transports behind one port: a driver talks to a stream of bytes and never asks what carries it."""

from typing import Protocol


class Transport(Protocol):
    """One open connection to a device; reconnecting is another object.

    Every method raises ``DeviceUnavailable`` when the device is gone; none blocks the event loop.
    """

    @property
    def address(self) -> str:
        """Where it leads, for messages and logs."""

    async def read(self, limit: int = 4096) -> bytes:
        """Return 1 to ``limit`` bytes as soon as there are any."""

    async def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the system; blocks while the device is not taking bytes."""

    async def close(self) -> None:
        """Let go of the device; safe to call twice."""
