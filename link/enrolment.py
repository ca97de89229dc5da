"""How an edge gets its identity: a one-time code from headquarters, a key made here, a certificate back.

    card = enrol("shopwire1.…", Path("identity"), software="shopwire 0.1.0")      # EnrolmentFailed
    renew(EdgeIdentity(Path("identity")), now=now)                                 # at two thirds of the certificate's life

The code carries the SHA-256 of the authority's certificate, so the first contact is pinned as well as every later one: the server must send
that certificate in its chain and be certified by it for the name in the code's address. Nothing is sent before both hold.
"""

import base64
import binascii
import http.client
import socket
import ssl
import urllib.parse
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from domain.errors import InvalidIdentity
from domain.ids import edge_id
from link.errors import EnrolmentFailed, IdentityRefused
from link.files import write_durably
from link.identity import SIGNATURE_HEADER, EdgeCard, EdgeIdentity, sign_request

ENROLMENTS_PATH = "/v1/enrolments"
_PREFIX = "shopwire1"
_ANSWER_BYTES = 256 * 1024
_TIMEOUT_S = 15.0
_Answer = TypeVar("_Answer", bound=msgspec.Struct)


class EnrolmentCode(NamedTuple):
    """What a code says; ``url`` is headquarters' HTTPS address, ``ca_sha256`` lower-case hex."""

    url: str
    edge: str
    secret: str
    ca_sha256: str


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``POST /v1/enrolments``."""

    edge: str
    secret: str
    csr_pem: str
    software: str = ""


class EnrolmentAnswer(EdgeCard, frozen=True, kw_only=True):
    """Answer to ``POST /v1/enrolments``: the card with the certificate and its authority."""

    certificate_pem: str
    ca_pem: str


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Body of ``POST /v1/edges/{edge}/certificate``, signed with the present key."""

    csr_pem: str
    software: str = ""


class RenewalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to it."""

    certificate_pem: str


def encode_code(url: str, edge: str, secret: str, ca_sha256: str) -> str:
    """Return the code as one line without blanks, safe in shells and chats.

    Raises:
        IdentityRefused: the address is not https, the edge id cannot be, or the fingerprint is not SHA-256.
    """
    code = _checked(EnrolmentCode(url.rstrip("/"), edge, secret, ca_sha256.lower()))
    body = msgspec.json.encode([code.url, code.edge, code.secret, code.ca_sha256])
    return f"{_PREFIX}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{zlib.crc32(body):08x}"


def decode_code(text: str) -> EnrolmentCode:
    """Return what a code says; blanks and line breaks from copying are ignored.

    Raises:
        IdentityRefused: it is not whole, or says something that cannot be.
    """
    prefix, _, rest = "".join(text.split()).partition(".")
    body, _, check = rest.partition(".")
    if prefix != _PREFIX or not check:
        raise IdentityRefused(f"an enrolment code starts with {_PREFIX}. and has three parts; copy the whole line")
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        fields = msgspec.json.decode(raw, type=tuple[str, str, str, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise IdentityRefused("the enrolment code is damaged: copy the whole line") from error
    if f"{zlib.crc32(raw):08x}" != check:
        raise IdentityRefused("the enrolment code is incomplete or changed: copy the whole line")
    return _checked(EnrolmentCode(*fields))


def enrol(code: str, directory: Path, *, software: str, timeout_s: float = _TIMEOUT_S) -> EdgeCard:
    """Give the edge in ``directory`` the identity that ``code`` stands for; blocking, a second or so.

    The key is made here and stays here. When the answer is lost on the way, calling again sends the same key, and headquarters may answer
    as before.

    Raises:
        IdentityRefused: the code is not whole, or the directory belongs to another edge.
        EnrolmentFailed: headquarters cannot be reached, is not who the code says, or refuses.
    """
    from link.x509 import key_pem, load_key, new_key, request_for

    wanted, identity = decode_code(code), EdgeIdentity(directory)
    if identity.enrolled and (before := identity.card().edge) != wanted.edge:
        raise IdentityRefused(
            f"{directory} is edge {before}, the code is for {wanted.edge}: use another data directory, or remove that one"
        )
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    pending = directory / "key.new.pem"
    if not pending.exists():
        write_durably(pending, key_pem(new_key()))
    key = load_key(pending)
    request = EnrolmentRequest(
        edge=wanted.edge, secret=wanted.secret, csr_pem=request_for(key, wanted.edge), software=software
    )
    context = _pinned(wanted, timeout_s)
    raw = _post(wanted.url, ENROLMENTS_PATH, msgspec.json.encode(request), {}, context, timeout_s)
    answer = _understood(raw, EnrolmentAnswer)
    _check_certificate(answer.certificate_pem, answer.ca_pem, wanted.edge, key.public_key())
    if _fingerprint(answer.ca_pem) != wanted.ca_sha256:
        raise EnrolmentFailed(f"{wanted.url} answered with another authority than the code names; ask for a new code")
    card = msgspec.convert(msgspec.to_builtins(answer), EdgeCard)
    identity.install(key_file=pending, certificate_pem=answer.certificate_pem, authority_pem=answer.ca_pem, card=card)
    return card


def renew(identity: EdgeIdentity, *, now: datetime, software: str = "", timeout_s: float = _TIMEOUT_S) -> None:
    """Get a fresh certificate for the same key, by a request signed with it; blocking. The next connection uses it.

    Args:
        identity: an enrolled edge.
        now: aware; best headquarters' own time, for the signature carries it.
        software: what we are.
        timeout_s: bound of each step on the network.

    Raises:
        EnrolmentFailed: headquarters cannot be reached or refuses; the present certificate stays.
    """
    from link.x509 import request_for

    card, key = identity.card(), identity.key()
    body = msgspec.json.encode(RenewalRequest(csr_pem=request_for(key, card.edge), software=software))
    path = f"/v1/edges/{card.edge}/certificate"
    header = sign_request(key, card.edge, "POST", path, body, at=now)
    raw = _post(card.api_url, path, body, {SIGNATURE_HEADER: header}, identity.https_context(), timeout_s)
    answer = _understood(raw, RenewalAnswer)
    authority_pem = identity.authority_file.read_text(encoding="ascii")
    _check_certificate(answer.certificate_pem, authority_pem, card.edge, key.public_key())
    identity.install_certificate(answer.certificate_pem)


def _checked(code: EnrolmentCode) -> EnrolmentCode:
    address = urllib.parse.urlsplit(code.url)
    if address.scheme != "https" or not address.hostname:
        raise IdentityRefused(f"enrolment address {code.url!r} must be https://…: a secret is never sent in plain text")
    if len(code.ca_sha256) != 64 or set(code.ca_sha256) - set("0123456789abcdef"):
        raise IdentityRefused(f"fingerprint {code.ca_sha256!r} is not a SHA-256 in hex")
    try:
        edge_id(code.edge)
    except InvalidIdentity as error:
        raise IdentityRefused(str(error)) from error
    return code


def _pinned(code: EnrolmentCode, timeout_s: float) -> ssl.SSLContext:
    """Return a context that trusts the authority whose fingerprint is in the code, taken from the server's own chain, and nobody else."""
    from hashlib import sha256

    for der in _chain_shown_by(code, timeout_s):
        if sha256(der).hexdigest() == code.ca_sha256:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_verify_locations(cadata=der)
            return context
    raise EnrolmentFailed(
        f"{code.url} does not show the authority that the code names: either somebody else answers there, or headquarters "
        "has a new authority; ask for a new code"
    )


