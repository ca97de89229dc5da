"""A line of the chain as a child process (``firmware_sim.line``), broken by command."""

from pathlib import Path
from typing import Any

import msgspec

from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.shopwire import module

_ANSWER_S = 20.0


class Wire:
    """The line between some edges and the broker; ``port`` is where the edges dial."""

    def __init__(self, name: str, host: str, port: int, logs: Path) -> None:
        """Lead to the broker at ``host:port``."""
        self.name = name
        self.child = Child(f"line-{name}", module("firmware_sim.line", "--listen", "0", "--to", f"{host}:{port}"), logs)
        self.port = 0

    async def start(self) -> None:
        """Open the line."""
        await self.child.start()
        self.port = int((await self.child.hear_ready(_ANSWER_S))["port"])

    async def do(self, action: str, **values: object) -> dict[str, Any]:
        """Command the line (cut, reset, black_hole, restore, weather, counters) and return its state and counters.

        Raises:
            ChildFailed: it did not do it.
        """
        await self.child.tell(msgspec.json.encode({"do": action, **values}))
        answer = await self.child.hear(_ANSWER_S)
        if answer is None or "error" in answer:
            raise ChildFailed(self.child.name, f"did not {action}: {answer}", self.child.log)
        return answer

    async def mend(self) -> None:
        """Make it a clear, fast line again."""
        await self.do("weather")
        await self.do("restore")

    async def stop(self) -> None:
        """Close it."""
        await self.child.stop()
