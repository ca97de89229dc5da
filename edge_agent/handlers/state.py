"""What the box tells of itself: it booted, a device changed."""

from typing import Literal

from edge_agent.ports import Clock, UnitOfWork
from protocol.facts import DeviceStateChanged, EdgeStarted

Health = Literal["absent", "opening", "ok", "degraded", "failed"]


def edge_started(boot_id: str, software: str, incidents: tuple[str, ...], uow: UnitOfWork, clock: Clock) -> None:
    """State that this edge booted, and what it found."""
    with uow:
        uow.facts.add(EdgeStarted(uow.place.edge, boot_id, software, incidents), clock)
        uow.commit()


def device_changed(device: str, state: Health, reason: str, uow: UnitOfWork, clock: Clock) -> None:
    """State that a device changed."""
    with uow:
        uow.facts.add(DeviceStateChanged(device, state, reason), clock)
        uow.commit()


def device_swapped(
    device: str, state: Health, swap: Literal["moved", "replaced"], reason: str, uow: UnitOfWork, clock: Clock
) -> None:
    """State that a device is another unit than before, or the same one on another port."""
    with uow:
        uow.facts.add(DeviceStateChanged(device, state, reason, swap), clock)
        uow.commit()
