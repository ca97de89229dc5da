"""What only a trial on the spot can tell: which level of the drawer's switch means open, which protocol a scale speaks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from devices.drawer_escpos.codec import learn
from devices.errors import DeviceUnavailable
from devices.ports.drawer import OpenLevel
from edge_agent.attached import AnyBay
from edge_agent.desk.errors import NothingLearnt

LOOKS = 3
LOOK_S = 0.3
ASK_S = 8.0

Prompt = Callable[[str], Awaitable[None]]


class DrawerLearnt(NamedTuple):
    """The level of the drawer's switch while it is open, for the option ``open_level``."""

    open_level: Literal["high", "low"]


async def learn_drawer(printer: AnyBay, prompt: Prompt) -> DrawerLearnt:
    """Learn the polarity: open, read, close, read. A person opens and closes the drawer; no pulse is sent.

    Args:
        printer: the receipt printer that the drawer hangs on.
        prompt: asks the person to bring the drawer into a state (``desk.drawer_open``, ``desk.drawer_close``) and waits for the word.

    Raises:
        NothingLearnt: the level did not change, is not told, or is not steady.
        DeviceUnavailable: the printer is away.
    """
    await prompt("desk.drawer_open")
    opened = await _level(printer)
    await prompt("desk.drawer_close")
    closed = await _level(printer)
    level, reason = learn(closed, opened)
    if level is OpenLevel.UNKNOWN:
        raise NothingLearnt(printer.device_id, reason)
    return DrawerLearnt(level.value)


async def _level(printer: AnyBay) -> bool:
    seen: set[bool | None] = set()
    for _ in range(LOOKS):
        status = await printer.ask(lambda each: each.status(), ASK_S)
        seen.add(status.drawer_pin_high)
        await asyncio.sleep(LOOK_S)
    if len(seen) != 1:
        raise NothingLearnt(printer.device_id, "the switch is not steady: look at its cable")
    level = seen.pop()
    if level is None:
        raise DeviceUnavailable(printer.device_id, "the printer does not tell the drawer's level")
    return level
