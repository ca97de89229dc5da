"""Stores, edges, their papers and their down logs."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from coordinator.clock import stamp
from coordinator.db import tables
from coordinator.db.statements import How, put, upsert
from coordinator.ports import Issued
from coordinator.rows import EdgeRow, EnrolmentRow, SeenRow, StatusRow, StoreRow

_store, _edge, _enrolment, _down = tables.store.c, tables.edge.c, tables.enrolment.c, tables.downlog.c
STORE = ("store", "name_zh", "name_en", "timezone", "currency", "assortment", "day_starts_hour")
SEEN = ("edge", "seen_at", "top", "down_gen", "down_cursor", "boot", "software", "skew_ms")
_SEEN_HOW: dict[str, How] = {
    **dict.fromkeys(("seen_at", "top", "down_gen", "down_cursor"), "set"),
    **dict.fromkeys(("boot", "software", "skew_ms"), "keep"),
}
_STORES = select(*(_store[name] for name in STORE))
EDGES = select(
    _edge.edge,
    _edge.store,
    _edge.shard,
    _store.currency,
    _edge.revoked_at,
    _edge.certificate_pem,
    _edge.down_top,
    _edge.down_floor,
).join_from(tables.edge, tables.store)
"""The columns of an ``EdgeRow``."""


class SqlFleet:
    """``coordinator.ports.Fleet`` in either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stores(self, names: Sequence[str] | None = None) -> dict[str, StoreRow]:
        """Return the stores of these names, or all."""
        query = _STORES if names is None else _STORES.where(_store.store.in_(names))
        return {row[0]: StoreRow(*row) for row in self._connection.execute(query.order_by(_store.store))}

    def put_stores(self, rows: Sequence[StoreRow], at: str) -> None:
        """Add or replace stores."""
        how: dict[str, How] = dict.fromkeys(STORE[1:], "set")
        upsert(self._connection, tables.store, (*STORE, "created_at"), [(*row, at) for row in rows], how)

    def edges(self, names: Sequence[str] | None = None) -> dict[str, EdgeRow]:
        """Return the edges of these names, or all."""
        query = EDGES if names is None else EDGES.where(_edge.edge.in_(names))
        return {row[0]: EdgeRow(*row) for row in self._connection.execute(query)}

    def edges_of(self, stores: Sequence[str]) -> list[EdgeRow]:
        """Return the edges of these stores that are not revoked."""
        wanted = set(stores)
        rows = self._connection.execute(EDGES.where(_edge.revoked_at.is_(None)))
        return [EdgeRow(*row) for row in rows if row[1] in wanted]

    def add_edge(self, row: EdgeRow, at: str) -> None:
        """Register an edge."""
        columns = ("edge", "store", "shard", "created_at", "down_top", "down_floor")
        rows = [(row.edge, row.store, row.shard, at, row.down_top, row.down_floor)]
        put(self._connection, tables.edge, columns, rows)

    def seen(self, rows: Sequence[SeenRow]) -> None:
        """Remember what edges last said of themselves."""
        upsert(self._connection, tables.edge_seen, SEEN, rows, _SEEN_HOW)

    def keep_statuses(self, rows: Sequence[StatusRow]) -> None:
        """Remember what edges last said on ``status``."""
        how: dict[str, How] = {"online": "set", "heard_at": "set", "devices": "keep", "total": "keep", "wrong": "keep"}
        upsert(self._connection, tables.edge_status, StatusRow._fields, rows, how)

    def add_enrolment(self, row: EnrolmentRow, at: str) -> None:
        """Keep a one-time secret; earlier unused ones of the edge end."""
        unused = (_enrolment.edge == row.edge, _enrolment.used_at.is_(None), _enrolment.expires_at > at)
        self._connection.execute(update(tables.enrolment).where(*unused).values(expires_at=at))
        columns = ("secret_sha256", "edge", "created_at", "expires_at")
        put(self._connection, tables.enrolment, columns, [(row.secret_sha256, row.edge, at, row.expires_at)])

    def enrolment(self, secret_sha256: str) -> EnrolmentRow | None:
        """Return and lock a one-time secret."""
        columns = [_enrolment[name] for name in EnrolmentRow._fields]
        query = select(*columns).where(_enrolment.secret_sha256 == secret_sha256).with_for_update()
        row = self._connection.execute(query).first()
        return EnrolmentRow(*row) if row else None

    def use_enrolment(self, secret_sha256: str, key_sha256: str, at: str) -> None:
        """Mark a one-time secret as used for a key."""
        self._connection.execute(
            update(tables.enrolment)
            .where(_enrolment.secret_sha256 == secret_sha256)
            .values(used_at=at, key_sha256=key_sha256)
        )

    def set_certificate(self, edge: str, issued: Issued, at: str) -> None:
        """Keep the certificate of an edge."""
        expires = stamp(issued.expires_at)
        papers = {"certificate_serial": issued.serial, "certificate_expires_at": expires, "certificate_pem": issued.pem}
        self._connection.execute(update(tables.edge).where(_edge.edge == edge).values(**papers))
        columns = ("serial", "edge", "issued_at", "expires_at")
        put(self._connection, tables.certificate, columns, [(issued.serial, edge, at, expires)])

    def revoke(self, edge: str, at: str) -> list[str]:
        """Revoke an edge and return the serials of its certificates."""
        paper = tables.certificate.c
        self._connection.execute(update(tables.edge).where(_edge.edge == edge).values(revoked_at=at))
        self._connection.execute(
            update(tables.certificate).where(paper.edge == edge, paper.revoked_at.is_(None)).values(revoked_at=at)
        )
        unused = (_enrolment.edge == edge, _enrolment.used_at.is_(None))
        self._connection.execute(update(tables.enrolment).where(*unused).values(expires_at=at))
        return list(self._connection.execute(select(paper.serial).where(paper.edge == edge)).scalars())

    def revoked_serials(self) -> list[str]:
        """Return the serials of all revoked certificates."""
        paper = tables.certificate.c
        return list(self._connection.execute(select(paper.serial).where(paper.revoked_at.is_not(None))).scalars())

    def down_bump(self, edges: Sequence[str], *, snapshot: bool) -> dict[str, int]:
        """Draw the next number of each edge's down log; ``snapshot`` lets the log up to that number go."""
        ordered = sorted(edges)
        lock = select(_edge.edge, _edge.down_top).where(_edge.edge.in_(ordered)).order_by(_edge.edge).with_for_update()
        tops = {edge: top + 1 for edge, top in self._connection.execute(lock)}
        new = {"down_top": _edge.down_top + 1}
        if snapshot:
            new["down_floor"] = _edge.down_top + 1
            self._connection.execute(tables.downlog.delete().where(_down.edge.in_(ordered)))
        self._connection.execute(update(tables.edge).where(_edge.edge.in_(ordered)).values(new))
        return tops

    def add_down(self, entries: Sequence[tuple[str, int, str]], at: str) -> None:
        """Append entries (edge, seq, entry as it travels) to down logs."""
        put(self._connection, tables.downlog, ("edge", "seq", "entry", "at"), [(*entry, at) for entry in entries])

    def down_entries(self, edge: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Return entries of an edge's down log above ``after``, in order."""
        query = (
            select(_down.seq, _down.entry).where(_down.edge == edge, _down.seq > after).order_by(_down.seq).limit(limit)
        )
        return [(seq, entry) for seq, entry in self._connection.execute(query)]
