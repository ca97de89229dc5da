"""Headquarters' own certificate authority: EC P-256, one level, with a revocation list.

    authority = CertificateAuthority(Path("ca"))                     # made at first use
    pem = authority.issue(csr_pem, "S2", days=90, now=now)           # IdentityRefused
    authority.ensure_server(Path("broker"), ["hq.example", "10.0.0.1"], now=now)
    authority.revoke(serial_of(pem), now=now)

``cryptography`` costs 15 MB and 0.1 s: this module is imported only by whoever issues or renews.
"""

import datetime
import ipaddress
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import InvalidIdentity
from domain.ids import edge_id
from link.errors import IdentityRefused
from link.files import PRIVATE, PUBLIC, alone_in, write_durably
from link.x509 import (
    Extension,
    certificate_pem,
    describe,
    key_pem,
    key_usage,
    leaf_extensions,
    load_certificate,
    load_key,
    named,
    new_key,
    sign_certificate,
)

EDGE_DAYS = 90
SERVER_DAYS = 397
AUTHORITY_DAYS = 3650
BACKDATED = datetime.timedelta(days=7)
"""A box without a clock battery boots in the past; it must not find its own certificate "not yet valid"."""
COORDINATOR = "coordinator"
"""Common name of headquarters' client; no edge id can be lower case."""


class Credential(NamedTuple):
    """A key with its certificate on disk; ``chain`` holds the certificate and the authority's, as servers must send both."""

    key: Path
    chain: Path
    authority: Path


