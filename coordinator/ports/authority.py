"""The authority that signs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Issued(NamedTuple):
    """A certificate: ``serial`` as lower-case hex, ``expires_at`` aware UTC, ``key_sha256`` of the public key in it."""

    pem: str
    serial: str
    expires_at: datetime
    key_sha256: str


class Authority(Protocol):
    """Headquarters' own certificate authority, as far as handlers need it."""

    def issue(self, csr_pem: str, edge: str, days: int) -> Issued:
        """Sign an edge's request (IdentityRefused when it is not acceptable)."""
        ...

    def revoke(self, serials: Sequence[str]) -> None:
        """Put certificates on the revocation list; those that are on it stay as they are."""
        ...

    def ca_pem(self) -> str:
        """Return the authority's own certificate."""
        ...

    def code(self, url: str, edge: str, secret: str) -> str:
        """Return the text that an installer types at the edge."""
        ...

    def sign(self, document: bytes) -> str:
        """Return the signature of a document of headquarters."""
        ...
