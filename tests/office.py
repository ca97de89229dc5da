"""A whole headquarters as a process of its own (HTTPS, Mosquitto with TLS and ACL), and edges of a test's making with real certificates.

The edges here are bare streams: they say exactly what a test wants, true or forged, and hear what headquarters answers.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from firmware_sim.chain.api import Api
from firmware_sim.chain.ports import free_ports
from link.enrolment import enrol
from link.errors import LinkDown
from link.identity import EdgeIdentity
from link.mqtt import MqttTransport
from link.transport import LinkSettings, Will
from protocol.codec import decode_ack, decode_down, encode
from protocol.messages import Ack, Batch, Down, Hello
from protocol.topics import Leaf, topic
from tests.contract.coordinator import chain
from tests.waiting import HANG_S

Said = TypeVar("Said", Ack, Down)
READY_S = 40.0
HOST = "127.0.0.1"


class Office:
    """``shopwire coordinator serve`` on free loopback ports that stay the same over restarts."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.log = folder / "hq", folder / "hq.log"
        https, http, broker = free_ports(3)
        self._environment = {
            "COORDINATOR_LANGUAGE": "en",
            "COORDINATOR_API__LISTEN": json.dumps([f"https://{HOST}:{https}", f"http://{HOST}:{http}"]),
            "COORDINATOR_BROKER__PORT": str(broker),
            **environment,
        }
        self.http = http
        self.announced: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.api = Api(f"http://{HOST}:{http}")

    @property
    def pid(self) -> int:
        """The process of headquarters."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start, or start again; returns when it takes requests."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "shopwire", "coordinator", "serve", "--data-dir", str(self.folder), "--announce"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=log, env=os.environ | self._environment
            )
        self.announced = json.loads(self._first_line())
        self.api.close()
        self.api = Api(self.announced["api"]["http"], Path(self.announced["token_file"]).read_text().strip())

    def kill(self) -> None:
        """SIGKILL; its broker dies with it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in peace."""
        self.api.close()
        self._end(signal.SIGTERM)

    def furnish(self) -> None:
        """Register store 1 … 9 and the goods that the tests' sales name."""
        self.api.post("/v1/stores", [{"store": str(n), "name_en": f"Store {n}"} for n in range(1, 10)])
        rows = [{"sku": sku, "name_zh": "茶", "name_en": "Tea", "barcodes": [f"in-{sku}"]} for sku in chain.SKUS]
        assert self.api.import_rows("/v1/catalogue/imports", rows)["errors"] == []

    def edge(self, name: str, store: str = "1") -> "StreamEdge":
        """Register and enrol an edge, as the product does it."""
        shard = self.api.post("/v1/edges", {"edge": name, "store": store})["shard"]
        code = self.api.post(f"/v1/edges/{name}/enrolments")["code"]
        enrol(code, self.folder.parent / "identities" / name, software="test")
        return StreamEdge(EdgeIdentity(self.folder.parent / "identities" / name), chain.Edge(name, store), shard)

    def state_of(self, edge: str) -> dict[str, Any]:
        """Return how far an edge's stream is, as headquarters shows it."""
        rows: list[dict[str, Any]] = self.api.get("/v1/edges", limit=1000)["items"]
        return next(row for row in rows if row["edge"] == edge)

    def incidents(self, edge: str) -> set[str]:
        """Return the kinds of an edge's open incidents."""
        return {row["kind"] for row in self.api.get("/v1/incidents", limit=1000)["items"] if row["edge"] == edge}

    def sales_of(self, edge: str) -> list[str]:
        """Return the source references of the sales booked for an edge, in order."""
        return [row["source_ref"] for row in self.api.get("/v1/sales", edge=edge, limit=1000)["items"]]

    def figure(self, line_start: str) -> float:
        """Return one figure of ``/metrics`` by the beginning of its line."""
        lines = self.api.get_bytes("/metrics").decode().splitlines()
        return float(next(line for line in lines if line.startswith(line_start)).rsplit(" ", 1)[1])

    def _first_line(self) -> bytes:
        assert self.process is not None
        assert self.process.stdout is not None
        timer = threading.Timer(READY_S, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        assert line, f"headquarters did not come up: {self.log.read_text()[-2000:]}"
        return line

    def _end(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait(20)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


class StreamEdge:
    """One edge's identity and stream; ``connected`` gives a conversation with headquarters."""

    def __init__(self, identity: EdgeIdentity, stream: chain.Edge, shard: int) -> None:
        self.identity, self.stream, self.shard = identity, stream, shard

    @property
    def name(self) -> str:
        """Its id."""
        return self.stream.name

    def topic(self, leaf: Leaf) -> str:
        """Return one of its topics."""
        return topic(self.shard, self.name, leaf)

    def settings(self, **more: Any) -> LinkSettings:
        """Return how it reaches the broker."""
        return self.identity.link_settings(**more)

    @asynccontextmanager
    async def connected(self, *, will: Will | None = None, **more: Any) -> AsyncIterator["Talk"]:
        """Connect with its certificate and listen."""
        async with MqttTransport(self.settings(**more), will=will) as transport:
            await transport.subscribe([self.topic("ack"), self.topic("down")])
            yield Talk(self, transport)


class Talk:
    """One connection of a ``StreamEdge``."""

    def __init__(self, edge: StreamEdge, transport: MqttTransport) -> None:
        self.edge, self.transport = edge, transport
        self._number = 0

    async def say(self, message: Hello | Batch) -> None:
        """Publish a message on ``up``."""
        await self.transport.publish(self.edge.topic("up"), encode(message))

    async def sell(self, count: int = 1) -> Ack:
        """Sell, send it and return the ack that covers it."""
        stream = self.edge.stream
        await self.say(stream.state(*(stream.sale() for _ in range(count))))
        return await self.ack(lambda ack: ack.next == len(stream.raws) + 1)

    async def greet(self, **changes: Any) -> Ack:
        """Say hello and return the answer to it."""
        self._number += 1
        number = self._number
        await self.say(self.edge.stream.hello(number=number, **changes))
        return await self.ack(lambda ack: ack.hello == number)

    async def ack(self, wanted: Callable[[Ack], bool] = lambda ack: True, within_s: float = HANG_S) -> Ack:
        """Return the next ack that is ``wanted``."""
        return await self._next("ack", decode_ack, wanted, within_s)

    async def down(self, wanted: Callable[[Down], bool] = lambda down: True, within_s: float = HANG_S) -> Down:
        """Return the next message on ``down`` that is ``wanted``."""
        return await self._next("down", decode_down, wanted, within_s)

    async def _next(
        self, leaf: Leaf, decode: Callable[[bytes], Said], wanted: Callable[[Said], bool], s: float
    ) -> Said:
        async with asyncio.timeout(s):
            async for delivery in self.transport.messages():
                if delivery.topic == self.edge.topic(leaf) and wanted(message := decode(delivery.payload)):
                    return message
        raise LinkDown("the connection ended")


@contextmanager
def office(**environment: str) -> Iterator[Office]:
    """Run a furnished headquarters until the block ends."""
    with tempfile.TemporaryDirectory(prefix="shopwire-office-") as folder:
        headquarters = Office(Path(folder), **environment)
        try:
            headquarters.start()
            headquarters.furnish()
            yield headquarters
        finally:
            headquarters.stop()


def until_now(condition: Callable[[], object], within_s: float = HANG_S) -> None:
    """Return as soon as ``condition()`` is true, for tests without a loop; AssertionError when it is not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {condition}"
        time.sleep(0.01)
