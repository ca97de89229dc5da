"""Waiting on a condition with a deadline: tests never sleep for luck."""

import asyncio
from collections.abc import Callable

HANG_S = 25.0
"""When a wait is a hang. Not how long anything may take: a busy machine is slow, not wrong, and speed is measured in ``benchmarks/``."""


async def until(condition: Callable[[], object], within_s: float = HANG_S) -> None:
    """Return as soon as ``condition()`` is true; TimeoutError when it is not within ``within_s``."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition lives in code that knows no event of the test
            await asyncio.sleep(0.002)
