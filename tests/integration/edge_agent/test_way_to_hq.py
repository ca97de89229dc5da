"""The doctor's look at headquarters' broker while no agent runs: a real connection with the edge's own certificate."""

import asyncio
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import way_to_hq
from edge_agent.data_dir import DataDir
from edge_agent.findings import Finding
from edge_agent.settings import EdgeSettings
from edge_agent.way_to_hq import look_at_broker
from link.broker import Broker
from link.certificates import CertificateAuthority
from link.identity import EdgeIdentity
from link.x509 import request_for
from tests.edge_headquarters import enrolled
from tests.integration.link.bench import Bench
from tests.waiting import HANG_S

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench")) as bench:
        yield bench


def box(folder: Path, authority: CertificateAuthority, port: int) -> DataDir:
    enrolled(authority, folder, "S1", "1", port, stocked=False)
    return DataDir(folder)


def look(data: DataDir) -> Finding:
    (finding,) = look_at_broker(data, EdgeSettings(data_dir=str(data.path)))
    return finding


def recertified(data: DataDir, authority: CertificateAuthority, born: datetime) -> str:
    """Give the box a certificate of another age for its key; return it."""
    identity = EdgeIdentity(data.identity)
    pem = authority.issue(request_for(identity.key(), "S1"), "S1", now=born)
    identity.install_certificate(pem)
    return pem


def test_an_enrolled_box_is_let_in(tmp_path: Path, bench: Bench) -> None:
    finding = look(box(tmp_path / "S1", bench.authority, bench.broker.port))
    assert (finding.verdict, finding.found) == ("ok", "broker_answers"), finding


def test_an_expired_box_hears_that_it_has_expired(tmp_path: Path, bench: Bench) -> None:
    data = box(tmp_path / "S1", bench.authority, bench.broker.port)
    recertified(data, bench.authority, datetime.now(UTC) - timedelta(days=2000))
    assert look(data).found == "broker_expired"


async def test_a_revoked_box_hears_that_it_is_revoked(tmp_path: Path) -> None:
    with Bench(tmp_path / "bench") as own:
        data = box(tmp_path / "S1", own.authority, own.broker.port)
        own.revoke(EdgeIdentity(data.identity).certificate_file)
        found: list[Finding] = []

        def refused() -> bool:  # the broker reads its list a moment after it is told
            found.append(look(data))
            return found[-1].found != "broker_answers"

        deadline = time.monotonic() + HANG_S
        while not await asyncio.to_thread(refused):
            assert time.monotonic() < deadline, found
    assert (found[-1].found, found[-1].then) == ("broker_revoked", "no_entry"), found


def test_a_box_of_another_headquarters_meets_a_stranger(tmp_path: Path, bench: Bench) -> None:
    stranger = CertificateAuthority(tmp_path / "other")
    assert look(box(tmp_path / "S1", stranger, bench.broker.port)).found == "broker_other"


def test_a_plain_broker_is_not_greeted(tmp_path: Path, bench: Bench) -> None:
    with Broker(tmp_path / "plain") as plain:
        assert look(box(tmp_path / "S1", bench.authority, plain.port)).found in ("broker_unreachable", "broker_refuses")


def test_a_closed_port_and_a_silent_one_are_told_apart_in_bounded_time(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way_to_hq, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        data = box(tmp_path / "S1", bench.authority, silent.getsockname()[1])
        silence = look(data)
        assert silence.found == "broker_unreachable"
        assert "0.3 s" in str(silence.values["reason"])
    assert look(data).found == "broker_silent"


async def test_the_connection_of_a_working_process_is_not_broken(tmp_path: Path, bench: Bench) -> None:
    data = box(tmp_path / "S1", bench.authority, bench.broker.port)
    working = DataDir(data.path)
    working.lock()
    try:
        finding = await asyncio.to_thread(look, data)
    finally:
        working.unlock()
    assert finding.found == "broker_not_asked"
    assert (await asyncio.to_thread(look, data)).found == "broker_answers"


def test_a_box_without_identity_asks_nobody(tmp_path: Path) -> None:
    assert list(look_at_broker(DataDir(tmp_path), EdgeSettings(data_dir=str(tmp_path)))) == []
