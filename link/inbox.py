"""Headquarters' inbox: how far each edge's stream is applied, and every event as it came.

SQLAlchemy Core for SQLite and PostgreSQL; never imported by an edge. All methods run in the caller's transaction, which also holds the
effects: position and effects are one commit. No statement is run per event.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    select,
    text,
    union_all,
    update,
)

from link.chain import BrokenChain, follow
from protocol.envelope import genesis
from protocol.receiver import Accepted, StreamPosition, beginning

_Big = BigInteger().with_variant(Integer, "sqlite")
_PAGE = 1000


def stream_table(metadata: MetaData) -> Table:
    """Define ``stream``: one row per edge, locked while a batch of it is applied."""
    return Table(
        "stream",
        metadata,
        Column("edge", String(17), primary_key=True),
        Column("epoch", _Big, nullable=False),
        Column("next", _Big, nullable=False),
        Column("head", LargeBinary(16), nullable=False),
        Column("safe", _Big, nullable=False, server_default=text("0")),
        Column("held", Text, nullable=False, server_default=""),
        Column("damaged", Integer, nullable=False, server_default=text("0")),
        Column("moved_at", String(32), nullable=False, server_default=""),
    )


def event_table(metadata: MetaData) -> Table:
    """Define ``event``: every event once, at the place where it first came."""
    return Table(
        "event",
        metadata,
        Column("edge", String(17), primary_key=True),
        Column("epoch", _Big, primary_key=True, autoincrement=False),
        Column("seq", _Big, primary_key=True, autoincrement=False),
        Column("event_id", String(64), nullable=False),
        Column("bytes", LargeBinary, nullable=False),
        Column("hash", LargeBinary(16), nullable=False),
        Column("received_at", String(32), nullable=False),
        UniqueConstraint("event_id", name="uq_event_event_id"),
    )


def repeat_table(metadata: MetaData) -> Table:
    """Define ``event_repeat``: where an event stood when an edge sent it again under a new epoch; it had its effect before."""
    return Table(
        "event_repeat",
        metadata,
        Column("edge", String(17), primary_key=True),
        Column("epoch", _Big, primary_key=True, autoincrement=False),
        Column("seq", _Big, primary_key=True, autoincrement=False),
        Column("event_id", String(64), nullable=False),
        Column("hash", LargeBinary(16), nullable=False),
        Column("received_at", String(32), nullable=False),
    )


_PLACED = ("edge", "epoch", "seq", "event_id", "hash", "received_at")
_metadata = MetaData()
_stream, _event, _repeat = stream_table(_metadata), event_table(_metadata), repeat_table(_metadata)

_KNOWN = {
    "sqlite": text("SELECT event_id FROM event WHERE event_id IN (SELECT value FROM json_each(:ids))"),
    "postgresql": text("SELECT event_id FROM event WHERE event_id = ANY(:ids)"),
}
_BEGIN = text(
    "INSERT INTO stream (edge, epoch, next, head) VALUES (:edge, :epoch, :next, :head) ON CONFLICT (edge) DO NOTHING"
)
_POSITION = (
    select(_stream).where(_stream.c.edge == bindparam("edge")).with_for_update()
)  # SQLite has no row locks and leaves it out
_HASHES = union_all(
    *(
        select(table.c.hash).where(
            table.c.edge == bindparam("edge"), table.c.epoch == bindparam("epoch"), table.c.seq == bindparam("seq")
        )
        for table in (_event, _repeat)
    )
)
_ADVANCE = (
    update(_stream)
    .where(_stream.c.edge == bindparam("of_edge"))
    .values(
        {name: bindparam(f"to_{name}") for name in ("epoch", "next", "head", "safe", "held", "damaged", "moved_at")}
    )
)
_SECURE = (
    update(_stream)
    .where(
        _stream.c.edge == bindparam("of_edge"),
        _stream.c.epoch == bindparam("of_epoch"),
        _stream.c.safe < bindparam("up_to"),
        _stream.c.next > bindparam("up_to"),
    )
    .values(safe=bindparam("up_to"))
)


class Inbox:
    """The inbox within one transaction of ``connection``."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._known: set[str] = set()

    def position(self, edge: str) -> StreamPosition:
        """Return how far the stream of ``edge`` is applied, its row locked until the transaction ends; a new edge begins here."""
        row = self._db.execute(_POSITION, {"edge": edge}).mappings().first()
        if row is None:
            start = beginning(edge)
            self._db.execute(_BEGIN, {"edge": edge, "epoch": start.epoch, "next": start.next, "head": start.head})
            row = self._db.execute(_POSITION, {"edge": edge}).mappings().one()
        return _position(row)

    def positions(self) -> dict[str, StreamPosition]:
        """Return how far every stream is applied, without locking."""
        return {row["edge"]: _position(row) for row in self._db.execute(select(_stream)).mappings()}

    def hash_at(self, edge: str, epoch: int, seq: int) -> bytes | None:
        """Return the hash of the stream at ``seq``, None when headquarters has not got that far (in this epoch)."""
        if seq == 0:
            return genesis(edge, epoch)
        found = self._db.execute(_HASHES, {"edge": edge, "epoch": epoch, "seq": seq}).scalar()
        return None if found is None else bytes(found)

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Return which of these events were recorded before, in any epoch; to be asked before ``record``."""
        if not event_ids:
            return set()
        sqlite = self._db.dialect.name == "sqlite"
        ids = msgspec.json.encode(event_ids).decode() if sqlite else list(event_ids)
        found = set(self._db.execute(_KNOWN[self._db.dialect.name], {"ids": ids}).scalars())
        self._known |= found
        return found

    def changed(self, accepted: Sequence[Accepted]) -> set[str]:
        """Return which of these known events say something else than when they first came (an id used twice)."""
        raws = {each.event_id: each.raw for each in accepted}
        query = select(_event.c.event_id, _event.c.bytes).where(_event.c.event_id.in_(raws))
        return {event_id for event_id, raw in self._db.execute(query) if bytes(raw) != raws[event_id]}

    def record(self, edge: str, epoch: int, accepted: Sequence[Accepted], at: str) -> None:
        """Keep the events that moved the stream: new ones with their bytes, known ones as a repetition.

        Args:
            edge: whose stream.
            epoch: the epoch of every one of them.
            accepted: in order; their ids must have been asked for with ``known`` in this transaction.
            at: RFC 3339.
        """
        fresh, repeats = [], []
        for each in accepted:
            if each.event_id in self._known:
                repeats.append((edge, epoch, each.seq, each.event_id, each.hash, at))
            else:
                self._known.add(each.event_id)
                fresh.append((edge, epoch, each.seq, each.event_id, each.hash, at, each.raw))
        self._insert("event", (*_PLACED, "bytes"), fresh)
        self._insert("event_repeat", _PLACED, repeats)

    def _insert(self, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Insert plain tuples: SQLAlchemy's own executemany looks at every value in Python, which doubled the time of a fact."""
        if not rows:
            return
        mark = "?" if self._db.dialect.name == "sqlite" else "%s"
        marks = ", ".join([mark] * len(columns))
        self._db.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - our own names

    def advance(self, edge: str, position: StreamPosition, at: str) -> None:
        """Move the stream to ``position`` (also: hold it, or set it free)."""
        values = {f"to_{name}": value for name, value in msgspec.structs.asdict(position).items()}
        self._db.execute(_ADVANCE, {"of_edge": edge, "to_moved_at": at, **values})

    def secure(self, backed_up: Mapping[str, StreamPosition]) -> None:
        """Move ``safe`` of every stream to what a verified backup contains (positions as read *in* that backup)."""
        rows = [
            {"of_edge": edge, "of_epoch": position.epoch, "up_to": position.next - 1}
            for edge, position in backed_up.items()
        ]
        if rows:
            self._db.execute(_SECURE, rows)

    def verify_chain(self, edge: str) -> int:
        """Hash every kept event of ``edge`` again, epoch by epoch, and return how many places were checked.

        Raises:
            BrokenChain: an event is missing or was changed, or the stream's position is not its end.
        """
        row = self._db.execute(select(_stream).where(_stream.c.edge == edge)).mappings().first()
        if row is None:
            return 0
        position, checked = _position(row), 0
        for epoch in self._epochs(edge, position.epoch):
            place = f"epoch {epoch} of {edge} at headquarters"
            seq, head = follow(place, 0, genesis(edge, epoch), self._places(edge, epoch))
            if epoch == position.epoch and (seq, head) != (position.next - 1, position.head):
                raise BrokenChain(place, seq + 1, f"is missing (the stream goes up to {position.next - 1})")
            checked += seq
        return checked

    def _epochs(self, edge: str, current: int) -> list[int]:
        found = union_all(*(select(table.c.epoch).where(table.c.edge == edge) for table in (_event, _repeat)))
        return sorted({current, *self._db.execute(found).scalars()})

    def _places(self, edge: str, epoch: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (seq, bytes, hash) of one epoch in order, repetitions with the bytes of their first time."""
        firsts = select(_event.c.seq, _event.c.bytes, _event.c.hash).where(
            _event.c.edge == edge, _event.c.epoch == epoch
        )
        again = (
            select(_repeat.c.seq, _event.c.bytes, _repeat.c.hash)
            .join_from(_repeat, _event, _repeat.c.event_id == _event.c.event_id)
            .where(_repeat.c.edge == edge, _repeat.c.epoch == epoch)
        )
        places = union_all(firsts, again).subquery()
        after = 0
        while rows := self._db.execute(
            select(places).where(places.c.seq > after).order_by(places.c.seq).limit(_PAGE)
        ).all():
            for seq, raw, digest in rows:
                yield seq, bytes(raw), bytes(digest)
            after = rows[-1][0]


def _position(row: RowMapping) -> StreamPosition:
    return StreamPosition(row["epoch"], row["next"], bytes(row["head"]), row["safe"], row["held"], row["damaged"])
