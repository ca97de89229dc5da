"""A headquarters that only takes facts, for tests of the edge: the real receiver on a real broker, everything else in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.bootstrap import new_database
from edge_agent.data_dir import DataDir
from edge_agent.db.journal import open_journal
from edge_agent.db.writer import Writer
from link.broker import Broker
from link.certificates import CertificateAuthority
from link.files import write_durably
from link.hub import Hub, HubState
from link.identity import EdgeCard, EdgeIdentity
from link.mqtt import mqtt_factory
from link.transport import LinkSettings
from link.x509 import key_pem, new_key, request_for
from protocol.codec import decode_up, encode
from protocol.facts import Fact, SaleCompleted
from protocol.messages import Batch, Down, Hello
from protocol.receiver import Accepted, StreamPosition, answer, beginning, greet, receive
from protocol.topics import Address
from tests.edge_store import stock_up
from tests.waiting import until


def enrolled(
    authority: CertificateAuthority, data_dir: Path, edge: str, store: str, port: int, *, stocked: bool = True
) -> None:
    """Make ``data_dir`` what enrolment would have made it, with the small catalogue when ``stocked``."""
    data, identity = DataDir(data_dir), EdgeIdentity(data_dir / "identity")
    identity.directory.mkdir(parents=True)
    writer = Writer()
    new_database(data, writer, edge)
    if stocked:
        journal = open_journal(data.database, writer)
        writer.call(lambda: stock_up(journal))
        writer.call(journal.connection.close)
    writer.close()
    key = new_key()
    draft = identity.directory / "key.new.pem"
    write_durably(draft, key_pem(key))
    card = EdgeCard(
        edge=edge,
        store=store,
        shard=1,
        broker_host="127.0.0.1",
        broker_port=port,
        api_url="https://127.0.0.1:9",
        store_name_zh="沃茂超市 人民路店",
        store_name_en="Shopwire, People's Road",
    )
    certificate = authority.issue(request_for(key, edge), edge)
    identity.install(key_file=draft, certificate_pem=certificate, authority_pem=authority.certificate_pem, card=card)


def plain(port: int) -> dict[str, str]:
    """Return the environment of an edge that talks to a plain broker on this machine."""
    return {
        "EDGE_LINK__HOST": "127.0.0.1",
        "EDGE_LINK__PORT": str(port),
        "EDGE_LINK__PLAIN_LOOPBACK": "true",
        "EDGE_LINK__MAX_BACKOFF_S": "0.5",
    }


class Headquarters:
    """Takes facts in order, once, and acknowledges them."""

    def __init__(self, port: int) -> None:
        settings = LinkSettings(
            host="127.0.0.1", port=port, client_id="coordinator", plain_loopback=True, max_queued=4000
        )
        self.hub = Hub(mqtt_factory(settings), self._take)
        self.positions: dict[str, StreamPosition] = {}
        self.accepted: dict[str, list[Accepted]] = {}
        self.hellos: list[Hello] = []
        self.hashes: dict[str, dict[int, bytes]] = {}
        self.known: set[str] = set()
        self.forks: list[str] = []
        self.silent = False

    def facts(self, edge: str) -> list[Fact]:
        """Return what counted, once each, in order."""
        return [each.fact for each in self.accepted.get(edge, []) if each.fact is not None]

    def sales(self, edge: str) -> list[Any]:
        """Return the sales among them."""
        return [fact.sale for fact in self.facts(edge) if isinstance(fact, SaleCompleted)]

    def down(self, edge: str, message: Down) -> None:
        """Say something on ``down``."""
        self.hub.tell(1, edge, "down", encode(message))

    async def _take(self, address: Address, payload: bytes) -> None:
        if address.leaf != "up" or self.silent:
            return
        message, edge = decode_up(payload), address.edge
        position = self.positions.get(edge, beginning(edge))
        fork = ""
        match message:
            case Hello():
                self.hellos.append(message)
                fork = greet(position, message, self._hash_of(edge))
            case Batch():
                reception = receive(position, edge, message, self._hash_of(edge))
                fork = reception.fork
                for each in reception.accepted:
                    self._keep(edge, each)
                position = reception.position
        if fork:
            self.forks.append(fork)
        self.positions[edge] = position
        ack = answer(position, message, gen=1, credit=1 << 20, hq_time=datetime.now(UTC).isoformat(), fork=fork)
        self.hub.tell(address.shard, edge, "ack", encode(ack))

    def _keep(self, edge: str, each: Accepted) -> None:
        self.hashes.setdefault(edge, {})[each.seq] = each.hash
        if each.event_id not in self.known:
            self.known.add(each.event_id)
            self.accepted.setdefault(edge, []).append(each)

    def _hash_of(self, edge: str) -> Any:
        return self.hashes.get(edge, {}).get


@asynccontextmanager
async def headquarters(broker: Broker) -> AsyncIterator[Headquarters]:
    """Run it until the block ends."""
    hq = Headquarters(broker.port)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(hq.hub.run(), name="headquarters")
        await until(lambda: hq.hub.state is HubState.ONLINE)
        yield hq
        running.cancel()
