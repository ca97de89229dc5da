"""A connection that breaks at any moment of dialling is a closed road, never an accident of the agent."""

import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from link import dialling
from link.certificates import CertificateAuthority
from link.errors import LinkDown
from link.transport import LinkSettings

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, listener: socket.socket) -> LinkSettings:
    own = CertificateAuthority(tmp_path / "ca").ensure_coordinator(tmp_path / "own")
    return LinkSettings(
        host="127.0.0.1",
        port=listener.getsockname()[1],
        client_id="S2",
        ca_file=str(own.authority),
        cert_file=str(own.chain),
        key_file=str(own.key),
    )


async def test_a_reset_between_tcp_and_tls_is_a_closed_road(listener: socket.socket, settings: LinkSettings) -> None:
    near = await dialling._tcp(settings.host, settings.port)
    far, _ = listener.accept()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    far.close()
    assert select.select([near], [], [], 5)[0], "the reset has arrived"
    with pytest.raises(LinkDown, match="connection broke"):
        await dialling._secured(near, dialling._context(settings), settings)
