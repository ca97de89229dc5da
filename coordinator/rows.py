"""What lies in a row, as values: what handlers and the database pass each other."""

from typing import Any, NamedTuple

Row = tuple[Any, ...]


class Place(NamedTuple):
    """Where in which stream an event stands."""

    edge: str
    epoch: int
    seq: int


class Posting(NamedTuple):
    """One leg: debit positive, credit negative."""

    account: str
    amount_minor: int


class StoreRow(NamedTuple):
    """A shop; ``assortment``: "all" items or those "listed" for it."""

    store: str
    name_zh: str
    name_en: str
    timezone: str
    currency: str
    assortment: str = "all"
    day_starts_hour: int = 0


class EdgeRow(NamedTuple):
    """An edge as registered; the down log holds entries ``down_floor + 1`` … ``down_top``."""

    edge: str
    store: str
    shard: int
    currency: str
    revoked_at: str | None = None
    certificate_pem: str | None = None
    down_top: int = 0
    down_floor: int = 0


class SeenRow(NamedTuple):
    """What an edge last said of itself; None leaves what was known."""

    edge: str
    seen_at: str
    top: int
    down_gen: int
    down_cursor: int
    boot: str | None = None
    software: str | None = None
    skew_ms: int | None = None


class StatusRow(NamedTuple):
    """What an edge last said on ``status``; ``devices`` (JSON) None leaves what was known: who is cut off says nothing of them."""

    edge: str
    online: int
    heard_at: str
    devices: str | None = None
    total: int | None = None
    wrong: int | None = None


class SaleHead(NamedTuple):
    """What a later event needs to know of a sale."""

    sale_no: int
    sale_id: str
    edge: str
    stream_epoch: int
    seq: int
    store: str
    currency: str
    total_minor: int
    voided: bool


class EnrolmentRow(NamedTuple):
    """A one-time secret, kept as its hash."""

    secret_sha256: str
    edge: str
    expires_at: str
    used_at: str | None = None
    key_sha256: str | None = None


class SnapshotRow(NamedTuple):
    """A whole replica for one edge: signed manifest, and chunks that stores share."""

    id: str
    edge: str
    gen: int
    cursor: int
    manifest: bytes
    sha256: str
    signature: str
    made_at: str


class TokenRow(NamedTuple):
    """An API token, kept as its hash."""

    token_sha256: str
    name: str
    role: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


class ParkedRow(NamedTuple):
    """An event that could not be applied: where it stands, its bytes, its money in suspense, and what became of it."""

    event_id: str
    edge: str
    epoch: int
    seq: int
    raw: bytes
    value_minor: int
    currency: str
    resolved_at: str | None = None
    resolution: str | None = None
    resolved_by: str | None = None


class RequestRow(NamedTuple):
    """A request that carried an idempotency key, and its first answer; ``status`` 0: nobody has seen it end."""

    actor: str
    key: str
    fingerprint: str
    status: int
    body: bytes
    at: str
