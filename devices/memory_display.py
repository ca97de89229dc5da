"""A customer display that keeps what it was told, for tests of the application; it passes the suite of the real ones."""

import asyncio

from devices.ports.device import DeviceState, Health
from devices.ports.display import Shown


class MemoryDisplay:
    """Keeps everything shown, newest last, in ``shown``."""

    def __init__(self, device_id: str = "display") -> None:
        self.device_id = device_id
        self.state = DeviceState(Health.OPENING)
        self.shown: list[Shown] = []

    def show(self, shown: Shown) -> None:
        """Keep ``shown``."""
        self.shown.append(shown)

    async def run(self) -> None:
        """Be there until cancelled."""
        self.state = DeviceState(Health.OK)
        await asyncio.Event().wait()
