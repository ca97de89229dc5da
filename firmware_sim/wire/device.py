"""What simulators of one wire have in common."""

from abc import abstractmethod
from typing import Any

from firmware_sim.wire.faults import Wire
from firmware_sim.wire.switched import Switched


class SimulatedDevice(Switched):
    """What simulators of one wire have in common; a simulator derives from it and writes ``receive``, ``do`` and ``shows``."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        wire.receive = self.receive

    @property
    def address(self) -> str:
        """What a driver's settings name."""
        return self.wire.address

    async def start(self) -> None:
        """Switch it on."""
        await self.wire.start()

    async def stop(self) -> None:
        """Switch it off."""
        await self.wire.stop()

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Take bytes from whoever talks to the device."""

    @abstractmethod
    def do(self, command: dict[str, Any]) -> None:
        """Carry out one command of the device's own.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """

    @abstractmethod
    def shows(self) -> dict[str, Any]:
        """Return what a person who stands before the device sees."""

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one JSON command and return what the device shows then.

        Raises:
            ValueError, KeyError, TypeError: no such command.
        """
        if "fault" in command:
            self.wire.handle_fault(command)
        elif command:
            self.do(command)
        return {**self.shows(), "wire": self.wire.faults()}
