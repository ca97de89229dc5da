"""An edge enrols over real HTTPS: pinned, one key, whole files, and nobody else's answer."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from link.certificates import CertificateAuthority
from link.enrolment import encode_code, enrol, renew
from link.errors import EnrolmentFailed, IdentityRefused
from link.identity import SIGNATURE_HEADER, EdgeIdentity, verify_request
from link.x509 import describe, new_key, request_for

Answer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


class Headquarters:
    """The enrolment side of headquarters, as small as it can be, on HTTPS with a chain of ``shown``."""

    def __init__(self, directory: Path, *, shown: CertificateAuthority | None = None) -> None:
        self.authority = CertificateAuthority(directory / "ca")
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answer: Answer = self.enrolled
        made = (shown or self.authority).ensure_server(directory / "https", ["127.0.0.1"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.chain, made.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.daemon_threads = True
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def code(self, edge: str = "S2") -> str:
        return encode_code(self.url, edge, "one-time", self.authority.sha256)

    def enrolled(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        certificate = self.authority.issue(body["csr_pem"], body["edge"])
        return 201, {
            "certificate_pem": certificate,
            "ca_pem": self.authority.certificate_pem,
            **CARD,
            "api_url": self.url,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        headquarters = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw) | {"_raw": raw, "_signature": self.headers.get(SIGNATURE_HEADER, "")}
                headquarters.requests.append((self.path, body))
                status, answer = headquarters.answer(self.path, body)
                out = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


CARD = {
    "edge": "S2",
    "store": "2",
    "shard": 2,
    "broker_host": "127.0.0.1",
    "broker_port": 8883,
    "server_name": "127.0.0.1",
    "store_name_en": "Two",
}


@pytest.fixture
def headquarters(tmp_path: Path) -> Iterator[Headquarters]:
    made = Headquarters(tmp_path / "hq")
    yield made
    made.close()


def test_a_code_becomes_an_identity(headquarters: Headquarters, tmp_path: Path) -> None:
    card = enrol(headquarters.code(), tmp_path / "edge", software="shopwire test")
    identity = EdgeIdentity(tmp_path / "edge")
    assert identity.card() == card
    assert identity.certificate().common_name == "S2"
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "edge").iterdir()} == {
        "key.pem": 0o600,
        "cert.pem": 0o644,
        "ca.pem": 0o644,
        "edge.json": 0o644,
    }
    [(path, body)] = headquarters.requests
    assert path == "/v1/enrolments"
    assert "PRIVATE" not in body["_raw"].decode()


def test_somebody_else_behind_the_address_gets_no_secret(tmp_path: Path) -> None:
    stranger = CertificateAuthority(tmp_path / "stranger")
    headquarters = Headquarters(tmp_path / "hq", shown=stranger)
    try:
        with pytest.raises(EnrolmentFailed, match="does not show the authority"):
            enrol(headquarters.code(), tmp_path / "edge", software="")
        assert headquarters.requests == []
    finally:
        headquarters.close()


def test_the_right_authority_shown_with_a_strangers_certificate_gets_no_secret(tmp_path: Path) -> None:
    stranger, real = CertificateAuthority(tmp_path / "stranger"), CertificateAuthority(tmp_path / "hq" / "ca")
    made = stranger.ensure_server(tmp_path / "hq" / "https", ["127.0.0.1"])
    leaf = made.chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    made.chain.write_text(leaf + real.certificate_pem)  # shows the pinned authority, is not certified by it
    headquarters = Headquarters.__new__(Headquarters)
    ensure = CertificateAuthority.ensure_server
    try:
        CertificateAuthority.ensure_server = lambda *_a, **_k: made  # type: ignore[method-assign]
        headquarters.__init__(tmp_path / "hq")  # type: ignore[misc]
    finally:
        CertificateAuthority.ensure_server = ensure  # type: ignore[method-assign]
    try:
        with pytest.raises(EnrolmentFailed, match="not who it should be"):
            enrol(headquarters.code(), tmp_path / "edge", software="")
        assert headquarters.requests == []
    finally:
        headquarters.close()


def test_a_refusal_says_why_and_leaves_no_identity(headquarters: Headquarters, tmp_path: Path) -> None:
    headquarters.answer = lambda _path, _body: (403, {"title": "Forbidden", "detail": "code was used on Monday"})
    with pytest.raises(EnrolmentFailed, match="used on Monday") as failed:
        enrol(headquarters.code(), tmp_path / "edge", software="")
    assert failed.value.status == 403
    assert not EdgeIdentity(tmp_path / "edge").enrolled


def test_a_repeat_sends_the_same_key(headquarters: Headquarters, tmp_path: Path) -> None:
    headquarters.answer = lambda _path, _body: (503, {"title": "restarting"})
    with pytest.raises(EnrolmentFailed):
        enrol(headquarters.code(), tmp_path / "edge", software="")
    headquarters.answer = headquarters.enrolled
    enrol(headquarters.code(), tmp_path / "edge", software="")
    first, second = (x509.load_pem_x509_csr(body["csr_pem"].encode()) for _, body in headquarters.requests)
    assert first.public_key() == second.public_key()


def test_another_edges_directory_is_not_taken_over(headquarters: Headquarters, tmp_path: Path) -> None:
    enrol(headquarters.code(), tmp_path / "edge", software="")
    with pytest.raises(IdentityRefused, match="is edge S2"):
        enrol(headquarters.code("S3"), tmp_path / "edge", software="")


@pytest.mark.parametrize("bad", ["other key", "other name", "other authority", "garbage", "missing"])
def test_an_answer_that_does_not_fit_is_not_installed(headquarters: Headquarters, tmp_path: Path, bad: str) -> None:
    def answer(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        good = headquarters.enrolled(path, body)[1]
        match bad:
            case "other key":
                good["certificate_pem"] = headquarters.authority.issue(request_for(new_key(), "S2"), "S2")
            case "other name":
                good["certificate_pem"] = headquarters.authority.issue(request_for(new_key(), "S3"), "S3")
            case "other authority":
                other = CertificateAuthority(tmp_path / "other")
                good |= {"certificate_pem": other.issue(body["csr_pem"], "S2"), "ca_pem": other.certificate_pem}
            case "garbage":
                good["certificate_pem"] = "garbage"
            case _:
                del good["shard"]
        return 201, good

    headquarters.answer = answer
    with pytest.raises(EnrolmentFailed):
        enrol(headquarters.code(), tmp_path / "edge", software="")
    assert not EdgeIdentity(tmp_path / "edge").enrolled


def test_nobody_there_says_what_to_do(tmp_path: Path, headquarters: Headquarters) -> None:
    code = headquarters.code()
    headquarters.close()
    try:
        with pytest.raises(EnrolmentFailed, match="cannot be reached"):
            enrol(code, tmp_path / "edge", software="", timeout_s=2)
    finally:
        headquarters._thread = threading.Thread(target=lambda: None)
        headquarters._thread.start()


def test_renewal_is_signed_and_replaces_only_the_certificate(headquarters: Headquarters, tmp_path: Path) -> None:
    enrol(headquarters.code(), tmp_path / "edge", software="")
    identity, now = EdgeIdentity(tmp_path / "edge"), datetime.now(UTC)
    before, key = identity.certificate_file.read_text(), identity.key_file.read_bytes()

    def answer(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        verify_request(before, body["_signature"], "POST", path, body["_raw"], now=now)
        fresh = headquarters.authority.issue(body["csr_pem"], "S2", now=now + timedelta(days=60))
        return 200, {"certificate_pem": fresh}

    headquarters.answer = answer
    renew(identity, now=now)
    assert headquarters.requests[-1][0] == "/v1/edges/S2/certificate"
    assert identity.certificate().not_after > describe(before).not_after
    assert identity.key_file.read_bytes() == key


def test_a_refused_renewal_keeps_the_certificate(headquarters: Headquarters, tmp_path: Path) -> None:
    enrol(headquarters.code(), tmp_path / "edge", software="")
    identity = EdgeIdentity(tmp_path / "edge")
    before = identity.certificate_file.read_text()
    headquarters.answer = lambda _path, _body: (403, {"detail": "revoked"})
    with pytest.raises(EnrolmentFailed, match="revoked"):
        renew(identity, now=datetime.now(UTC))
    assert identity.certificate_file.read_text() == before
