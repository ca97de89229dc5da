"""Cash drawers, opened by somebody for a reason."""

from typing import Protocol

from devices.ports.device import Device


class CashDrawer(Device, Protocol):
    """Opens, and says whether it is open."""

    async def open(self) -> None:
        """Give the opening pulse once.

        Raises:
            DeviceUnavailable: what drives the drawer cannot be reached.
        """

    async def is_open(self) -> bool | None:
        """Whether the drawer stands open; None when nobody can tell (no switch, or its polarity was never learnt)."""
