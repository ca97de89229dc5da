"""What handlers need from outside, as roles: a unit of work over the database, the authority that signs, what pages read.

All methods of a ``UnitOfWork``'s parts run inside its one transaction; nothing is kept before ``commit``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from coordinator.rows import (
    EdgeRow,
    EnrolmentRow,
    ParkedRow,
    Posting,
    RequestRow,
    SaleHead,
    SeenRow,
    SnapshotRow,
    StatusRow,
    StoreRow,
    TokenRow,
)
from domain.catalogue import Item
from domain.sale import Sale
from protocol.receiver import Accepted, StreamPosition


class Inbox(Protocol):
    """The streams of the edges as far as headquarters has them."""

    def position(self, edge: str) -> StreamPosition:
        """Return and lock how far the stream of ``edge`` is applied."""
        ...

    def positions(self) -> dict[str, StreamPosition]:
        """Return how far every stream is applied, without locking."""
        ...

    def secure(self, backed_up: Mapping[str, StreamPosition]) -> None:
        """Move ``safe`` of every stream to what a verified backup contains."""
        ...

    def hash_at(self, edge: str, epoch: int, seq: int) -> bytes | None:
        """Return the hash of the stream at ``seq``, None when it is not kept."""
        ...

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were applied before, in any epoch."""
        ...

    def changed(self, accepted: Sequence[Accepted]) -> set[str]:
        """Return which of these known events say something else than when they first came."""
        ...

    def record(self, edge: str, epoch: int, accepted: Sequence[Accepted], at: str) -> None:
        """Keep the bytes and hashes of events that moved the stream (those known from an earlier epoch too)."""
        ...

    def advance(self, edge: str, position: StreamPosition, at: str) -> None:
        """Move the stream to ``position``."""
        ...


class Sales(Protocol):
    """Sales as booked."""

    def heads(self, sale_ids: Iterable[str]) -> dict[str, SaleHead]:
        """Return the sales of these ids that exist."""
        ...

    def clash(self, sale: Sale) -> str:
        """Return what makes this sale impossible to keep beside the others (id or receipt used already), or an empty text."""
        ...

    def movements_of(self, sale_no: int) -> list[tuple[str, int]]:
        """Return SKU and signed stock movement of each line of a sale."""
        ...

    def legs_of(self, sale_no: int) -> list[Posting]:
        """Return the legs that booked a sale."""
        ...

    def returned_minor(self, sale_id: str) -> int:
        """Return the sum of all returns of a sale."""
        ...


class Catalogue(Protocol):
    """Items, barcodes, prices, assortments, members."""

    def unknown_skus(self, skus: set[str]) -> set[str]:
        """Return which of ``skus`` are in no catalogue."""
        ...

    def items(self, skus: Sequence[str]) -> dict[str, str]:
        """Return the rows of these SKUs as they travel."""
        ...

    def put_items(self, items: Sequence[Item]) -> None:
        """Add or replace items with their barcodes."""
        ...

    def barcode_owners(self, codes: Sequence[str]) -> dict[str, str]:
        """Return the SKU of each code that is taken."""
        ...

    def put_prices(self, prices: Sequence[tuple[str, str, int]]) -> None:
        """Add or replace prices: (store or ``*``, SKU, minor units)."""
        ...

    def put_assortment(self, listed: Sequence[tuple[str, str]]) -> None:
        """List SKUs in stores: (store, SKU)."""
        ...

    def put_members(self, numbers: Sequence[str], at: str) -> int:
        """Add member numbers, return how many were new."""
        ...

    def carrying(self, skus: Sequence[str]) -> dict[str, set[str]]:
        """Return for each store which of ``skus`` it sells."""
        ...

    def rows_for(self, store: str) -> Iterator[str]:
        """Yield the catalogue rows that a store sells, as they travel, by SKU."""
        ...

    def prices_of(self, store: str, skus: Sequence[str]) -> dict[str, int]:
        """Return the prices in force in a store of those ``skus`` that have one."""
        ...

    def prices_for(self, store: str) -> Iterator[tuple[str, int]]:
        """Yield SKU and price in force in a store, by SKU."""
        ...


