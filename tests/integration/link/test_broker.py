"""Our Mosquitto child: starts, dies with us, says what is wrong, and forgets the revoked."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from link.broker import Broker
from link.errors import BrokerFailed, LinkDown, LinkRefused
from link.mosquitto import acl_text
from link.mqtt import MqttTransport
from link.rights import end_with
from link.transport import LinkSettings
from tests.child import child
from tests.foreign_client import ForeignClient
from tests.integration.link.bench import Bench
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parents[3]


async def until_refused(bench: Bench, name: str) -> LinkRefused:
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        # A reset may overtake the alert that says why; the next attempt tells.
        with contextlib.suppress(LinkDown):
            try:
                async with bench.transport(name):
                    pass
            except LinkRefused as refused:
                return refused
    raise AssertionError(f"{name} is still let in {HANG_S:.0f} s after its revocation")


async def test_a_revoked_certificate_is_refused_after_a_reload_and_others_stay(bench: Bench) -> None:
    async with bench.transport("S7") as seven, bench.transport("S8"):
        bench.revoke(bench.edge("S8")[1])
        refused = await until_refused(bench, "S8")
        assert "revoked" in str(refused).lower() or "certificate" in str(refused).lower()
        await seven.publish("shopwire/v1/0/S7/up", b"still here")  # a reload disturbs nobody
    async with bench.transport("S7"):
        pass


async def test_a_restart_throws_out_who_was_connected(bench: Bench) -> None:
    async with bench.transport("S9") as transport:
        bench.revoke(bench.edge("S9")[1])
        bench.broker.restart()
        with pytest.raises(LinkDown):
            async for _ in transport.messages():
                pass
    assert await until_refused(bench, "S9")


async def test_a_muted_edge_is_not_taken_until_it_is_let_in_again(bench: Bench) -> None:
    for muted in ({"S10"}, {"S10", "S12"}, set[str]()):
        bench.broker.mute(muted)
        for name in ("S10", "S11", "S12"):
            async with bench.transport(name) as transport:
                refused = pytest.raises(LinkRefused) if name in muted else contextlib.nullcontext()
                with refused:
                    await transport.publish(f"shopwire/v1/0/{name}/up", b"x")


def test_quality_2_is_refused_after_muting_too(bench: Bench) -> None:
    bench.broker.mute({"S10"})
    bench.broker.mute(())
    with ForeignClient(bench.settings(bench.edge("S13"), "S13")) as client:
        assert client.connect().body.endswith(b"\x24\x01"), "Maximum QoS 1 (MQTT 5, 3.2.2.3.4): a reload would lose it"


def test_killed_and_started_it_is_back_on_the_same_port(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        port, first = broker.port, broker.pid
        broker.kill()
        assert broker.pid is None
        broker.start()
        assert broker.port == port
        assert broker.pid not in {None, first}


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux")
def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "link.broker", "--directory", str(tmp_path / "broker")]
    with child(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        ready = json.loads(parent.stdout.readline())
        os.kill(ready["pid"], 0)
        parent.kill()
        parent.wait()
    assert wait_until_gone(ready["port"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's brokers live under /run")
def test_the_folder_of_a_killed_parent_is_swept_by_the_next_broker(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    command = [sys.executable, "-m", "link.broker", "--directory", str(closed / "one")]
    with child(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        left = Path(json.loads(parent.stdout.readline())["config"]).parent
        parent.kill()
        parent.wait()
    assert left.exists()
    with Broker(closed / "two") as broker:
        assert broker.directory.parent == left.parent
        assert broker.directory.stat().st_mode & 0o777 == 0o700
        assert not left.exists()
    assert not broker.directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's brokers live under /run")
def test_a_broker_that_comes_back_into_its_own_folder_is_not_swept(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    broker = Broker(closed / "one")
    broker.directory.mkdir(parents=True)
    (broker.directory / "owner.pid").write_text("999999999")  # left by a parent that was killed
    with broker:
        assert broker.config.exists()


def test_as_a_process_it_stops_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "link.broker", "--directory", str(tmp_path / "b"), "--ca", str(tmp_path / "ca")]
    with child(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert '"port"' in process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.terminate()
        assert process.wait(HANG_S) == 0


def test_what_a_broker_is_started_with_blocks_no_signal() -> None:
    """A child that inherits a blocked SIGTERM would have to be killed."""
    command = [sys.executable, "-c", "import signal; print(len(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    try:
        said = subprocess.run(command, preexec_fn=end_with(os.getpid()), capture_output=True, text=True, check=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert said.stdout == "0\n"


def test_without_mosquitto_the_error_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("link.broker._PROGRAM", "mosquitto-that-is-not-there")
    with pytest.raises(BrokerFailed, match="apt install mosquitto"):
        Broker(tmp_path / "broker").start()


def test_a_taken_port_is_named_with_the_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there, nobody else may have it
        port = taken.getsockname()[1]
        with pytest.raises(BrokerFailed, match=rf"(?s)port {port}.*Address already in use") as failed:
            Broker(tmp_path / "broker", port=port).start()
    assert "mosquitto.conf" in str(failed.value)


def test_plain_mqtt_is_for_loopback_addresses_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Broker(tmp_path, bind="0.0.0.0")  # noqa: S104 - the point
    with pytest.raises(ValueError, match="loopback"):
        LinkSettings(host="localhost", client_id="S1", plain_loopback=True)  # a name may resolve to anything


async def test_a_dead_port_is_down_not_refused() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        settings = LinkSettings(host="127.0.0.1", port=held.getsockname()[1], client_id="S1", plain_loopback=True)
        with pytest.raises(LinkDown, match="cannot be reached"):
            async with MqttTransport(settings):
                pass


def test_the_acl_in_config_is_the_one_we_test() -> None:
    assert (ROOT / "config" / "mosquitto" / "acl").read_text() == acl_text()


def wait_until_gone(port: int) -> bool:
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                time.sleep(0.01)
        except ConnectionRefusedError:
            return True
    return False
