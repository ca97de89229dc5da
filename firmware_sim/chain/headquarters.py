"""Broker and coordinator of the chain as child processes, on fixed loopback ports, so that both may be killed and come back."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_sim.chain.api import Api
from firmware_sim.chain.child import Child, ChildFailed
from firmware_sim.chain.ports import free_ports
from firmware_sim.chain.shopwire import module, shopwire
from firmware_sim.chain.usage import children_of

_READY_S = 60.0
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Places:
    """The ports of a chain: headquarters over HTTPS (edges) and plain HTTP (us, on this machine), and the broker."""

    https: int
    http: int
    broker: int

    @classmethod
    def choose(cls) -> "Places":
        """Return three free ones."""
        return cls(*free_ports(3))


class OwnBroker:
    """A broker apart from headquarters (``python -m link.broker``), so that each can be killed alone; Mosquitto's default persistence."""

    def __init__(self, folder: Path, places: Places, logs: Path) -> None:
        """Let it use headquarters' certificate authority in ``folder``/ca (made here when there is none yet)."""
        authority, directory = str(folder / "ca"), str(folder / "broker")
        words = ("--directory", directory, "--ca", authority, "--port", str(places.broker), "--persistence")
        self.child = Child("broker", module("link.broker", *words), logs)
        self.mosquitto: int | None = None

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        await self.child.start()
        self.mosquitto = int((await self.child.hear_ready(_READY_S))["pid"])

    async def kill(self) -> None:
        """Kill -9: Mosquitto dies in the same moment as the process that holds it."""
        self.child.kill()
        await self.child.ended()

    async def stop(self) -> None:
        """End it."""
        await self.child.stop()


class Headquarters:
    """``shopwire coordinator serve`` with its own broker as a child, or with the one at ``places.broker``."""

    def __init__(
        self, folder: Path, places: Places, logs: Path, *, database: str = "", own_broker: bool = True, lang: str = "en"
    ) -> None:
        """Keep its state in ``folder``; ``database`` is a SQLAlchemy URL, empty = SQLite in ``folder``."""
        listen = [f"https://{_HOST}:{places.https}", f"http://{_HOST}:{places.http}"]
        environment = {
            "COORDINATOR_LANGUAGE": lang,
            "COORDINATOR_API__LISTEN": json.dumps(listen),
            "COORDINATOR_BROKER__PORT": str(places.broker),
        }
        if not own_broker:
            environment["COORDINATOR_BROKER__HOST"] = _HOST
        if database:
            environment["COORDINATOR_DATABASE"] = database
        self.folder, self.environment = folder, environment
        words = ("coordinator", "serve", "--data-dir", str(folder), "--announce", "--migrate")
        self.child = Child("coordinator", shopwire(*words), logs, environment)
        self.announced: dict[str, Any] = {}
        self.token = ""
        self.api = Api(f"http://{_HOST}:{places.http}")

    @property
    def url(self) -> str:
        """Where people and programs on this machine reach it."""
        return str(self.announced["api"]["http"])

    async def start(self) -> None:
        """Start it and wait until it takes requests.

        Raises:
            ChildFailed: it did not come up.
        """
        await self.child.start()
        self.announced = await self.child.hear_ready(_READY_S)
        self.token = (await asyncio.to_thread(Path(self.announced["token_file"]).read_text, "utf-8")).strip()
        self.api.close()
        self.api = Api(self.url, self.token)

    async def kill(self) -> None:
        """Kill -9; a broker that it had started dies with it."""
        self.child.kill()
        await self.child.ended()

    async def stop(self) -> None:
        """End it in order."""
        self.api.close()
        await self.child.stop()

    async def doctor(self) -> str:
        """Run ``shopwire coordinator doctor`` on the same data and return what it says.

        Raises:
            ChildFailed: it found something wrong.
        """
        return await run_once(
            "coordinator-doctor",
            shopwire("coordinator", "doctor", "--data-dir", str(self.folder)),
            self.child.log.parent,
            self.environment,
        )

    def processes(self) -> dict[str, int | None]:
        """Return its pid, and the pid of the Mosquitto that it started, by name."""
        pid = self.child.pid
        beside = [child for child, name in children_of(pid) if name == "mosquitto"] if pid is not None else []
        return {"coordinator": pid, **({"broker": beside[0]} if beside else {})}


async def run_once(name: str, arguments: list[str], logs: Path, environment: dict[str, str] | None = None) -> str:
    """Run a command of ours to its end and return its standard output.

    Raises:
        ChildFailed: it ended with another code than 0.
    """
    child = Child(name, arguments, logs, environment)
    await child.start()
    said = await child.everything()
    code = await child.ended()
    if code:
        raise ChildFailed(name, f"ended with code {code} and said {said[-2000:]}", child.log)
    return said
