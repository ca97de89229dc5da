"""The way to a payment provider over TLS: only the provider whose name was written is talked to."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.payment_code.codec import Sealed
from devices.payment_code.exchange import Answer, NoAnswer, door_at, post


def certified(folder: Path, name: str) -> Path:
    """Write key and certificate of ``name`` into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "provider.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "provider.pem"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return certified(tmp_path, "localhost")


@pytest.fixture
async def port(authority: Path) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nPay-Signature: s\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def asked(address: str, ca_file: Path | str) -> Answer:
    with ThreadPoolExecutor(1) as threads:
        return await post(threads, door_at(address, str(ca_file)), "/v1/ping", {}, Sealed(b"{}"), 100, 5)


async def test_the_provider_whose_name_was_written_is_talked_to(authority: Path, port: int) -> None:
    assert await asked(f"https://localhost:{port}", authority) == Answer(200, "s", b"{}")


async def test_another_name_or_another_authority_gets_no_byte(authority: Path, port: int) -> None:
    for address, ca_file in ((f"https://127.0.0.1:{port}", authority), (f"https://localhost:{port}", "")):
        with pytest.raises(NoAnswer) as refused:
            await asked(address, ca_file)
        assert (refused.value.reason, refused.value.sent) == ("not_reached", False)
        assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)
