"""Headquarters' HTTP side with a real database and a real authority, without sockets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from coordinator.api.app import create_app
from coordinator.authority import OwnAuthority
from coordinator.clock import SystemClock
from coordinator.db.engine import again
from coordinator.db.views import SqlViews
from coordinator.handlers import upkeep
from coordinator.handlers.access import TokenRole, create_token
from coordinator.office import Office, Signposts
from coordinator.settings import ApiSettings
from coordinator.telemetry import Telemetry
from link.certificates import CertificateAuthority
from link.enrolment import decode_code
from link.identity import SIGNATURE_HEADER, sign_request, signer_of, verify_request
from link.x509 import new_key, request_for
from tests.contract.coordinator.chain import Chain
from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hq.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.lent("headquarters") as fresh:
        yield fresh


class Signer(NamedTuple):
    """An enrolled edge that signs its requests."""

    edge: str
    key: Any

    def header(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        at = SystemClock().now()
        return {SIGNATURE_HEADER: sign_request(self.key, self.edge, method, path, body, at=at)}


class Hq(NamedTuple):
    """One headquarters under test."""

    chain: Chain
    office: Office
    app: FastAPI
    client: TestClient
    tokens: dict[str, str]
    authority: CertificateAuthority

    def headers(self, role: str = "admin") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"} if role in self.tokens else {}

    def get(self, path: str, role: str = "viewer", **more: Any) -> Any:
        return self.client.get(path, headers=self.headers(role), **more)

    def post(self, path: str, body: Any = None, role: str = "operator", **headers: str) -> Any:
        return self.client.post(path, json=body, headers={**self.headers(role), **headers})

    def load(self, path: str, text: str | bytes, kind: str, role: str = "operator") -> Any:
        return self.client.post(path, content=text, headers={**self.headers(role), "Content-Type": kind})

    def enrol(self, edge: str) -> Signer:
        code = decode_code(self.post(f"/v1/edges/{edge}/enrolments").json()["code"])
        key = new_key()
        answer = self.client.post(
            "/v1/enrolments", json={"edge": edge, "secret": code.secret, "csr_pem": request_for(key, edge)}
        )
        assert answer.status_code == 200, answer.text
        return Signer(edge, key)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Hq]:
    chain = Chain(f"sqlite:///{tmp_path / 'hq.db'}")
    authority = CertificateAuthority(tmp_path / "ca")
    clock = SystemClock()
    roles: tuple[TokenRole, ...] = ("viewer", "operator", "admin")
    office = Office(
        settings=ApiSettings(max_body_bytes=20_000, max_import_bytes=200_000, request_timeout_s=5),
        clock=clock,
        views=SqlViews(chain.database),
        authority=OwnAuthority(authority),
        telemetry=Telemetry(),
        begin=chain.uow,
        again=again,
        verify=lambda pem, header, method, target, body: verify_request(
            pem, header, method, target, body, now=clock.now()
        ),
        signer=signer_of,
        changed=lambda: None,
        revoked=lambda: None,
        signposts=lambda: Signposts("https://hq.example:8443", "broker.example", 8883, "broker.example"),
        health=list,
        release=lambda edge: upkeep.release_stream(edge, chain.uow(), clock, actor="api"),
        certificate_days=90,
        enrolment_hours=72,
        silent_s=900,
    )
    office.telemetry.ask(lambda: office.views.states(""), lambda: office.views.summary(""))
    tokens: dict[str, str] = {role: create_token(f"t-{role}", role, chain.uow(), clock, actor="test") for role in roles}
    app = create_app(office, hosts=lambda: {"localhost"})
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield Hq(chain, office, app, client, tokens, authority)
    chain.close()
