"""Keys, requests and certificates: making and reading them. Who gets one is decided in ``link.certificates``.

``cryptography`` costs 15 MB and 0.1 s: this module is imported only by whoever issues or renews.
"""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from link.errors import IdentityRefused

Extension = tuple[x509.ExtensionType, bool]


class Certificate(NamedTuple):
    """What matters of a certificate; ``serial`` is lower-case hex, ``sha256`` of its DER form."""

    common_name: str
    serial: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    sha256: str

    def renew_due(self, now: datetime.datetime) -> bool:
        """Tell whether two thirds of its life are over."""
        return now >= self.not_before + (self.not_after - self.not_before) * 2 / 3


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return ``key`` as unencrypted PKCS 8; for files with mode 0600 only."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key in ``path``.

    Raises:
        IdentityRefused: no readable P-256 key there.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise IdentityRefused(f"private key {path} cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IdentityRefused(f"private key {path} is not EC P-256")
    return key


def request_for(key: ec.EllipticCurvePrivateKey, common_name: str) -> str:
    """Return a certificate request (PEM) for ``common_name``."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(named(common_name))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def describe(certificate_pem: str) -> Certificate:
    """Return what matters of the first certificate in ``certificate_pem``.

    Raises:
        IdentityRefused: it is no certificate.
    """
    certificate = load_certificate(certificate_pem)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        common_name=str(names[0].value) if names else "",
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def load_certificate(pem: str) -> x509.Certificate:
    """Return the first certificate in ``pem``.

    Raises:
        IdentityRefused: there is none.
    """
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise IdentityRefused(f"not a certificate: {error}") from error


def serial_of(certificate_pem: str) -> str:
    """Return the serial number of a certificate, lower-case hex."""
    return describe(certificate_pem).serial


def named(common_name: str) -> x509.Name:
    """Return a subject with nothing but a common name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def sign_certificate(
    subject: str,
    public_key: ec.EllipticCurvePublicKey,
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime.datetime, datetime.datetime],
    extensions: Sequence[Extension],
) -> x509.Certificate:
    """Return a certificate; checks nothing (``CertificateAuthority`` does, tests need certificates that it refuses)."""
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=named(subject),
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=valid[0],
        not_valid_after=valid[1],
    )
    own = x509.SubjectKeyIdentifier.from_public_key(public_key)
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    for extension, critical in [*extensions, (own, False), (theirs, False)]:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def leaf_extensions(*, server: bool) -> list[Extension]:
    """Return the extensions of an end certificate for a server or for a client."""
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([usage]), False),
    ]


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what the key of an authority, or of anybody else, may be used for."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def certificate_pem(certificate: x509.Certificate) -> str:
    """Return ``certificate`` as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
