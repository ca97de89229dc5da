"""What only a trial on the spot can tell: which level of the drawer's switch means open."""

import asyncio
from collections.abc import Awaitable, Callable

from devices.drawer_escpos.codec import STEPS, learn
from devices.ports.drawer import OpenLevel
from edge_agent.attached import AnyBay
from edge_agent.desk.errors import NothingLearnt

LOOKS = 3
LOOK_S = 0.3
ASK_S = 8.0

Prompt = Callable[[str], Awaitable[None]]


async def learn_drawer(printer: AnyBay, prompt: Prompt) -> OpenLevel:
    """Learn the polarity: close, read, open, read. A person closes and opens the drawer; no pulse is sent.

    Args:
        printer: what the drawer hangs on.
        prompt: asks the person to bring the drawer into a state (``desk.drawer_close``, ``desk.drawer_open``) and waits for the word.

    Raises:
        NothingLearnt: the level did not change, is not told, or is not steady.
        DeviceError: the printer is away, or has no connector.
    """
    seen: list[bool | None] = []
    for step in STEPS:
        await prompt(f"desk.drawer_{step}")
        seen.append(await _level(printer))
    learnt = learn(*seen)
    if learnt.level is OpenLevel.UNKNOWN:
        raise NothingLearnt(printer.device_id, learnt.reason)
    return learnt.level


async def _level(printer: AnyBay) -> bool | None:
    seen: set[bool | None] = set()
    for _ in range(LOOKS):
        await asyncio.sleep(LOOK_S)  # first of all: a printer tells the change a moment after the hand
        seen.add(await printer.ask(lambda each: each.read_pin(), ASK_S))
    if len(seen) != 1:
        raise NothingLearnt(printer.device_id, "the switch is not steady: look at its cable")
    return seen.pop()
