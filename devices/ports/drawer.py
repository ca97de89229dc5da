"""Cash drawers, opened by somebody for a reason."""

import enum
from typing import Protocol

from devices.ports.device import Device, DeviceState


class OpenLevel(enum.Enum):
    """Which level of the sensor pin means that the drawer is open; it depends on the drawer and is learnt once."""

    HIGH = "high"
    LOW = "low"
    UNKNOWN = "unknown"


class CashDrawer(Device, Protocol):
    """Opens, and says whether it is open."""

    async def open(self) -> bool:
        """Give the opening pulse once; False if it has just had one and gets no second.

        Raises:
            DeviceUnavailable: what drives the drawer cannot be reached, or stands still.
            DeviceIncapable: no drawer can hang there.
        """

    async def is_open(self) -> bool | None:
        """Whether the drawer stands open; None when nobody can tell (no switch, or its polarity was never learnt)."""


class DrawerConnector(Protocol):
    """What a drawer hangs on: a printer with a socket for one."""

    @property
    def state(self) -> DeviceState:
        """How the printer is."""

    async def pulse(self, pin: int) -> bool:
        """Give the drawer at connector pin 2 or 5 its pulse; False if it has just had one.

        Raises:
            DeviceUnavailable: the printer cannot be reached, or stands still.
            DeviceIncapable: it has no connector.
        """

    async def read_pin(self) -> bool | None:
        """Return whether the sensor pin is high, None if the printer does not say.

        Raises:
            DeviceUnavailable: the printer cannot be reached.
        """
