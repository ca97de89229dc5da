"""What is written down about the house itself: generation, notes, audit, incidents, tokens, first answers."""

from sqlalchemy import Connection, delete, select, update

from coordinator.db import tables
from coordinator.db.statements import put, upsert
from coordinator.rows import RequestRow, TokenRow

_meta, _incident, _token, _request = tables.meta.c, tables.incident.c, tables.api_token.c, tables.request.c


class SqlRecords:
    """``coordinator.ports.Records`` in either database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def gen(self) -> int:
        """Return the generation of the database: it grows with every restore."""
        return int(self.note("gen") or 1)

    def note(self, key: str) -> str | None:
        """Return a value of the house by name."""
        value: str | None = self._connection.execute(select(_meta.value).where(_meta.key == key)).scalar()
        return value

    def set_note(self, key: str, value: str) -> None:
        """Keep a value of the house by name."""
        upsert(self._connection, tables.meta, ("key", "value"), [(key, value)], {"value": "set"})

    def audit(self, at: str, actor: str, action: str, thing: str) -> None:
        """Write down who did what."""
        put(self._connection, tables.audit, ("at", "actor", "action", "object"), [(at, actor, action, thing)])

    def incident(self, at: str, edge: str | None, kind: str, text: str) -> bool:
        """Raise an incident unless the same kind of the same edge is open; tell whether it is new."""
        same = _incident.edge.is_(None) if edge is None else _incident.edge == edge
        query = select(_incident.id).where(same, _incident.kind == kind, _incident.closed_at.is_(None)).limit(1)
        if self._connection.execute(query).first():
            return False
        put(self._connection, tables.incident, ("at", "edge", "kind", "text"), [(at, edge, kind, text[:1000])])
        return True

    def close_incidents(self, at: str, edge: str | None, kind: str) -> int:
        """Close the open incidents of a kind of an edge (None: of headquarters itself)."""
        same = _incident.edge.is_(None) if edge is None else _incident.edge == edge
        open_ones = update(tables.incident).where(same, _incident.kind == kind, _incident.closed_at.is_(None))
        return self._connection.execute(open_ones.values(closed_at=at)).rowcount

    def close_incident(self, at: str, number: int) -> bool:
        """Close one incident; False when there is none open of this number."""
        one = update(tables.incident).where(_incident.id == number, _incident.closed_at.is_(None))
        return self._connection.execute(one.values(closed_at=at)).rowcount == 1

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        columns = [_token[name] for name in TokenRow._fields]
        row = self._connection.execute(select(*columns).where(_token.token_sha256 == token_sha256)).first()
        return TokenRow(*row) if row else None

    def token_named(self, name: str) -> TokenRow | None:
        """Return the API token of this name."""
        columns = [_token[field] for field in TokenRow._fields]
        row = self._connection.execute(select(*columns).where(_token.name == name)).first()
        return TokenRow(*row) if row else None

    def add_token(self, row: TokenRow) -> None:
        """Keep an API token."""
        put(self._connection, tables.api_token, TokenRow._fields, [tuple(row)])

    def revoke_token(self, name: str, at: str) -> bool:
        """End an API token; tell whether there was one."""
        one = update(tables.api_token).where(_token.name == name, _token.revoked_at.is_(None))
        return self._connection.execute(one.values(revoked_at=at)).rowcount == 1

    def request(self, actor: str, key: str) -> RequestRow | None:
        """Return a request that carried this key, with its answer once it has one."""
        columns = [_request[name] for name in RequestRow._fields]
        row = self._connection.execute(select(*columns).where(_request.actor == actor, _request.key == key)).first()
        return RequestRow(*row) if row else None

    def reserve_request(self, row: RequestRow) -> bool:
        """Write a request down before it is carried out; False when its key is taken (PostgreSQL waits for who is about to take it)."""
        return upsert(self._connection, tables.request, RequestRow._fields, [tuple(row)]) == 1

    def finish_request(self, row: RequestRow) -> None:
        """Keep the answer to a request that was reserved."""
        one = update(tables.request).where(_request.actor == row.actor, _request.key == row.key)
        self._connection.execute(one.values(status=row.status, body=row.body, at=row.at))

    def free_request(self, actor: str, key: str) -> None:
        """Give a reserved key back: its request was refused and nothing was done."""
        self._connection.execute(delete(tables.request).where(_request.actor == actor, _request.key == key))

    def drop_requests_before(self, at: str) -> int:
        """Forget old answers."""
        return self._connection.execute(delete(tables.request).where(_request.at < at)).rowcount