def _chain_shown_by(code: EnrolmentCode, timeout_s: float) -> list[bytes]:
    # Nothing is believed and nothing is sent on this connection: it only brings certificates, and the code says which one to trust.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = urllib.parse.urlsplit(code.url)
    host, port = str(address.hostname), address.port or 443
    try:
        with (
            socket.create_connection((host, port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return _chain_of(secured)
    except OSError as error:
        raise EnrolmentFailed(
            f"{code.url} cannot be reached: {error}; check the network and try the same code again"
        ) from error


def _chain_of(secured: ssl.SSLSocket) -> list[bytes]:
    if hasattr(secured, "get_unverified_chain"):  # Python 3.13 and later
        return list(secured.get_unverified_chain())
    hidden: Any = secured
    return [
        ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in hidden._sslobj.get_unverified_chain()
    ]


def _post(
    url: str, path: str, body: bytes, headers: dict[str, str], context: ssl.SSLContext, timeout_s: float
) -> bytes:
    address = urllib.parse.urlsplit(url)
    if address.scheme != "https":
        raise EnrolmentFailed(f"headquarters' address {url!r} is not https://…")
    connection = http.client.HTTPSConnection(
        str(address.hostname), address.port or 443, context=context, timeout=timeout_s
    )
    try:
        headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        connection.request("POST", address.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        raw = response.read(_ANSWER_BYTES + 1)
    except ssl.SSLCertVerificationError as error:
        raise EnrolmentFailed(f"{url} is not who it should be: {error.verify_message}") from error
    except (OSError, http.client.HTTPException) as error:
        raise EnrolmentFailed(f"{url} cannot be reached: {error}; check the network and try again") from error
    finally:
        connection.close()
    if response.status not in {200, 201}:
        raise EnrolmentFailed(f"{url}{path} says no ({response.status}): {_reason(raw)}", status=response.status)
    if len(raw) > _ANSWER_BYTES:
        raise EnrolmentFailed(f"{url}{path} answered with more than {_ANSWER_BYTES} bytes")
    return raw


def _reason(raw: bytes) -> str:
    try:
        problem = msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.MsgspecError:
        return raw[:200].decode(errors="replace")
    return str(problem.get("detail") or problem.get("title") or "no reason given")[:500]


def _understood(raw: bytes, kind: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise EnrolmentFailed(f"headquarters' answer makes no sense: {error}; is it of the same version?") from error


def _check_certificate(certificate_pem: str, authority_pem: str, edge: str, public_key: Any) -> None:
    from cryptography.exceptions import InvalidSignature

    from link.x509 import describe, load_certificate

    try:
        certificate = load_certificate(certificate_pem)
        certificate.verify_directly_issued_by(load_certificate(authority_pem))
    except (IdentityRefused, InvalidSignature, ValueError, TypeError) as error:
        raise EnrolmentFailed(
            f"the certificate that headquarters sent is not signed by its authority: {error}"
        ) from error
    if describe(certificate_pem).common_name != edge or certificate.public_key() != public_key:
        raise EnrolmentFailed(f"the certificate that headquarters sent is not for {edge} and its key")


def _fingerprint(certificate_pem: str) -> str:
    from link.x509 import describe

    return describe(certificate_pem).sha256
