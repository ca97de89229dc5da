"""The edge as the bench meets it: the control socket of a running agent in the store file's data directory."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from firmware_sim.bench.errors import CommandRefused
from firmware_sim.demo.store import Till, TillRefused

_DIAL_S = 0.5
_ANSWER_S = 30.0


class EdgeAway(CommandRefused):
    """No agent answers in the data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"no edge answers in {data_dir}: start one with `shopwire edge run`, the same --config as the bench"
        )
        self.data_dir = data_dir


class EdgeView:
    """What the edge of this store says, if it runs; one connection, dialled again when it is gone."""

    def __init__(self, data_dir: Path) -> None:
        """Look for an agent that keeps its data in ``data_dir``."""
        self._data_dir = data_dir
        self._till: Till | None = None
        self.status: dict[str, Any] = {}
        """The last answer to ``status``; empty while no edge runs."""

    async def ask(self, word: str, /, **values: Any) -> dict[str, Any]:
        """Return the edge's answer to one ask.

        Raises:
            EdgeAway: none runs there.
            CommandRefused: it said no.
        """
        till = await self._dialled()
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await till.ask(word, **values)
        except TillRefused as error:
            raise CommandRefused(str(error)) from error
        except (OSError, ValueError) as error:  # it ended in the middle of an answer
            await self.hang_up()
            raise EdgeAway(self._data_dir) from error

    async def look(self) -> dict[str, Any]:
        """Ask how it stands, and remember the answer; nothing while none runs."""
        try:
            self.status = await self.ask("status", lang="zh")
        except CommandRefused:
            self.status = {}
        return self.status

    def opinion(self, device_id: str) -> dict[str, Any]:
        """Return what it last said of a device: ``health``, ``reason`` and, in Chinese, ``told``; nothing while none runs."""
        opinion: dict[str, Any] = self.status.get("devices", {}).get(device_id, {})
        return opinion

    async def hang_up(self) -> None:
        """Close the connection."""
        till, self._till = self._till, None
        if till is not None:
            with contextlib.suppress(OSError):
                await till.hang_up()

    async def _dialled(self) -> Till:
        if self._till is None:
            try:
                if not (self._data_dir / "control.sock").exists():
                    raise EdgeAway(self._data_dir)
                async with asyncio.timeout(_DIAL_S):
                    self._till = await Till.dial(self._data_dir / "control.sock")
            except OSError as error:
                raise EdgeAway(self._data_dir) from error
        return self._till
