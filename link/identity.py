"""Who an edge is: its key, its certificate, and signatures made with them.

    identity = EdgeIdentity(Path("identity"))
    settings = identity.link_settings()                          # IdentityRefused: not enrolled
    header = sign_request(identity.key(), edge, "GET", path, b"", at=now)

The authority that issues certificates is ``link.certificates``; how an edge gets one is ``link.enrolment``. ``cryptography`` is imported
at first use, for a store boots and sells without it.
"""

import base64
import binascii
import hashlib
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from link.errors import IdentityRefused
from link.files import PUBLIC, write_durably
from link.transport import LinkSettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

    from link.x509 import Certificate

SIGNATURE_HEADER = "Shopwire-Signature"
SKEW_S = 900.0
"""How far the clock in a signed request may be off. An edge signs with headquarters' time (``Ack.hq_time``) once it has heard it."""
_DOCUMENT = b"shopwire document v1\n"


class EdgeCard(msgspec.Struct, frozen=True, kw_only=True):
    """``edge.json``: what headquarters told this edge at enrolment. ``server_name`` is the name in the broker's certificate."""

    edge: str
    store: str
    shard: int
    broker_host: str
    broker_port: int
    api_url: str
    server_name: str = ""
    store_name_zh: str = ""
    store_name_en: str = ""
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"


