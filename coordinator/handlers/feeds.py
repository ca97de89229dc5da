"""What goes down to the edges: small changes as numbered log entries, everything else as a signed snapshot.

An edge tells with every message how far it has applied its log. Entries above that are sent; an edge of another generation, or one whose
cursor is below the log's floor, gets a reference to a snapshot, which is made when the first edge needs it.
"""

import hashlib
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from coordinator.clock import Clock, stamp
from coordinator.errors import NotFound
from coordinator.ports import Authority, UnitOfWork
from coordinator.rows import EdgeRow, SnapshotRow, StoreRow
from domain.catalogue import Price
from domain.ids import SkuId
from protocol.messages import VERSION, Down, DownEntry, SnapshotRef

SMALL_ROWS = 64
"""A change of up to this many rows travels as entries; more is a new snapshot."""
CHUNK_BYTES = 256 * 1024
ENTRIES_AT_ONCE = 50
ENTRIES_BYTES = 48 * 1024
ZLIB_LEVEL = 1

_encode = msgspec.json.Encoder().encode


class Chunk(NamedTuple):
    """Rows of one feed, compressed."""

    feed: str
    sha256: str
    body: bytes
    raw_bytes: int
    rows: int


def publish_items(rows: Mapping[str, str], uow: UnitOfWork, at: str) -> None:
    """Tell the edges of all stores that sell them about items (SKU → row as it travels)."""
    carrying = uow.catalogue.carrying(list(rows))
    _publish(
        "catalogue",
        {store: [msgspec.Raw(rows[sku].encode()) for sku in sorted(skus)] for store, skus in carrying.items()},
        uow,
        at,
    )


def publish_prices(prices: Sequence[tuple[str, str, int]], uow: UnitOfWork, at: str) -> None:
    """Tell edges about prices (store or ``*``, SKU, minor units) of what their store sells; its own price stands above the chain's."""
    skus = sorted({sku for _, sku, _ in prices})
    by_store: dict[str, list[msgspec.Raw]] = {}
    for store, sold in uow.catalogue.carrying(skus).items():
        touched = {sku for named, sku, _ in prices if named in ("*", store)} & sold
        if touched:
            in_force = uow.catalogue.prices_of(store, sorted(touched))
            by_store[store] = [_price_row(sku, minor) for sku, minor in sorted(in_force.items())]
    _publish("prices", by_store, uow, at)


def publish_stores(changed: Sequence[StoreRow], before: Mapping[str, StoreRow], uow: UnitOfWork, at: str) -> None:
    """Tell the edges of stores about their new attributes; another assortment is a new replica."""
    swapped = [row.store for row in changed if before[row.store].assortment != row.assortment]
    renew_replicas(swapped, uow)
    same = {row.store: [_store_row(row)] for row in changed if row.store not in swapped}
    _publish("store", same, uow, at)


def renew_replicas(stores: Sequence[str] | None, uow: UnitOfWork) -> list[str]:
    """Let the edges of these stores (None: of all) take a new snapshot; return them."""
    named = list(uow.fleet.stores()) if stores is None else list(stores)
    edges = [edge.edge for edge in uow.fleet.edges_of(named)] if named else []
    if edges:
        uow.fleet.down_bump(edges, snapshot=True)
    return edges


def _publish(feed: str, by_store: Mapping[str, list[msgspec.Raw]], uow: UnitOfWork, at: str) -> None:
    if not by_store:
        return
    stores = {edge.edge: edge.store for edge in uow.fleet.edges_of(list(by_store))}
    numbers = uow.fleet.down_bump(list(stores), snapshot=False) if stores else {}
    entries = [
        (edge, seq, _encode(DownEntry(seq, feed, seq, tuple(by_store[stores[edge]]))).decode())
        for edge, seq in numbers.items()
    ]
    uow.fleet.add_down(entries, at)


def answer(edge: str, gen: int, cursor: int, uow: UnitOfWork, authority: Authority, clock: Clock) -> Down | None:
    """Return what an edge at ``gen``/``cursor`` lacks, None when nothing; makes its snapshot when there is none for now."""
    with uow:
        row = uow.fleet.edges([edge]).get(edge)
        if row is None or row.revoked_at:
            return None
        here = uow.records.gen()
        if gen == here and row.down_floor <= cursor <= row.down_top:
            entries = _entries(uow.fleet.down_entries(edge, cursor, ENTRIES_AT_ONCE))
            return Down(VERSION, here, row.down_top, entries) if entries else None
        snapshot = uow.snapshots.latest(edge)
        if (
            snapshot is None
            or snapshot.gen != here
            or snapshot.cursor < row.down_floor
            or snapshot.cursor > row.down_top
        ):
            snapshot = _make(row, here, uow, authority, clock)
            uow.commit()
        reference = SnapshotRef(f"/v1/snapshots/{snapshot.id}/manifest", snapshot.cursor, snapshot.sha256)
        return Down(VERSION, here, row.down_top, (), reference)


