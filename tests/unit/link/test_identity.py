"""Certificates, requests, signatures: what is accepted and what is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from link.certificates import CertificateAuthority
from link.errors import IdentityRefused
from link.files import write_durably
from link.identity import (
    EdgeCard,
    EdgeIdentity,
    sign_document,
    sign_request,
    signer_of,
    verify_document,
    verify_request,
)
from link.x509 import describe, key_pem, load_certificate, named, new_key, request_for, serial_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CARD = EdgeCard(edge="S2", store="2", shard=2, broker_host="127.0.0.1", broker_port=8883, api_url="https://hq.example")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"), now=NOW)


def test_an_authority_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = CertificateAuthority(tmp_path / "ca", now=NOW)
    again = CertificateAuthority(tmp_path / "ca", now=NOW + timedelta(days=1))
    assert first.sha256 == again.sha256
    assert (tmp_path / "ca" / "ca.key.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700


def test_half_an_authority_is_refused_not_replaced(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path, now=NOW)
    (tmp_path / "ca.key.pem").unlink()
    with pytest.raises(IdentityRefused, match=r"ca\.key\.pem"):
        CertificateAuthority(tmp_path, now=NOW)


def test_an_edge_certificate_lives_ninety_days_and_a_week_before(authority: CertificateAuthority) -> None:
    facts = describe(authority.issue(request_for(new_key(), "S2"), "S2", now=NOW))
    assert facts.common_name == "S2"
    assert facts.not_before == NOW - timedelta(days=7)
    assert facts.not_after == NOW + timedelta(days=90)
    assert not facts.renew_due(NOW + timedelta(days=57))
    assert facts.renew_due(NOW + timedelta(days=58))


def test_the_life_is_an_argument_but_never_beyond_the_authority(authority: CertificateAuthority) -> None:
    assert describe(authority.issue(request_for(new_key(), "S2"), "S2", days=1, now=NOW)).not_after == NOW + timedelta(
        1
    )
    late = authority.issue(request_for(new_key(), "S2"), "S2", days=99999, now=NOW)
    assert describe(late).not_after == describe(authority.certificate_pem).not_after


@pytest.mark.parametrize("name", ["A/up", "#", "+", "coordinator", "S1/../S2", "", "s2", "S" * 13, "S2\n", "Ｓ2"])
def test_no_certificate_for_a_name_that_means_something_in_a_topic(authority: CertificateAuthority, name: str) -> None:
    csr = request_for(new_key(), name or "x")
    with pytest.raises(IdentityRefused):
        authority.issue(csr, name, now=NOW)


def test_a_request_for_another_name_is_refused(authority: CertificateAuthority) -> None:
    with pytest.raises(IdentityRefused, match="S3"):
        authority.issue(request_for(new_key(), "S3"), "S2", now=NOW)


def test_a_second_name_in_the_request_is_refused(authority: CertificateAuthority) -> None:
    two = x509.Name([*named("S2"), *named("S3")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(two).sign(new_key(), hashes.SHA256())
    with pytest.raises(IdentityRefused):
        authority.issue(csr.public_bytes(serialization.Encoding.PEM).decode(), "S2", now=NOW)


def test_weak_or_foreign_keys_are_refused(authority: CertificateAuthority) -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        csr = x509.CertificateSigningRequestBuilder().subject_name(named("S2")).sign(key, hashes.SHA256())
        with pytest.raises(IdentityRefused, match="P-256"):
            authority.issue(csr.public_bytes(serialization.Encoding.PEM).decode(), "S2", now=NOW)


def test_a_request_not_signed_by_its_key_is_refused(authority: CertificateAuthority) -> None:
    import base64

    lines = request_for(new_key(), "S2").strip().splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    broken = "\n".join([lines[0], base64.b64encode(bytes(der)).decode(), lines[-1]])
    with pytest.raises(IdentityRefused):
        authority.issue(broken, "S2", now=NOW)


@pytest.mark.parametrize(
    "garbage", ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----"]
)
def test_garbage_is_refused(authority: CertificateAuthority, garbage: str) -> None:
    with pytest.raises(IdentityRefused):
        authority.issue(garbage, "S2", now=NOW)


def test_extensions_asked_for_are_not_given(authority: CertificateAuthority) -> None:
    greedy = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(named("S2"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(new_key(), hashes.SHA256())
    )
    issued = authority.issue(greedy.public_bytes(serialization.Encoding.PEM).decode(), "S2", now=NOW)
    assert not load_certificate(issued).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_revoked_serials_are_on_the_list_once(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path, now=NOW)
    serial = serial_of(authority.issue(request_for(new_key(), "S2"), "S2", now=NOW))
    authority.revoke(serial, now=NOW)
    authority.revoke("0" + serial, now=NOW + timedelta(days=1))
    crl = x509.load_pem_x509_crl(CertificateAuthority(tmp_path).crl().encode())
    assert [f"{entry.serial_number:x}" for entry in crl] == [serial]
    with pytest.raises(IdentityRefused):
        authority.revoke("not hex")


def test_serials_revoked_at_once_are_all_on_the_list(tmp_path: Path) -> None:
    serials = [f"{number:x}" for number in range(1, 17)]
    CertificateAuthority(tmp_path, now=NOW)
    with ThreadPoolExecutor(len(serials)) as pool:
        list(pool.map(lambda serial: CertificateAuthority(tmp_path).revoke(serial, now=NOW), serials))
    crl = x509.load_pem_x509_crl(CertificateAuthority(tmp_path).crl().encode())
    assert sorted(entry.serial_number for entry in crl) == [*range(1, 17)]


def test_authorities_made_at_once_are_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: CertificateAuthority(tmp_path, now=NOW).certificate_pem, range(8)))
    assert len(set(made)) == 1


def test_server_credentials_are_kept_until_due_or_renamed(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca", now=NOW)
    made = authority.ensure_server(tmp_path / "s", ["hq.example", "10.0.0.1"], now=NOW)
    first = made.chain.read_text()
    assert first.count("BEGIN CERTIFICATE") == 2, "the chain must show the authority: enrolment pins it"
    authority.ensure_server(tmp_path / "s", ["hq.example", "10.0.0.1"], now=NOW + timedelta(days=200))
    assert made.chain.read_text() == first
    authority.ensure_server(tmp_path / "s", ["hq.example", "10.0.0.2"], now=NOW)
    second = made.chain.read_text()
    assert second != first
    authority.ensure_server(tmp_path / "s", ["hq.example", "10.0.0.2"], now=NOW + timedelta(days=300))
    assert made.chain.read_text() != second
    assert made.key.stat().st_mode & 0o777 == 0o600


def test_a_signed_request_is_that_request_of_that_edge_lately(authority: CertificateAuthority) -> None:
    key = new_key()
    pem = authority.issue(request_for(key, "S2"), "S2", now=NOW)
    header = sign_request(key, "S2", "get", "/v1/snapshots/7?x=1", b"body", at=NOW)
    assert signer_of(header) == "S2"
    verify_request(pem, header, "GET", "/v1/snapshots/7?x=1", b"body", now=NOW + timedelta(seconds=60))
    changed = [
        ("POST", "/v1/snapshots/7?x=1", b"body", NOW),
        ("GET", "/v1/snapshots/8?x=1", b"body", NOW),
        ("GET", "/v1/snapshots/7?x=1", b"other", NOW),
        ("GET", "/v1/snapshots/7?x=1", b"body", NOW + timedelta(hours=1)),
        ("GET", "/v1/snapshots/7?x=1", b"body", NOW + timedelta(days=365)),
    ]
    for method, path, body, now in changed:
        with pytest.raises(IdentityRefused):
            verify_request(pem, header, method, path, body, now=now)


def test_another_edges_signature_or_name_is_refused(authority: CertificateAuthority) -> None:
    key = new_key()
    two = authority.issue(request_for(key, "S2"), "S2", now=NOW)
    three = authority.issue(request_for(new_key(), "S3"), "S3", now=NOW)
    header = sign_request(key, "S3", "GET", "/", b"", at=NOW)  # key of S2, name of S3
    for certificate in (two, three):
        with pytest.raises(IdentityRefused):
            verify_request(certificate, header, "GET", "/", b"", now=NOW)


@pytest.mark.parametrize(
    "header", ["", "edge=S2", "edge=S2;at=now;sig=AAAA", "edge=S2;at=2026-11-21T12:00:00;sig=AAAA", "sig=;;"]
)
def test_a_header_that_makes_no_sense_is_refused(authority: CertificateAuthority, header: str) -> None:
    pem = authority.issue(request_for(new_key(), "S2"), "S2", now=NOW)
    with pytest.raises(IdentityRefused):
        verify_request(pem, header, "GET", "/", b"", now=NOW)


def test_documents_are_headquarters_own_and_no_requests(authority: CertificateAuthority, tmp_path: Path) -> None:
    signature = sign_document(authority.key, b"manifest")
    verify_document(authority.certificate_pem, b"manifest", signature)
    other = CertificateAuthority(tmp_path, now=NOW)
    for pem, document, signed in [
        (authority.certificate_pem, b"manifest2", signature),
        (other.certificate_pem, b"manifest", signature),
        (authority.certificate_pem, b"manifest", "not base64!"),
    ]:
        with pytest.raises(IdentityRefused):
            verify_document(pem, document, signed)


def test_an_identity_is_whole_or_not_at_all(authority: CertificateAuthority, tmp_path: Path) -> None:
    assert not EdgeIdentity(tmp_path).enrolled
    identity = EdgeIdentity(tmp_path)
    with pytest.raises(IdentityRefused, match="edge enrol"):
        identity.link_settings()
    key = new_key()
    write_durably(tmp_path / "key.new.pem", key_pem(key))
    pem = authority.issue(request_for(key, "S2"), "S2", now=NOW)
    identity.install(
        key_file=tmp_path / "key.new.pem", certificate_pem=pem, authority_pem=authority.certificate_pem, card=CARD
    )
    assert identity.enrolled
    assert identity.card() == CARD
    assert identity.key_file.stat().st_mode & 0o777 == 0o600
    assert identity.link_settings(port=1).port == 1
    assert identity.renew_due(NOW + timedelta(days=60))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "cert.pem", "edge.json", "key.pem"]