class CertificateAuthority:
    """The chain's own authority in one directory: ``ca.key.pem`` (0600), ``ca.cert.pem``, ``crl.pem``, ``revoked.json``."""

    def __init__(self, directory: Path, *, now: datetime.datetime | None = None) -> None:
        """Load the authority, or make it when the directory holds none.

        Args:
            directory: made with mode 0700 when absent.
            now: aware; the clock by default. Only for making.

        Raises:
            IdentityRefused: half of an authority is there, or its files make no sense.
        """
        self.directory = directory
        self._key_file, self.certificate_file = directory / "ca.key.pem", directory / "ca.cert.pem"
        self.crl_file, self._revoked_file = directory / "crl.pem", directory / "revoked.json"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_in(directory):
            if not self._key_file.exists() and not self.certificate_file.exists():
                self._make(now or _now())
        self._key = load_key(self._key_file)
        self.certificate_pem = _text(self.certificate_file)
        self._certificate = load_certificate(self.certificate_pem)
        if self._certificate.public_key() != self._key.public_key():
            raise IdentityRefused(
                f"{self._key_file} is not the key of {self.certificate_file}; restore both from one backup"
            )
        if not self.crl_file.exists():
            self._write_crl(now or _now())

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The private key, for signing documents."""
        return self._key

    @property
    def sha256(self) -> str:
        """SHA-256 of the authority's certificate (DER), lower-case hex: what an enrolment code pins."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()

    def issue(self, csr_pem: str, edge: str, *, days: int = EDGE_DAYS, now: datetime.datetime | None = None) -> str:
        """Return a client certificate (PEM) for ``edge``; only the key and the name are taken from the request.

        Args:
            csr_pem: request signed by its own P-256 key, common name = ``edge``.
            edge: checked by ``domain.ids.edge_id``, so that no name means anything in a topic.
            days: life from ``now``; the certificate is valid 7 days before, too.
            now: aware; the clock by default.

        Raises:
            IdentityRefused: the name, the key, or the signature of the request is not acceptable.
        """
        public_key = _requested(csr_pem, edge)
        return self._signed(edge, public_key, leaf_extensions(server=False), days=days, now=now)

    def ensure_server(
        self, directory: Path, names: Sequence[str], *, stem: str = "server", now: datetime.datetime | None = None
    ) -> Credential:
        """Return a server's key and certificate for ``names``; made when absent, due, or for other names.

        Args:
            directory: where ``<stem>.key.pem``, ``<stem>.cert.pem`` (with the authority's behind it) and ``ca.cert.pem`` lie.
            names: DNS names and IP addresses by which clients call the server; at least one.
            stem: file name.
            now: aware; the clock by default.

        Raises:
            IdentityRefused: no names.
        """
        if not names:
            raise IdentityRefused("a server certificate needs at least one name or address by which clients call it")
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
        extensions = [*leaf_extensions(server=True), (alternative, False)]
        return self._ensure(directory, stem, names[0][:64], extensions, now or _now())

    def ensure_coordinator(
        self, directory: Path, *, stem: str = COORDINATOR, now: datetime.datetime | None = None
    ) -> Credential:
        """Return the key and certificate of headquarters' own MQTT client (common name ``coordinator``)."""
        return self._ensure(directory, stem, COORDINATOR, leaf_extensions(server=False), now or _now())

    def revoke(self, serial: str, *, now: datetime.datetime | None = None) -> None:
        """Put a certificate's ``serial`` (hex) on the revocation list; twice is once.

        Raises:
            IdentityRefused: ``serial`` is not hex.
        """
        try:
            number = f"{int(serial, 16):x}"
        except ValueError as error:
            raise IdentityRefused(f"serial {serial!r} is not a hexadecimal number") from error
        # Terminal and server may revoke at once: a list that forgets one of them lets a revoked store in.
        with alone_in(self.directory):
            revoked = self.revoked()
            revoked.setdefault(number, (now or _now()).isoformat())
            write_durably(self._revoked_file, json.dumps(revoked, indent=1), mode=PRIVATE)
            self._write_crl(now or _now())

    def revoked(self) -> dict[str, str]:
        """Return serial (hex) → moment of revocation (ISO 8601)."""
        if not self._revoked_file.exists():
            return {}
        return {str(serial): str(at) for serial, at in json.loads(self._revoked_file.read_bytes()).items()}

    def crl(self) -> str:
        """Return the revocation list (PEM)."""
        return _text(self.crl_file)

    def _make(self, now: datetime.datetime) -> None:
        key = new_key()
        name = f"Shopwire {x509.random_serial_number():x}"[:24]
        certificate = sign_certificate(
            name,
            key.public_key(),
            issuer=named(name),
            issuer_key=key,
            valid=(now - BACKDATED, now + datetime.timedelta(days=AUTHORITY_DAYS)),
            extensions=[
                (x509.BasicConstraints(ca=True, path_length=0), True),
                (key_usage(signs_certificates=True), True),
            ],
        )
        write_durably(self._key_file, key_pem(key))
        write_durably(self.certificate_file, certificate_pem(certificate), mode=PUBLIC)

    def _signed(
        self,
        name: str,
        public_key: ec.EllipticCurvePublicKey,
        extensions: Sequence[Extension],
        *,
        days: int,
        now: datetime.datetime | None,
    ) -> str:
        at = now or _now()
        # Never beyond the authority's own end: such a certificate would fail for a reason that nobody finds.
        end = min(at + datetime.timedelta(days=days), self._certificate.not_valid_after_utc)
        valid = (at - BACKDATED, end)
        issuer = self._certificate.subject
        return certificate_pem(
            sign_certificate(name, public_key, issuer=issuer, issuer_key=self._key, valid=valid, extensions=extensions)
        )

    def _ensure(
        self, directory: Path, stem: str, name: str, extensions: Sequence[Extension], now: datetime.datetime
    ) -> Credential:
        found = Credential(directory / f"{stem}.key.pem", directory / f"{stem}.cert.pem", directory / "ca.cert.pem")
        if not self._still_good(found, extensions, now):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = new_key()
            certificate = self._signed(name, key.public_key(), extensions, days=SERVER_DAYS, now=now)
            write_durably(found.key, key_pem(key))
            write_durably(found.chain, certificate + self.certificate_pem, mode=PUBLIC)
            write_durably(found.authority, self.certificate_pem, mode=PUBLIC)
        return found

    def _still_good(self, found: Credential, extensions: Sequence[Extension], now: datetime.datetime) -> bool:
        if not all(path.exists() for path in found):
            return False
        certificate = load_certificate(_text(found.chain))
        has = {extension.value for extension in certificate.extensions}
        return (
            certificate.issuer == self._certificate.subject
            and certificate.public_key() == load_key(found.key).public_key()
            and all(extension in has for extension, _ in extensions)
            and not describe(_text(found.chain)).renew_due(now)
            and _text(found.authority) == self.certificate_pem
        )

    def _write_crl(self, now: datetime.datetime) -> None:
        # OpenSSL refuses everyone once a list is out of date, so it lives as long as we do; freshness comes from reloading it.
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._certificate.subject,
            last_update=now - BACKDATED,
            next_update=now + datetime.timedelta(days=AUTHORITY_DAYS),
        )
        for serial, at in self.revoked().items():
            entry = x509.RevokedCertificateBuilder(int(serial, 16), datetime.datetime.fromisoformat(at)).build()
            builder = builder.add_revoked_certificate(entry)
        crl = builder.sign(self._key, hashes.SHA256())
        write_durably(self.crl_file, crl.public_bytes(serialization.Encoding.PEM), mode=PUBLIC)


def _requested(csr_pem: str, edge: str) -> ec.EllipticCurvePublicKey:
    try:
        name = edge_id(edge)
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public_key = request.public_key()
    except (InvalidIdentity, InvalidSignature, ValueError, TypeError) as error:
        raise IdentityRefused(f"certificate request for {edge!r} refused: {error}") from error
    names = [str(attribute.value) for attribute in request.subject]
    if names != [name]:
        raise IdentityRefused(f"certificate request names {names}, but the enrolment is for {name!r}")
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or not isinstance(public_key.curve, ec.SECP256R1):
        raise IdentityRefused(f"certificate request of {name} has no EC P-256 key")
    if not request.is_signature_valid:
        raise IdentityRefused(f"certificate request of {name} is not signed by its own key")
    return public_key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise IdentityRefused(f"{path} cannot be read: {error}") from error


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
