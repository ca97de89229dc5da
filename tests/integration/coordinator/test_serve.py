"""A headquarters as a process of its own: starts, announces itself, enrols, takes facts over TLS, refuses the revoked, stops with grace."""

import asyncio
import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from link.enrolment import enrol
from link.errors import EnrolmentFailed, LinkError
from link.identity import EdgeIdentity
from link.mqtt import mqtt_factory
from protocol.codec import decode_ack, decode_down, encode
from protocol.messages import Ack, Down, DownlinkPosition
from protocol.topics import topic
from tests.contract.coordinator.chain import Edge
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker
WITHIN_S = HANG_S
HQ = [sys.executable, "-m", "shopwire", "--lang", "en", "coordinator"]


class Process:
    """One ``serve`` with its announcement."""

    def __init__(self, root: Path, *arguments: str, role: str = "all") -> None:
        self.root = root
        settings = root / "hq.toml"
        settings.write_text('[api]\nlisten = ["https://127.0.0.1:0", "http://127.0.0.1:0"]\n[ticker]\nevery_s = 0.5\n')
        common = ["--config", str(settings), "--data-dir", str(root / "data")]
        self._command = HQ
        self._common = common
        with (root / "log").open("ab") as log:
            self.child = subprocess.Popen(
                [*self._command, "serve", *common, "--role", role, "--announce", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, (root / "log").read_text()
        self.said: dict[str, Any] = json.loads(line)
        self.token = Path(self.said["token_file"]).read_text().strip()

    def call(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        request = urllib.request.Request(self.said["api"]["http"] + path, data, headers, method=method)  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:  # noqa: S310 - ours
            return json.loads(answer.read())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the terminal on the same data."""
        command = [*self._command, *arguments[:1], *self._common, *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(WITHIN_S)
        if self.child.stdout is not None:
            self.child.stdout.close()
        return code


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    try:
        process.call("POST", "/v1/stores", [{"store": "1", "currency": "CNY"}, {"store": "2", "currency": "CNY"}])
        rows = b"\n".join(json.dumps({"sku": f"TEA-{n}", "name_en": "tea"}).encode() for n in range(40))
        process.call("POST", "/v1/catalogue/imports", rows, "application/x-ndjson")
        for number in ("1", "2"):
            process.call("POST", "/v1/edges", {"edge": f"S{number}", "store": number})
        yield process
    finally:
        if process.child.poll() is None:
            process.stop()


def enrolled(hq: Process, edge: str, folder: str = "") -> EdgeIdentity:
    code = hq.call("POST", f"/v1/edges/{edge}/enrolments")["code"]
    identity = EdgeIdentity(hq.root / (folder or edge))
    enrol(code, identity.directory, software="test")
    return identity


async def talk(
    identity: EdgeIdentity, messages: list[Any], until: Callable[[list[Ack], list[Down]], bool]
) -> tuple[list[Ack], list[Down]]:
    """Send messages as an edge and listen until ``until`` is content."""
    card = identity.card()
    acks: list[Ack] = []
    downs: list[Down] = []
    async with asyncio.timeout(WITHIN_S), mqtt_factory(identity.link_settings())() as transport:
        await transport.subscribe([topic(card.shard, card.edge, "ack"), topic(card.shard, card.edge, "down")])
        for message in messages:
            payload = message if isinstance(message, bytes) else encode(message)
            await transport.publish(topic(card.shard, card.edge, "up"), payload)
        async for delivery in transport.messages():
            if delivery.topic.endswith("/ack"):
                acks.append(decode_ack(delivery.payload))
            else:
                downs.append(decode_down(delivery.payload))
            if until(acks, downs):
                break
    return acks, downs


def eventually(check: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not check():
        assert time.monotonic() < until, what
        time.sleep(0.05)


async def test_an_edge_enrols_sells_over_tls_and_gets_its_replica(hq: Process) -> None:
    identity = await asyncio.to_thread(enrolled, hq, "S1")
    card = identity.card()
    assert (card.edge, card.store, card.currency) == ("S1", "1", "CNY")
    edge = Edge("S1", "1")
    edge.state(*(edge.sale() for _ in range(5)))
    acks, downs = await talk(
        identity, [edge.hello(), edge.batch(1, 5)], lambda a, d: bool(d) and any(ack.next == 6 for ack in a)
    )
    assert acks[0].hello == 1
    assert downs[0].snapshot is not None
    assert hq.call("GET", "/v1/reports/totals")["baskets"] == 5
    [first, _] = hq.call("GET", "/v1/edges")["items"]
    assert (first["edge"], first["next"], first["top"], first["lag"]) == ("S1", 6, 5, 0)


async def test_a_malformed_message_is_counted_and_the_stream_goes_on(hq: Process) -> None:
    identity = await asyncio.to_thread(enrolled, hq, "S1")
    edge = Edge("S1", "1")
    bombs = [b"{", b"\xff" * 100, b"[" * 5000, b'{"kind":"batch","v":1,"v":1}', b'{"v":NaN}', b"x\x9c\x00", b""]
    batch = edge.state(edge.sale())
    acks, _ = await talk(identity, [*bombs, batch], lambda a, d: any(ack.next == 2 for ack in a))
    assert acks[-1].next == 2
    incidents = hq.call("GET", "/v1/incidents")["items"]
    assert [row["kind"] for row in incidents] == ["malformed_message"]


async def test_a_revoked_edge_is_thrown_out_and_refused(hq: Process) -> None:
    identity = await asyncio.to_thread(enrolled, hq, "S2")
    edge = Edge("S2", "2")
    await talk(identity, [edge.state(edge.sale())], lambda a, d: bool(a))
    done = await asyncio.to_thread(hq.run, "revoke", "S2")
    assert done.returncode == 0, done.stderr

    async def refused() -> bool:
        try:
            await talk(identity, [edge.hello()], lambda a, d: True)
        except (LinkError, TimeoutError):
            return True
        return False

    async with asyncio.timeout(WITHIN_S):
        while not await refused():  # until the broker has read the new list
            pass
    assert hq.call("GET", "/v1/reports/totals")["baskets"] == 1


async def test_a_revocation_that_a_crash_kept_off_the_list_is_in_force_after_the_next_start(hq: Process) -> None:
    identity = await asyncio.to_thread(enrolled, hq, "S2")
    await asyncio.to_thread(hq.stop)
    database = sqlite3.connect(next((hq.root / "data").glob("*.db")))
    with database:
        for table in ("edge", "certificate"):
            database.execute(f"UPDATE {table} SET revoked_at = '2026-11-21T12:00:00.000Z' WHERE edge = 'S2'")  # noqa: S608
    database.close()
    again = await asyncio.to_thread(Process, hq.root)
    try:
        with pytest.raises(LinkError):
            await talk(identity, [Edge("S2", "2").hello()], lambda a, d: True)
    finally:
        await asyncio.to_thread(again.stop)


def test_a_code_works_once_and_only_for_its_edge(hq: Process) -> None:
    printed = hq.run("enrol", "S1")
    assert printed.returncode == 0, printed.stderr
    code = printed.stdout.strip()
    assert enrol(code, hq.root / "first", software="test").edge == "S1"
    with pytest.raises(EnrolmentFailed, match="used"):
        enrol(code, hq.root / "second", software="test")
    older, newer = (hq.run("enrol", "S2").stdout.strip() for _ in range(2))
    assert older != newer
    with pytest.raises(EnrolmentFailed, match="unknown, expired"):
        enrol(older, hq.root / "older", software="test")  # the newer code ended it


def test_plain_http_is_only_for_loopback_and_https_needs_our_authority(hq: Process, tmp_path: Path) -> None:
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(hq.said["api"]["https"] + "/v1/health", timeout=WITHIN_S)  # noqa: S310 - ours
    context = ssl.create_default_context(cafile=str(tmp_path / "data" / "ca" / "ca.cert.pem"))
    url = hq.said["api"]["https"] + "/v1/health"
    with urllib.request.urlopen(url, context=context, timeout=WITHIN_S) as answer:  # noqa: S310 - ours
        assert json.loads(answer.read()) == {"status": "ok", "reasons": []}
    bad = tmp_path / "bad.toml"
    bad.write_text('[api]\nlisten = ["http://0.0.0.0:0"]\n')
    done = subprocess.run(
        [*HQ, "serve", "--config", str(bad), "--data-dir", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 1
    assert "plain http on 0.0.0.0" in done.stderr


def test_it_stops_with_grace_and_takes_its_broker_along(hq: Process) -> None:
    broker = hq.said["broker"]["pid"]
    assert Path(f"/proc/{broker}").exists()
    assert hq.run("restore", str(hq.root / "hq.toml")).returncode == 1  # refused while it runs
    assert hq.stop() == 0
    assert not Path(f"/proc/{broker}").exists()
    assert "coordinator_stopped" in (hq.root / "log").read_text()
    assert list((hq.root / "data").glob("running-*")) == []


def test_a_second_one_on_the_same_data_is_refused_and_takes_nothing_from_the_first(hq: Process) -> None:
    other = hq.run("serve")
    assert other.returncode == 1
    assert "another process serves api" in other.stderr
    assert hq.run("backup", str(hq.root / "one.bak")).returncode == 0
    refused = hq.run("restore", str(hq.root / "one.bak"))
    assert (refused.returncode, str(hq.said["pid"]) in refused.stderr) == (1, True)


def test_a_lost_database_is_not_replaced_by_an_empty_one(hq: Process) -> None:
    assert hq.run("backup", str(hq.root / "one.bak")).returncode == 0
    assert hq.stop() == 0
    for file in (hq.root / "data").glob("coordinator.db*"):
        file.unlink()
    lost = hq.run("serve")
    assert (lost.returncode, "its database is gone" in lost.stderr) == (1, True)
    assert hq.run("restore", str(hq.root / "one.bak")).returncode == 0
    assert hq.run("doctor").returncode == 0


def test_a_note_of_a_killed_one_stops_no_restore(hq: Process) -> None:
    """Its number is somebody else's by then: in a container it is always 1."""
    assert hq.run("backup", str(hq.root / "one.bak")).returncode == 0
    note = (hq.root / "data" / "running-all.json").read_bytes()
    assert hq.stop() == 0
    pid = str(hq.child.pid).encode()
    (hq.root / "data" / "running-all.json").write_bytes(note.replace(pid, str(os.getpid()).encode()))
    assert hq.run("restore", str(hq.root / "one.bak")).returncode == 0


async def test_a_headquarters_that_starts_again_is_where_its_stores_were_told(hq: Process) -> None:
    identity = await asyncio.to_thread(enrolled, hq, "S1")
    assert await asyncio.to_thread(hq.stop) == 0
    again = await asyncio.to_thread(Process, hq.root)
    try:
        edge = Edge("S1", "1")
        edge.state(edge.sale())
        acks, _ = await talk(identity, [edge.hello(), edge.batch(1, 1)], lambda a, _: any(ack.next == 2 for ack in a))
        assert acks
    finally:
        await asyncio.to_thread(again.stop)


async def test_roles_in_processes_of_their_own_make_one_headquarters(tmp_path: Path) -> None:
    ingest = await asyncio.to_thread(Process, tmp_path, role="ingest")
    api = await asyncio.to_thread(Process, tmp_path, role="api")
    try:
        api.call("POST", "/v1/stores", [{"store": "1", "currency": "CNY"}])
        api.call("POST", "/v1/edges", {"edge": "S1", "store": "1"})
        identity = await asyncio.to_thread(enrolled, api, "S1")
        assert identity.card().broker_port == ingest.said["broker"]["port"]
        edge = Edge("S1", "1")
        _, downs = await talk(identity, [edge.hello(dl=DownlinkPosition(0, 0))], lambda a, d: bool(d))
        assert downs[0].snapshot is not None
        at = DownlinkPosition(1, downs[0].snapshot.cursor)

        def change() -> None:
            api.call("POST", "/v1/catalogue/imports", b'{"sku":"A","name_en":"A"}', "application/x-ndjson")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(change))
            _, pokes = await talk(identity, [edge.hello(dl=at)], lambda a, d: bool(d) and d[-1].top > at.cursor)
        assert pokes[-1].top == at.cursor + 1  # the ingest process saw what the api process changed
    finally:
        assert api.stop() == 0
        assert ingest.stop() == 0


def test_a_killed_broker_comes_back_and_health_says_so_meanwhile(hq: Process) -> None:
    os.kill(hq.said["broker"]["pid"], signal.SIGKILL)
    eventually(lambda: "broker_died" in (hq.root / "log").read_text(), "the dead broker was not noticed")
    eventually(lambda: hq.call("GET", "/v1/health")["status"] == "ok", "the broker did not come back")
    assert (hq.root / "log").read_text().count("broker_connected") == 2


def test_commands_of_the_terminal(hq: Process) -> None:
    made = hq.run("doctor", "--json")
    assert json.loads(made.stdout)["ok"] is True
    assert hq.run("migrate").returncode == 0
    done = hq.run("backup", str(hq.root / "copy.db"))
    assert done.returncode == 0, done.stderr
    assert (hq.root / "copy.db").exists()
