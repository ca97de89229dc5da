"""``coordinator.ports.Authority`` over ``link.certificates``."""

import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_crl

from coordinator.ports import Issued
from link.certificates import CertificateAuthority
from link.enrolment import encode_code
from link.identity import sign_document
from link.x509 import describe, load_certificate


class OwnAuthority:
    """Headquarters' own certificate authority."""

    def __init__(self, authority: CertificateAuthority) -> None:
        self._authority = authority

    def issue(self, csr_pem: str, edge: str, days: int) -> Issued:
        """Sign an edge's request (IdentityRefused when it is not acceptable)."""
        pem = self._authority.issue(csr_pem, edge, days=days)
        certificate = describe(pem)
        key = load_certificate(pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Issued(pem, certificate.serial, certificate.not_after, hashlib.sha256(key).hexdigest())

    def revoke(self, serials: Sequence[str]) -> None:
        """Put certificates on the revocation list; one that is on it already does not make a new list."""
        listed = load_pem_x509_crl(self._authority.crl().encode())
        for serial in serials:
            if listed.get_revoked_certificate_by_serial_number(int(serial, 16)) is None:
                self._authority.revoke(serial)

    def ca_pem(self) -> str:
        """Return the authority's own certificate."""
        return self._authority.certificate_pem

    def code(self, url: str, edge: str, secret: str) -> str:
        """Return the text that an installer types at the edge."""
        return encode_code(url, edge, secret, self._authority.sha256)

    def sign(self, document: bytes) -> str:
        """Return the signature of a document of headquarters."""
        return sign_document(self._authority.key, document)
