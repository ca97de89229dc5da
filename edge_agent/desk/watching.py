"""Live readings and states of one device, as lines."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.ports import DeviceState, Health, Scan
from devices.registry import DeviceSettings
from edge_agent.attached import AnyBay, Attached
from edge_agent.desk.service import shown
from edge_agent.desk.stand import at_work, attached_of
from edge_agent.desk.taps import Taps
from edge_agent.desk.trials import said
from edge_agent.tables import padded
from edge_agent.texts import Texts, how

LOOK_S = 0.5

Show = Callable[[dict[str, Any]], None]


async def watch(device: DeviceSettings, show: Show, seconds: float = 0.0) -> None:
    """Show what one device reads and how it is, for ``seconds``; 0: until cancelled."""
    await _watched(device, show, lambda _: asyncio.sleep(seconds or 1e9))


async def replay(device: DeviceSettings, show: Show) -> None:
    """Show what a driver makes of a recorded device, once; ends with the recording."""
    ended = over = False

    def once(seen: dict[str, Any]) -> None:
        nonlocal ended, over
        missed = seen.get("reading", {}).get("ready") is False  # the end itself; a code may still be on its way
        over = over or (ended and ("health" in seen or missed))
        ended = ended or seen.get("health") == Health.ABSENT.value
        if not over:
            show(seen)

    async def played(attached: Attached) -> None:
        bay = attached.bays[0]
        while bay.state.health is not Health.ABSENT:  # the trace has ended
            await bay.until_moved()
        await asyncio.sleep(LOOK_S)  # what was read last is still on its way

    await _watched(device, once, played)


async def record(device: DeviceSettings, file: Path, seconds: float) -> str:
    """Record what passes between one device and its driver; return why the device does not work at the end, if it does not.

    Raises:
        EdgeError: the file cannot be written.
    """
    taps = Taps()
    taps.begin(device.device_id, file)
    try:
        async with at_work(attached_of([device], taps=taps)) as attached:
            await asyncio.sleep(seconds)
            return attached.bays[0].state.reason
    finally:
        taps.end(device.device_id)


async def _watched(device: DeviceSettings, show: Show, until: Callable[[Attached], Any]) -> None:
    def moved(device_id: str, state: DeviceState) -> None:
        show({"device_id": device_id, "health": state.health.value, "reason": state.reason})

    attached = attached_of([device], report=moved)
    async with at_work(attached), asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(_read(attached.bays[0], show), name="watch:readings")
        await until(attached)
        reading.cancel()


async def _read(bay: AnyBay, show: Show) -> None:
    if bay.device_class == "Scale":
        async for weight in bay.stream(lambda scale: scale.readings()):
            show({"device_id": bay.device_id, "reading": shown(weight)})
    elif bay.device_class == "Scanner":
        async for read in bay.stream(aiter):
            show({"device_id": bay.device_id, "reading": scanned(read)})


def scanned(read: Scan) -> dict[str, Any]:
    """Return a scan as JSON."""
    return {"code": read.data, "aim": read.symbology}


def follow(look: Callable[[], dict[str, Any]], show: Show, seconds: float = 0.0) -> None:
    """Show what a running agent says of a device, whenever that changes. Blocking."""
    ends_at, before = time.monotonic() + (seconds or 1e9), None
    while time.monotonic() < ends_at:
        seen = look()
        if seen != before:
            show(seen)
        before = seen
        wait(min(LOOK_S, max(0.0, ends_at - time.monotonic())))


def wait(seconds: float) -> None:
    """Let time pass. Blocking."""
    time.sleep(seconds)


def line_of(seen: dict[str, Any], texts: Texts) -> str:
    """Return one event for a person."""
    parts = [padded(seen["device_id"], 14)]
    if "health" in seen:
        parts.append(how(seen, texts))
    match seen.get("reading"):
        case {"code": str(code), "aim": aim}:
            parts.append(f"{aim or '-'} {said(Scan(code, None, 0.0))}")
        case {"ready": True, "weight_g": int(grams)}:
            parts.append(f"{grams} g")
        case {"ready": False, "reason": str(reason)}:
            parts.append(texts.get(f"word.{reason}", reason))
        case _:
            pass  # a change of state and no reading
    return "  ".join(parts)
