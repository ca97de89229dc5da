"""The loop of every device on a stream of bytes: open, serve, lose, wait, open again. What it serves is the driver's own."""

import asyncio
from abc import ABC, abstractmethod

from devices.backoff import Backoff
from devices.errors import DeviceUnavailable
from devices.health import HasHealth
from devices.ports.device import Health
from devices.surroundings import Surroundings
from devices.transport import Transport
from devices.transport.address import check_address, open_transport, parse_address
from devices.transport.trace import TracedTransport


class ServedDevice(HasHealth, ABC):
    """A device that one transport leads to. A driver derives from it and writes ``serve``.

    Attributes:
        health: the state; ``serve`` sets OK once the device has shown life, the loop sets ABSENT when it is lost.
        around: what whoever runs the driver has given.
        attempts: how many times the device was opened, or tried to be.
    """

    def __init__(
        self, device_id: str, address: str, around: Surroundings | None = None, *, backoff: Backoff | None = None
    ) -> None:
        check_address(address)
        self.around = around or Surroundings()
        super().__init__(device_id, self.around.report)
        self.attempts = 0
        self._address = address
        # A missing node costs microseconds to ask for, so a device that is plugged in is seen within a second even if nobody tells.
        self._backoff = backoff or Backoff(cap_s=1.0)

    async def run(self) -> None:
        """Serve until cancelled; an absent or lost device is looked for again and again."""
        while True:
            try:
                await self._attempt()
            except* DeviceUnavailable as lost:  # from a driver's own tasks it comes as a group
                self.health.set(Health.ABSENT, _first(lost).reason)
            if (task := asyncio.current_task()) is not None and task.cancelling():
                # A group that ends by an error forgets a cancellation that came in the same moment (Python 3.11 and 3.12).
                raise asyncio.CancelledError
            await self.around.arrivals.wait(self._backoff.wait_s())

    @abstractmethod
    async def serve(self, transport: Transport) -> None:
        """Talk with the device until it is lost.

        In a driver's own group one of the works is the group's body: a group that only waits for its tasks leaves a cancellation behind
        when one of them fails (Python 3.11), and ``run`` would take it for its own.

        Raises:
            DeviceUnavailable: it is lost.
        """

    def alive(self) -> None:
        """Tell that the device has answered: it is OK, and the next loss starts with a short wait."""
        self._backoff.reset()
        self.health.set(Health.OK)

    async def _attempt(self) -> None:
        self.attempts += 1
        transport = await open_transport(parse_address(self.around.resolve(self._address)))
        if self.around.trace is not None:
            transport = TracedTransport(transport, self.device_id, self.around.trace)
        try:
            await self.serve(transport)
        finally:
            await transport.close()


def _first(group: BaseExceptionGroup[DeviceUnavailable]) -> DeviceUnavailable:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
