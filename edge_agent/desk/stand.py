"""Devices standing alone, as the edge would run them, for as long as a command of the desk needs them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from devices.errors import DeviceUnavailable
from devices.health import Report
from devices.hotplug import HotPlug
from devices.identity import resolve
from devices.ports import Device, Health
from devices.registry import DeviceSettings, check_together, open_device
from devices.surroundings import Surroundings
from edge_agent.attached import Attached, nodes_of
from edge_agent.bay import Bay
from edge_agent.desk.taps import Taps

SHOW_LIFE_S = 6.0
"""So long a device may take until it works or says why not; a slow printer with three tries needs five."""


def attached_of(
    devices: Sequence[DeviceSettings], *, taps: Taps | None = None, report: Report | None = None
) -> Attached:
    """Return the devices of a store file, each in its bay; nothing is opened yet.

    Raises:
        DeviceMisconfigured: an entry that no driver can serve, or two that cannot stand in one store.
    """
    check_together(devices)
    plug = HotPlug(watched=nodes_of(devices))
    bays: list[Bay[Device]] = []

    def neighbour(device_id: str) -> Device:
        for bay in bays:
            if bay.device_id == device_id:
                return bay.device
        raise DeviceUnavailable(device_id, "it is not in the settings")

    bays += [_bay(each, plug, taps, report, neighbour) for each in devices]
    return Attached(bays, plug)


def with_neighbours(chosen: Iterable[DeviceSettings], devices: Sequence[DeviceSettings]) -> list[DeviceSettings]:
    """Return ``chosen`` and what they hang on: the printer of a drawer."""
    wanted = list(chosen)
    named = {each.options.get("printer") for each in wanted}
    return wanted + [each for each in devices if each.device_id in named and each not in wanted]


@asynccontextmanager
async def at_work(attached: Attached) -> AsyncIterator[Attached]:
    """Run the devices while the block runs."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work, name=name) for name, work in attached.work().items()]
        try:
            yield attached
        finally:
            for task in running:
                task.cancel()


async def settled(attached: Attached, within_s: float = SHOW_LIFE_S) -> None:
    """Wait until every device has said how it is; one that is absent gets the whole time, for its driver tries again."""
    for bay in attached.bays:
        try:
            async with asyncio.timeout(within_s):
                while bay.state.health in (Health.OPENING, Health.ABSENT):
                    await bay.until_moved()
        except TimeoutError:
            within_s = 0.0  # the others had the same time


def _bay(
    settings: DeviceSettings,
    plug: HotPlug,
    taps: Taps | None,
    report: Report | None,
    neighbour: Callable[[str], Device],
) -> Bay[Device]:
    kept: dict[str, object] = {}  # outlives each of its drivers

    def build(heard: Report) -> Device:
        around = Surroundings(
            heard, plug, lambda address: resolve(address, lambda: plug.attached), taps, neighbour, kept
        )
        return open_device(settings, around)

    return Bay(settings, build, report=report, arrivals=plug)
