"""Who asks and who answers: every message carries a signature over the secret that both sides have. See ``protocol.md``."""

import hashlib
import hmac
from typing import NamedTuple


class Key(NamedTuple):
    """Who asks, and the secret that both sides have."""

    merchant: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.merchant!r}, ***)"


class NotTrusted(ValueError):
    """An answer that its signature or form does not allow to believe; ``reason`` is one short constant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signed(key: Key, path: str, body: bytes, at: int, nonce: str) -> dict[str, str]:
    """Return the headers of a POST to ``path``.

    Args:
        key: who asks.
        path: from the slash on.
        body: as it will be sent.
        at: Unix seconds.
        nonce: 32 hex digits, never used before.
    """
    mac = _mac(key, "POST", path, str(at), nonce, _digest(body))
    return {
        "Content-Type": "application/json",
        "Pay-Merchant": key.merchant,
        "Pay-Time": str(at),
        "Pay-Nonce": nonce,
        "Pay-Signature": mac,
    }


def checked(key: Key, status: int, nonce: str, signature: str, body: bytes) -> bytes:
    """Return the body of an answer that is the provider's, and the answer to this very request.

    Raises:
        NotTrusted: it is neither.
    """
    return _checked(signature, _mac(key, str(status), nonce, _digest(body)), body)


def checked_notice(key: Key, nonce: str, signature: str, body: bytes) -> bytes:
    """Return the body of a notification that is the provider's.

    Raises:
        NotTrusted: it is not.
    """
    return _checked(signature, _mac(key, "NOTIFY", nonce, _digest(body)), body)


def _checked(signature: str, wanted: str, body: bytes) -> bytes:
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), wanted.encode()):
        raise NotTrusted("bad_signature")
    return body


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _mac(key: Key, *parts: str) -> str:
    return hmac.new(key.secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