class Fleet(Protocol):
    """Stores, edges and their papers."""

    def stores(self, names: Sequence[str] | None = None) -> dict[str, StoreRow]:
        """Return the stores of these names, or all."""
        ...

    def put_stores(self, rows: Sequence[StoreRow], at: str) -> None:
        """Add or replace stores."""
        ...

    def edges(self, names: Sequence[str] | None = None) -> dict[str, EdgeRow]:
        """Return the edges of these names, or all."""
        ...

    def edges_of(self, stores: Sequence[str]) -> list[EdgeRow]:
        """Return the edges of these stores that are not revoked."""
        ...

    def add_edge(self, row: EdgeRow, at: str) -> None:
        """Register an edge."""
        ...

    def seen(self, rows: Sequence[SeenRow]) -> None:
        """Remember what edges last said of themselves."""
        ...

    def keep_statuses(self, rows: Sequence[StatusRow]) -> None:
        """Remember what edges last said on ``status``."""
        ...

    def add_enrolment(self, row: EnrolmentRow, at: str) -> None:
        """Keep a one-time secret; earlier unused ones of the edge end."""
        ...

    def enrolment(self, secret_sha256: str) -> EnrolmentRow | None:
        """Return and lock a one-time secret."""
        ...

    def use_enrolment(self, secret_sha256: str, key_sha256: str, at: str) -> None:
        """Mark a one-time secret as used for a key."""
        ...

    def set_certificate(self, edge: str, issued: "Issued", at: str) -> None:
        """Keep the certificate of an edge."""
        ...

    def revoke(self, edge: str, at: str) -> list[str]:
        """Revoke an edge and return the serials of its certificates."""
        ...

    def revoked_serials(self) -> list[str]:
        """Return the serials of all revoked certificates."""
        ...

    def down_bump(self, edges: Sequence[str], *, snapshot: bool) -> dict[str, int]:
        """Draw the next number of each edge's down log and return it; ``snapshot`` lets the log up to that number go."""
        ...

    def add_down(self, entries: Sequence[tuple[str, int, str]], at: str) -> None:
        """Append entries (edge, seq, entry as it travels) to down logs."""
        ...

    def down_entries(self, edge: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Return entries of an edge's down log above ``after``, in order."""
        ...


class Snapshots(Protocol):
    """Whole replicas, ready to be fetched."""

    def latest(self, edge: str) -> SnapshotRow | None:
        """Return the newest snapshot of an edge."""
        ...

    def add(self, row: SnapshotRow, chunks: Mapping[str, bytes]) -> None:
        """Keep a snapshot and its chunks by sha256."""
        ...

    def get(self, snapshot_id: str) -> SnapshotRow | None:
        """Return a snapshot."""
        ...

    def chunk(self, snapshot_id: str, sha256: str) -> bytes | None:
        """Return a chunk that belongs to a snapshot."""
        ...

    def drop_before(self, at: str) -> int:
        """Let go of snapshots made before ``at`` that are not their edge's newest, and of chunks nobody names."""
        ...


class Records(Protocol):
    """What is written down about the house itself."""

    def gen(self) -> int:
        """Return the generation of the database: it grows with every restore."""
        ...

    def note(self, key: str) -> str | None:
        """Return a value of the house by name."""
        ...

    def set_note(self, key: str, value: str) -> None:
        """Keep a value of the house by name."""
        ...

    def audit(self, at: str, actor: str, action: str, thing: str) -> None:
        """Write down who did what."""
        ...

    def incident(self, at: str, edge: str | None, kind: str, text: str) -> bool:
        """Raise an incident unless the same kind of the same edge is open; tell whether it is new."""
        ...

    def close_incidents(self, at: str, edge: str | None, kind: str) -> int:
        """Close the open incidents of a kind of an edge (None: of headquarters itself)."""
        ...

    def close_incident(self, at: str, number: int) -> bool:
        """Close one incident; False when there is none open of this number."""
        ...

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        ...

    def token_named(self, name: str) -> TokenRow | None:
        """Return the API token of this name."""
        ...

    def add_token(self, row: TokenRow) -> None:
        """Keep an API token."""
        ...

    def revoke_token(self, name: str, at: str) -> bool:
        """End an API token; tell whether there was one."""
        ...

    def request(self, actor: str, key: str) -> RequestRow | None:
        """Return a request that carried this key, with its answer once it has one."""
        ...

    def reserve_request(self, row: RequestRow) -> bool:
        """Write a request down before it is carried out; False when its key is taken."""
        ...

    def finish_request(self, row: RequestRow) -> None:
        """Keep the answer to a request that was reserved."""
        ...

    def free_request(self, actor: str, key: str) -> None:
        """Give a reserved key back: its request was refused and nothing was done."""
        ...

    def drop_requests_before(self, at: str) -> int:
        """Forget old answers."""
        ...


class Quarantine(Protocol):
    """Events that could not be applied, one by one."""

    def find(self, event_id: str) -> ParkedRow | None:
        """Return a parked event without locking it."""
        ...

    def lock(self, event_id: str) -> ParkedRow:
        """Return a parked event that exists, locked until the transaction ends."""
        ...

    def resolve(self, event_id: str, at: str, resolution: str, by: str) -> None:
        """Write down what became of a parked event."""
        ...

    def is_open_at(self, edge: str) -> bool:
        """Tell whether events of an edge still wait for a person."""
        ...


class UnitOfWork(Protocol):
    """One transaction; leaving it without ``commit`` undoes everything."""

    @property
    def inbox(self) -> Inbox:
        """Streams."""
        ...

    @property
    def sales(self) -> Sales:
        """Sales."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """Items and prices."""
        ...

    @property
    def fleet(self) -> Fleet:
        """Stores and edges."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Replicas."""
        ...

    @property
    def quarantine(self) -> Quarantine:
        """Events that could not be applied."""
        ...

    @property
    def records(self) -> Records:
        """The house itself."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, effects: Any) -> None:
        """Write what a group of facts does (``coordinator.handlers.effects.Effects``)."""
        ...

    def commit(self) -> None:
        """Keep everything, on disk, before returning."""
        ...


Record = dict[str, Any]


class Views(Protocol):
    """What pages and reports read; keys are the column names of the answer."""

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        ...

    def edge(self, name: str) -> EdgeRow | None:
        """Return an edge as registered."""
        ...

    def stores(self, after: str, limit: int) -> list[Record]:
        """Return stores by id."""
        ...

    def edges(self, after: str, limit: int) -> list[Record]:
        """Return edges by id with how far they are."""
        ...

    def stock(self, store: str, sku: str, after: tuple[str, str], limit: int) -> list[Record]:
        """Return levels by store and SKU, with the age of each copy."""
        ...

    def sales(self, filters: dict[str, str], after: int, limit: int) -> list[Record]:
        """Return sales by number."""
        ...

    def sale(self, sale_id: str) -> Record | None:
        """Return one sale with its lines, discounts and tenders."""
        ...

    def quarantine(self, after: str, limit: int, *, open_only: bool) -> list[Record]:
        """Return events that could not be applied, oldest first."""
        ...

    def incidents(self, after: int, limit: int, *, open_only: bool) -> list[Record]:
        """Return incidents by number."""
        ...

    def devices(self, edge: str) -> list[Record]:
        """Return the devices of an edge."""
        ...

    def status(self, edge: str) -> Record | None:
        """Return what an edge last said on ``status``, None when it never did."""
        ...

    def audit(self, after: int, limit: int) -> list[Record]:
        """Return who did what, by number."""
        ...

    def balances(self) -> list[Record]:
        """Return the sum of every account per currency."""
        ...

    def source_refs(self) -> Iterator[Record]:
        """Yield every sale that came from another system."""
        ...

    def totals(self) -> Record:
        """Return what all sales come to."""
        ...

    def store_day_product(self, first: str, last: str) -> Iterator[Record]:
        """Yield per store, date and SKU what was sold."""
        ...

    def summary(self, since: str) -> Record:
        """Return the figures of the whole chain; ``since``: an edge heard of later counts as connected."""
        ...

    def pulse(self, minutes: int) -> list[Record]:
        """Return sales and events of the last minutes in which any came."""
        ...

    def states(self, since: str) -> list[Record]:
        """Return how many edges are held, behind, silent or up to date, and their lag."""
        ...


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