def poke(edge: EdgeRow, gen: int) -> Down:
    """Return the message that makes an edge ask for what it lacks."""
    return Down(VERSION, gen, edge.down_top)


def _entries(kept: Iterable[tuple[int, str]]) -> tuple[DownEntry, ...]:
    """Return as many entries as one message should carry."""
    entries: list[DownEntry] = []
    size = 0
    for _, text in kept:
        size += len(text)
        if entries and size > ENTRIES_BYTES:
            break
        entries.append(msgspec.json.decode(text, type=DownEntry))
    return tuple(entries)


def _make(edge: EdgeRow, gen: int, uow: UnitOfWork, authority: Authority, clock: Clock) -> SnapshotRow:
    """Build the replica of one edge: its store's items, the prices in force, the store itself."""
    store = uow.fleet.stores([edge.store])[edge.store]
    feeds: dict[str, Iterable[bytes]] = {
        "catalogue": (row.encode() for row in uow.catalogue.rows_for(edge.store)),
        "prices": (_encode(Price(SkuId(sku), minor)) for sku, minor in uow.catalogue.prices_for(edge.store)),
        "store": [bytes(_store_row(store))],
    }
    chunks = [chunk for feed, rows in feeds.items() for chunk in chunked(feed, rows)]
    at, name = stamp(clock.now()), secrets.token_hex(16)
    manifest = _encode(
        {
            "v": VERSION,
            "id": name,
            "edge": edge.edge,
            "store": edge.store,
            "gen": gen,
            "cursor": edge.down_top,
            "made_at": at,
            "feeds": {
                feed: {"version": edge.down_top, "rows": sum(c.rows for c in chunks if c.feed == feed)}
                for feed in feeds
            },
            "chunks": [_listed(chunk, name) for chunk in chunks],
        }
    )
    digest = hashlib.sha256(manifest).hexdigest()
    row = SnapshotRow(name, edge.edge, gen, edge.down_top, manifest, digest, authority.sign(manifest), at)
    uow.snapshots.add(row, {chunk.sha256: chunk.body for chunk in chunks})
    return row


def _listed(chunk: Chunk, snapshot_id: str) -> dict[str, Any]:
    """Return what a manifest says of one chunk."""
    return {
        "feed": chunk.feed,
        "path": f"/v1/snapshots/{snapshot_id}/chunks/{chunk.sha256}",
        "sha256": chunk.sha256,
        "bytes": len(chunk.body),
        "raw_bytes": chunk.raw_bytes,
        "rows": chunk.rows,
    }


def chunked(feed: str, rows: Iterable[bytes]) -> Iterator[Chunk]:
    """Cut rows into compressed NDJSON chunks of at most ``CHUNK_BYTES`` before compression."""
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        if waiting and size + len(row) + 1 > CHUNK_BYTES:
            yield _chunk(feed, waiting)
            waiting, size = [], 0
        waiting.append(row)
        size += len(row) + 1
    if waiting:
        yield _chunk(feed, waiting)


def _chunk(feed: str, rows: list[bytes]) -> Chunk:
    raw = b"\n".join(rows) + b"\n"
    body = zlib.compress(raw, ZLIB_LEVEL)
    return Chunk(feed, hashlib.sha256(body).hexdigest(), body, len(raw), len(rows))


def _price_row(sku: str, minor: int) -> msgspec.Raw:
    return msgspec.Raw(_encode(Price(SkuId(sku), minor)))


def _store_row(row: StoreRow) -> msgspec.Raw:
    fields: dict[str, Any] = {name: value for name, value in row._asdict().items() if name != "assortment"}
    return msgspec.Raw(_encode(fields))


def manifest_of(snapshot_id: str, edge: str, uow: UnitOfWork) -> SnapshotRow:
    """Return a snapshot that belongs to ``edge``.

    Raises:
        NotFound: no such snapshot, or another edge's (one answer for both).
    """
    with uow:
        row = uow.snapshots.get(snapshot_id)
    if row is None or row.edge != edge:
        raise NotFound(f"snapshot {snapshot_id[:40]!r} is not here for {edge}: say hello again, a new reference comes")
    return row


def chunk_of(snapshot_id: str, sha256: str, edge: str, uow: UnitOfWork) -> bytes:
    """Return a chunk of a snapshot that belongs to ``edge``.

    Raises:
        NotFound: as for ``manifest_of``.
    """
    manifest_of(snapshot_id, edge, uow)
    with uow:
        body = uow.snapshots.chunk(snapshot_id, sha256)
    if body is None:
        raise NotFound(f"chunk {sha256[:64]!r} is not of snapshot {snapshot_id}")
    return body
