"""The chain that sells the year: broker, headquarters, hosts full of edges, and with faults a line for each host."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from firmware_sim.chain.child import Child
from firmware_sim.chain.headquarters import Headquarters, OwnBroker, Places
from firmware_sim.chain.host import Answer, EdgeHost
from firmware_sim.chain.wire import Wire
from firmware_sim.replay.basket import edge_of

RECONNECT_WITHIN_S = 3.0
"""A store in the field waits up to a minute before it dials again; a replay with faults has not the time."""


class ReplayChain:
    """Starts things in the order in which they need each other and ends them in the opposite order."""

    def __init__(self, folder: Path, *, database: str, apart: bool, lang: str) -> None:
        """Live in ``folder``; ``apart`` puts a broker of our own and a line for every host between edges and headquarters."""
        self.folder, self.logs = folder, folder / "logs"
        self.places = Places.choose()
        state = folder / "headquarters"
        self.broker = OwnBroker(state, self.places, self.logs) if apart else None
        self.headquarters = Headquarters(
            state, self.places, self.logs, database=database, own_broker=not apart, lang=lang
        )
        self.wires: list[Wire] = []
        self.hosts: list[EdgeHost] = []

    async def start(self) -> None:
        """Start broker and headquarters."""
        if self.broker is not None:
            await self.broker.start()
        await self.headquarters.start()

    async def open_stores(self, stores: list[list[int]], enrolments: Path, answered: Callable[[Answer], None]) -> None:
        """Start one host for each list of stores; they enrol with the codes in ``enrolments``."""
        for number, carried in enumerate(stores, 1):
            name = f"edges-{number}"
            environment = await self._line_for(name) if self.broker is not None else {}
            edges = [edge_of(store) for store in carried]
            root = self.folder / name
            self.hosts.append(EdgeHost(name, edges, root, self.logs, answered, environment, enrolments))
        async with asyncio.TaskGroup() as starts:
            for host in self.hosts:
                starts.create_task(host.start(), name=f"start:{host.name}")

    async def _line_for(self, name: str) -> dict[str, str]:
        wire = Wire(name, "127.0.0.1", self.places.broker, self.logs)
        await wire.start()
        self.wires.append(wire)
        return {
            "EDGE_LINK__HOST": "127.0.0.1",
            "EDGE_LINK__PORT": str(wire.port),
            "EDGE_LINK__MAX_BACKOFF_S": str(RECONNECT_WITHIN_S),
        }

    def processes(self) -> dict[str, int | None]:
        """Return the pid of everything that runs, ourselves included, by name."""
        children = [*(host.child for host in self.hosts), *(wire.child for wire in self.wires)]
        named = {child.name: child.pid for child in children}
        broker = {"broker": self.broker.mosquitto} if self.broker is not None else {}
        return {"replay": os.getpid(), **self.headquarters.processes(), **broker, **named}

    def watched(self) -> list[Child]:
        """Return what must not end by itself."""
        apart = [self.broker.child] if self.broker is not None else []
        return [self.headquarters.child, *apart, *(wire.child for wire in self.wires)]

    async def stop(self) -> None:
        """End everything: first who sells, last who carries."""
        await asyncio.gather(*(host.stop() for host in self.hosts))
        await asyncio.gather(*(wire.stop() for wire in self.wires))
        await self.headquarters.stop()
        if self.broker is not None:
            await self.broker.stop()
