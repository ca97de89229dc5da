"""Whoever waits for a scale: woken by each thing that it says, and by its loss."""

import asyncio
from collections.abc import AsyncIterator

from devices.errors import DeviceUnavailable
from devices.health import HasHealth
from devices.ports.device import Health
from devices.ports.scale import Weight
from devices.weighing import Platter


class ScaleNews:
    """News of one scale; its driver tells them, any number of tasks waits."""

    def __init__(self, scale: HasHealth, platter: Platter) -> None:
        self._scale, self._platter = scale, platter
        self._told = asyncio.Event()

    def tell(self) -> None:
        """Wake everybody who waits."""
        told, self._told = self._told, asyncio.Event()
        told.set()

    async def next(self) -> None:
        """Wait for the next thing that the scale says.

        Raises:
            DeviceUnavailable: it is away, or was lost meanwhile.
        """
        self.must_be_here()
        await self._told.wait()
        self.must_be_here()

    def must_be_here(self) -> None:
        """Make sure that there is a scale to talk with.

        Raises:
            DeviceUnavailable: there is none.
        """
        state = self._scale.state
        if not state.health.works:
            raise DeviceUnavailable(self._scale.device_id, state.reason or state.health.value)

    async def readings(self) -> AsyncIterator[Weight]:
        """Yield what the scale shows, each change once; nothing before it was first heard, or missed."""
        last: Weight | None = None
        while True:
            shown = self._platter.shown
            if shown == last or self._scale.state.health is Health.OPENING:
                await self._told.wait()
            else:
                last = shown
                yield shown
