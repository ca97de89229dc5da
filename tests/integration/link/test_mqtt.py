"""What MQTT hides and we need to see: refused publishes, refused certificates, silence, old brokers."""

import asyncio
import ssl
import threading
import warnings
from pathlib import Path

import pytest

from firmware_sim.line import Line
from link.broker import Broker
from link.certificates import CertificateAuthority
from link.errors import LinkDown, LinkRefused
from link.mosquitto import BrokerTls
from link.mqtt import MqttTransport
from link.mqtt_client import SILENCE
from link.transport import LinkSettings
from tests.integration.link.bench import Bench
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker


async def test_a_publish_that_the_acl_denies_is_refused_aloud(bench: Bench) -> None:
    async with bench.transport("S1") as edge:
        with pytest.raises((LinkRefused, LinkDown)) as refused:
            await edge.publish("shopwire/v1/0/S2/up", b"forged")
        assert isinstance(refused.value, LinkRefused), refused.value
        assert refused.value.code == 0x87
        assert "S2/up" in str(refused.value)


async def test_with_3_1_1_the_denial_cannot_be_seen_and_the_version_says_so(bench: Bench) -> None:
    async with bench.transport("S1", protocol="3.1.1") as edge:
        assert edge.protocol == "3.1.1"
        await edge.publish("shopwire/v1/0/S1/up", b"own")


async def test_half_open_is_noticed_within_twice_the_keepalive(tmp_path: Path) -> None:
    # keepalive 1 keeps this short; the figure scales: SILENCE keepalives plus a look (an eighth, at most 1 s), 19 s for keepalive 10.
    with Broker(tmp_path / "broker") as broker:
        async with Line("127.0.0.1", broker.port) as line:
            settings = LinkSettings(
                host="127.0.0.1", port=line.port, client_id="S1", plain_loopback=True, keepalive_s=1
            )
            async with MqttTransport(settings) as edge:
                await edge.publish("x", b"alive")
                line.black_hole()
                with pytest.raises(LinkDown, match="silent"):  # the silence was noticed; nothing else ended it
                    async for _ in edge.messages():
                        pass
                line.restore()
    assert SILENCE < 2


def test_the_products_own_figure_is_below_twenty_seconds() -> None:
    settings = LinkSettings(host="127.0.0.1", client_id="S1", plain_loopback=True)
    assert SILENCE * settings.keepalive_s + 1.0 < 20


