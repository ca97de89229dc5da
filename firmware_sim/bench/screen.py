"""A second screen on the bench: a browser's side of the wire, looking at the page that the edge serves.

The edge listens here and the screen connects, so nothing stands at the address: ``unplug`` closes the browser, ``replug`` opens it.
"""

import asyncio
import contextlib
from typing import Any

import msgspec

from firmware_sim.bench.address import Network

_DIAL_S = 1.0
_AGAIN_S = 0.5
_SILENT_S = 40.0
_MAX_EVENT_BYTES = 1 << 16


class ScreenSim:
    """Looks at ``/events`` of a page as its own script does, and keeps the newest thing that it was told to show."""

    def __init__(self, where: Network) -> None:
        self.url = f"http://{where.host}:{where.port}/"
        self._where = where
        self._shown: dict[str, Any] = {}
        self._connected, self._plugged = False, False
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the browser."""
        self._replug()

    async def stop(self) -> None:
        """Close it."""
        looking = self._looking
        self._unplug()
        if looking is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    def handle(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out ``{"fault": "unplug" | "replug"}`` or look with ``{}``.

        Raises:
            ValueError: it is neither.
        """
        match command:
            case {"fault": "unplug"}:
                self._unplug()
            case {"fault": "replug"}:
                self._replug()
            case _:
                if command:
                    raise ValueError(
                        f"a screen takes no command {command}: look with {{}}, or give fault unplug or replug"
                    )
        return {**self.shows(), "wire": {"plugged": self._plugged, "faults": ["unplug", "replug"]}}

    def shows(self) -> dict[str, Any]:
        """Return what is on the screen, and whether it has a line to the edge."""
        return {"url": self.url, "connected": self._connected, "shown": self._shown}

    def _replug(self) -> None:
        if not self._plugged:
            self._plugged = True
            self._looking = asyncio.create_task(self._look(), name=f"screen:{self.url}")

    def _unplug(self) -> None:
        self._plugged = self._connected = False
        self._shown = {}
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._watch_once()
            self._connected = False
            await asyncio.sleep(_AGAIN_S)  # a browser's own pace of trying again

    async def _watch_once(self) -> None:
        async with asyncio.timeout(_DIAL_S):
            reader, writer = await asyncio.open_connection(self._where.host, self._where.port, limit=_MAX_EVENT_BYTES)
        try:
            host = f"{self._where.host}:{self._where.port}"
            writer.write(f"GET /events HTTP/1.0\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            self._connected = head.split(b" ", 2)[1] == b"200"
            while self._connected:
                async with asyncio.timeout(_SILENT_S):
                    line = await reader.readline()
                if not line:
                    return
                if line.startswith(b"data: {"):
                    self._shown = msgspec.json.decode(line[6:], type=dict[str, Any])
        finally:
            writer.transport.abort()
