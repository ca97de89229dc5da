"""Devices that take commands and never answer: that their line takes what we write is all there is to know of their health."""

import asyncio
from abc import abstractmethod

from devices.errors import DeviceUnavailable
from devices.served import ServedDevice
from devices.transport import Transport

WRITE_S = 2.0
"""Two rows of a display take 0.05 s at 9600 baud and 0.2 s at 2400; a device that takes ten times that hangs."""


class SilentDevice(ServedDevice):
    """A served device without a word of its own. A driver derives from it and writes ``work``."""

    async def serve(self, transport: Transport) -> None:
        """Do the device's work until it is lost."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_until_gone(transport))
            await self.work(transport)  # in the body, not a task: see ServedDevice.serve

    @abstractmethod
    async def work(self, transport: Transport) -> None:
        """Tell the device what it shall do, again from the beginning after each opening.

        Raises:
            DeviceUnavailable: it is lost.
        """

    async def tell(self, transport: Transport, data: bytes) -> None:
        """Write ``data``.

        Raises:
            DeviceUnavailable: lost, or it took no bytes for ``WRITE_S``.
        """
        try:
            async with asyncio.timeout(WRITE_S):
                await transport.write(data)
        except TimeoutError as error:
            raise DeviceUnavailable(self.device_id, f"took no bytes for {WRITE_S:g} s: switch it off and on") from error


async def _until_gone(transport: Transport) -> None:
    while True:
        await transport.read()  # it has nothing to say, but only who reads hears that it was unplugged