async def test_a_publish_into_a_black_hole_ends_too(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        async with Line("127.0.0.1", broker.port) as line:
            settings = LinkSettings(
                host="127.0.0.1", port=line.port, client_id="S1", plain_loopback=True, keepalive_s=1
            )
            async with MqttTransport(settings) as edge:
                line.black_hole()
                async with asyncio.timeout(HANG_S):
                    with pytest.raises(LinkDown):
                        await edge.publish("x", b"into the hole")
                line.restore()


async def test_a_quiet_link_that_works_is_not_ended(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        settings = LinkSettings(host="127.0.0.1", port=broker.port, client_id="S1", plain_loopback=True, keepalive_s=2)
        async with MqttTransport(settings) as edge:
            quiet = asyncio.ensure_future(anext(aiter(edge.messages())))
            silence_s = SILENCE * settings.keepalive_s
            done, _ = await asyncio.wait({quiet}, timeout=silence_s + 0.5)  # longer than that: the pings keep it
            assert not done
            quiet.cancel()
            await edge.publish("x", b"alive")


async def test_a_connection_into_a_black_hole_gives_up_in_time(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker") as broker:
        async with Line("127.0.0.1", broker.port) as line:
            line.black_hole()
            settings = LinkSettings(
                host="127.0.0.1", port=line.port, client_id="S1", plain_loopback=True, connect_timeout_s=0.3
            )
            with pytest.raises(LinkDown, match=r"0\.3 s"):
                async with MqttTransport(settings):
                    pass
            line.restore()


async def test_connecting_may_be_cancelled_at_any_point(bench: Bench) -> None:
    for delay_s in [step / 2000 for step in range(20)]:
        task = asyncio.ensure_future(bench.transport("S1").__aenter__())
        await asyncio.sleep(delay_s)
        if not task.done():
            task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            await task.result().__aexit__(None, None, None)
    async with bench.transport("S1") as edge:
        await edge.publish("shopwire/v1/0/S1/up", b"fine")


async def test_a_broker_under_another_name_is_refused(bench: Bench) -> None:
    with pytest.raises(LinkRefused, match=r"not acceptable for 'broker\.example'"):
        async with bench.transport("S1", server_name="broker.example"):
            pass


async def test_a_broker_of_another_authority_is_refused(tmp_path: Path, bench: Bench) -> None:
    rogue = CertificateAuthority(tmp_path / "rogue")
    made = rogue.ensure_server(tmp_path / "server", ["127.0.0.1"])
    tls = BrokerTls(made.authority, made.chain, made.key, rogue.crl_file)
    with Broker(tmp_path / "broker", tls=tls) as broker, pytest.raises(LinkRefused, match="certificate"):
        async with bench.transport("S1", port=broker.port):
            pass


async def test_a_plain_broker_where_tls_is_expected_gets_nothing(tmp_path: Path, bench: Bench) -> None:
    with Broker(tmp_path / "broker") as broker, pytest.raises((LinkRefused, LinkDown)):
        async with bench.transport("S1", port=broker.port):
            pass


async def test_tls_1_1_is_not_spoken(bench: Bench) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(bench.authority.certificate_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        await asyncio.open_connection("127.0.0.1", bench.broker.port, ssl=old)


async def test_missing_identity_files_say_which_and_what_to_do(bench: Bench) -> None:
    with pytest.raises(LinkRefused, match=r"nowhere\.pem.*enrol"):
        async with bench.transport("S1", key_file="/nowhere.pem"):
            pass


async def old_broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker that speaks MQTT 3.1.1 and answers level 5 as its standard says: CONNACK with return code 1."""
    try:
        while True:
            header = await reader.readexactly(1)
            length, shift = 0, 0
            while True:
                (digit,) = await reader.readexactly(1)
                length |= (digit & 127) << shift
                shift += 7
                if digit < 128:
                    break
            body = await reader.readexactly(length)
            match header[0] >> 4:
                case 1 if body[6] != 4:
                    writer.write(b"\x20\x02\x00\x01")
                    return
                case 1:
                    writer.write(b"\x20\x02\x00\x00")
                case 3:
                    size = int.from_bytes(body[:2], "big")
                    writer.write(b"\x40\x02" + body[2 + size : 4 + size])
                case 14:
                    return
                case _:
                    pass
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()


async def test_3_1_1_is_spoken_only_with_a_broker_that_refuses_5() -> None:
    server = await asyncio.start_server(old_broker, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = LinkSettings(host="127.0.0.1", port=port, client_id="S1", plain_loopback=True)
        async with MqttTransport(settings) as edge:
            assert edge.protocol == "3.1.1"
            await edge.publish("x", b"y")
        strict = LinkSettings(host="127.0.0.1", port=port, client_id="S1", plain_loopback=True, protocol="5")
        with pytest.raises(LinkRefused, match="protocol version"):
            async with MqttTransport(strict):
                pass


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\x00",
        b"\x20\x03\x00\x00\x7f",
        b"\xff" * 64,
        b"\x20\x02\x00\x87",
    ],
)
async def test_a_peer_that_is_no_broker_is_an_error_in_time(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = LinkSettings(host="127.0.0.1", port=port, client_id="S1", plain_loopback=True, connect_timeout_s=2)
        with pytest.raises((LinkDown, LinkRefused)):
            async with MqttTransport(settings):
                pass


async def test_no_thread_is_needed_to_connect(bench: Bench) -> None:
    before = set(threading.enumerate())
    transports = [bench.transport("S1", host="127.0.0.1") for _ in range(3)]
    for transport in transports:
        async with transport:
            pass
    assert set(threading.enumerate()) <= before
