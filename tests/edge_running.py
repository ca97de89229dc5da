"""A store at work inside the test's own process: the real agent, its real journal, and devices that the test holds in its hands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from devices.registry import DeviceSettings
from edge_agent.agent import Agent
from edge_agent.bootstrap import agent_of, open_edge
from edge_agent.control import ControlClient
from edge_agent.db.writer import Writer
from edge_agent.edge import Edge
from edge_agent.settings import EdgeSettings, LinkOverrides
from link.certificates import CertificateAuthority
from tests.edge_headquarters import enrolled
from tests.waiting import HANG_S, until

NOBODY = 9
"""A port where nobody listens: a store sells all the same."""


class RunningStore:
    """The store's parts, and its control socket as a till uses it."""

    def __init__(self, edge: Edge, agent: Agent) -> None:
        self.edge, self.agent = edge, agent

    async def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer of the control socket; ``ok`` unpacked, an error raised."""
        answer = await asyncio.to_thread(self._asked, question)
        assert "ok" in answer, answer
        found: dict[str, Any] = answer["ok"]
        return found

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        client = ControlClient(self.edge.data.control)
        try:
            return client.ask(**question)
        finally:
            client.close()

    async def health(self, device_id: str) -> str:
        """Return how a device is."""
        states = (await self.ask(do="status"))["devices"]
        return str(states[device_id]["health"])

    async def until_health(self, device_id: str, health: str, within_s: float = HANG_S) -> None:
        """Wait until a device is as it should be."""
        async with asyncio.timeout(within_s):
            while await self.health(device_id) != health:  # noqa: ASYNC110 - asked over the socket, as a person would
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running_store(
    folder: Path, devices: Sequence[DeviceSettings], *, port: int = NOBODY, grace_s: float = 0.5
) -> AsyncIterator[RunningStore]:
    """Run the store until the block ends; its data lie in ``folder``/data, where a second run finds them."""
    data_dir = folder / "data"
    if not data_dir.exists():
        enrolled(CertificateAuthority(folder / "ca"), data_dir, "S1", "1", port)
    link = LinkOverrides(host="127.0.0.1", port=port, plain_loopback=True, max_backoff_s=0.5)
    settings = EdgeSettings(str(data_dir), link=link, devices=tuple(devices))
    writer = Writer()
    try:
        edge = open_edge(settings, writer)
        try:
            agent = agent_of(edge)
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(agent.run(), name="agent")
                await until(edge.data.control.exists)
                try:
                    yield RunningStore(edge, agent)
                finally:
                    agent.stop()
                    await asyncio.wait({running}, timeout=20)
        finally:
            edge.close()
    finally:
        writer.close()
