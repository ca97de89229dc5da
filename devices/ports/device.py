"""What every device has: a name, a state in UnifiedPOS words, and a task that serves it."""

import enum
from typing import Protocol

import msgspec


class Health(enum.Enum):
    """How a device is; ``DEGRADED`` works but needs a person soon, ``FAILED`` does not work."""

    ABSENT = "absent"
    OPENING = "opening"
    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"

    @property
    def works(self) -> bool:
        """Whether the device can be used now."""
        return self in (Health.OK, Health.DEGRADED)


class DeviceState(msgspec.Struct, frozen=True):
    """A device's health.

    Attributes:
        health: the state word.
        reason: one line for a person, empty when there is nothing to say.
        since_s: monotonic seconds at which this state began.
    """

    health: Health
    reason: str = ""
    since_s: float = 0.0


class Device(Protocol):
    """What every device has."""

    @property
    def device_id(self) -> str:
        """The name used in settings, on screens and in logs."""

    @property
    def state(self) -> DeviceState:
        """How the device is now."""

    async def run(self) -> None:
        """Serve the device until cancelled: open, watch, lose, reopen."""
