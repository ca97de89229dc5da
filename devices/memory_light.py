"""A signal light that keeps what it was told, for tests of the application; it passes the suite of the real ones."""

import asyncio

from devices.ports.device import DeviceState, Health
from devices.ports.light import Signal


class MemoryLight:
    """Keeps every signal, newest last, in ``signals``."""

    def __init__(self, device_id: str = "light") -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OPENING)
        self.signals: list[Signal] = []

    def signal(self, signal: Signal) -> None:
        """Keep ``signal``."""
        self.signals.append(signal)

    async def run(self) -> None:
        """Be there until cancelled."""
        self.state = DeviceState(Health.OK)
        await asyncio.Event().wait()