class EdgeIdentity:
    """An edge's identity in one directory: ``key.pem`` (0600, never leaves it), ``cert.pem``, ``ca.pem``, ``edge.json``."""

    def __init__(self, directory: Path) -> None:
        """Keep where the files are; nothing is read yet."""
        self.directory = directory
        self.key_file, self.certificate_file = directory / "key.pem", directory / "cert.pem"
        self.authority_file, self.card_file = directory / "ca.pem", directory / "edge.json"

    @property
    def enrolled(self) -> bool:
        """Whether all four files are there; the certificate is written last."""
        files = (self.key_file, self.authority_file, self.card_file, self.certificate_file)
        return all(path.exists() for path in files)

    def card(self) -> EdgeCard:
        """Return what headquarters told us.

        Raises:
            IdentityRefused: not enrolled, or ``edge.json`` makes no sense.
        """
        if not self.enrolled:
            raise IdentityRefused(f"{self.directory} holds no complete identity: run shopwire edge enrol CODE")
        try:
            return msgspec.json.decode(self.card_file.read_bytes(), type=EdgeCard)
        except (OSError, msgspec.MsgspecError) as error:
            raise IdentityRefused(f"{self.card_file} cannot be read: {error}; enrol again") from error

    def key(self) -> "EllipticCurvePrivateKey":
        """Return the private key.

        Raises:
            IdentityRefused: no readable key.
        """
        from link.x509 import load_key

        return load_key(self.key_file)

    def certificate(self) -> "Certificate":
        """Return what matters of our certificate.

        Raises:
            IdentityRefused: no readable certificate.
        """
        from link.x509 import describe

        try:
            return describe(self.certificate_file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise IdentityRefused(f"certificate {self.certificate_file} cannot be read: {error}") from error

    def renew_due(self, now: datetime) -> bool:
        """Tell whether two thirds of the certificate's life are over."""
        return self.certificate().renew_due(now)

    def link_settings(self, **overrides: Any) -> LinkSettings:
        """Return how to reach the broker; ``overrides`` are fields of ``LinkSettings``, such as ``host`` behind another road."""
        card = self.card()
        ours: dict[str, Any] = {
            "host": card.broker_host,
            "port": card.broker_port,
            "client_id": card.edge,
            "server_name": card.server_name or card.broker_host,
            "ca_file": str(self.authority_file),
            "cert_file": str(self.certificate_file),
            "key_file": str(self.key_file),
        }
        return LinkSettings(**{**ours, **overrides})

    def https_context(self) -> ssl.SSLContext:
        """Return how to speak HTTPS with headquarters: its own authority and nobody else's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.authority_file)
        return context

    def install(self, *, key_file: Path, certificate_pem: str, authority_pem: str, card: EdgeCard) -> None:
        """Take a new identity: ``key_file`` (in our directory) becomes ``key.pem``; the certificate comes last and makes it valid."""
        self.certificate_file.unlink(missing_ok=True)
        key_file.replace(self.key_file)
        write_durably(self.authority_file, authority_pem, mode=PUBLIC)
        write_durably(self.card_file, msgspec.json.format(msgspec.json.encode(card)), mode=PUBLIC)
        write_durably(self.certificate_file, certificate_pem, mode=PUBLIC)

    def install_certificate(self, certificate_pem: str) -> None:
        """Replace the certificate by a renewed one for the same key."""
        write_durably(self.certificate_file, certificate_pem, mode=PUBLIC)


def sign_request(
    key: "EllipticCurvePrivateKey", edge: str, method: str, path: str, body: bytes, *, at: datetime
) -> str:
    """Return the value of the ``Shopwire-Signature`` header of one HTTP request.

    Args:
        key: the edge's private key.
        edge: whose key it is, so that headquarters finds the certificate.
        method: GET, POST, …
        path: path with query as sent.
        body: as sent.
        at: aware moment of signing.
    """
    stamp = at.isoformat(timespec="seconds")
    signature = _sign(key, _request_text(edge, method, path, body, stamp))
    return f"edge={edge};at={stamp};sig={signature}"


def signer_of(header: str) -> str:
    """Return which edge a request says it is from; proven only by ``verify_request``.

    Raises:
        IdentityRefused: the header is not one of ours.
    """
    return _fields(header)["edge"]


def verify_request(
    certificate_pem: str, header: str, method: str, path: str, body: bytes, *, now: datetime, skew_s: float = SKEW_S
) -> None:
    """Check that the holder of ``certificate_pem`` signed exactly this request, lately.

    Raises:
        IdentityRefused: another edge's certificate, another request, an expired certificate, a moment too far from ``now``, or a forgery.
    """
    from link.x509 import describe, load_certificate

    fields = _fields(header)
    holder = describe(certificate_pem)
    if holder.common_name != fields["edge"]:
        raise IdentityRefused(f"request of {fields['edge']!r} came with the certificate of {holder.common_name!r}")
    if not holder.not_before <= now <= holder.not_after:
        raise IdentityRefused(
            f"certificate of {holder.common_name} is valid until {holder.not_after.isoformat()}; enrol again"
        )
    try:
        at = datetime.fromisoformat(fields["at"])
        apart = abs(now - at)
    except (ValueError, TypeError) as error:
        raise IdentityRefused(f"moment {fields['at']!r} of a signed request is no aware ISO 8601 time") from error
    if apart > timedelta(seconds=skew_s):
        raise IdentityRefused(
            f"request of {holder.common_name} was signed {apart} from now, limit {skew_s:.0f} s: check its clock"
        )
    text = _request_text(fields["edge"], method, path, body, fields["at"])
    _verify(load_certificate(certificate_pem).public_key(), text, fields["sig"], f"request of {holder.common_name}")


def sign_document(authority_key: "EllipticCurvePrivateKey", document: bytes) -> str:
    """Return headquarters' signature (base64) of a document such as a snapshot's manifest."""
    return _sign(authority_key, _DOCUMENT + document)


def verify_document(authority_pem: str, document: bytes, signature: str) -> None:
    """Check that headquarters' authority signed exactly this document.

    Raises:
        IdentityRefused: it did not.
    """
    from link.x509 import load_certificate

    _verify(load_certificate(authority_pem).public_key(), _DOCUMENT + document, signature, "document")


def _request_text(edge: str, method: str, path: str, body: bytes, stamp: str) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(("shopwire request v1", edge, method.upper(), path, stamp, digest)).encode()


def _fields(header: str) -> dict[str, str]:
    fields = dict(part.partition("=")[::2] for part in header.split(";"))
    if set(fields) != {"edge", "at", "sig"}:
        raise IdentityRefused(f"{SIGNATURE_HEADER} must be edge=…;at=…;sig=…")
    return fields


def _sign(key: "EllipticCurvePrivateKey", text: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return base64.b64encode(key.sign(text, ec.ECDSA(hashes.SHA256()))).decode()


def _verify(key: "EllipticCurvePublicKey | Any", text: bytes, signature: str, what: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise IdentityRefused(f"{what}: the certificate's key is not EC")
    try:
        key.verify(base64.b64decode(signature, validate=True), text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise IdentityRefused(f"{what} is not signed by who it says, or was changed on the way") from error
