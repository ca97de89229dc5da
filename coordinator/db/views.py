"""What pages and reports read: plain dictionaries, in transactions that only read."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from coordinator.db import tables
from coordinator.db.engine import Database
from coordinator.db.fleet import EDGES
from coordinator.rows import EdgeRow, TokenRow

Record = dict[str, Any]

_store, _edge, _seen, _stream = tables.store.c, tables.edge.c, tables.edge_seen.c, tables.stream.c
_status = tables.edge_status.c
_sale, _line, _discount = tables.sale.c, tables.sale_line.c, tables.sale_discount.c
_SIGN = case((_sale.kind == "return", -1), else_=1)
"""Reports count money and goods that went out; a return takes them back. Voided sales do not count."""
_COUNTS = _sale.voided_at.is_(None)


class SqlViews:
    """``coordinator.ports.Views`` in either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _all(self, query: Select[Any]) -> list[Record]:
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _one(self, query: Select[Any]) -> Record | None:
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return dict(row) if row else None

    def _stream(self, query: Select[Any]) -> Iterator[Record]:
        with self._database.reading() as connection:
            streamed = connection.execution_options(yield_per=2000).execute(query)
            yield from (dict(row) for row in streamed.mappings())

    def token(self, token_sha256: str) -> TokenRow | None:
        """Return an API token."""
        columns = [tables.api_token.c[name] for name in TokenRow._fields]
        row = self._one(select(*columns).where(tables.api_token.c.token_sha256 == token_sha256))
        return TokenRow(**row) if row else None

    def edge(self, name: str) -> EdgeRow | None:
        """Return an edge as registered."""
        row = self._one(EDGES.where(_edge.edge == name))
        return EdgeRow(**row) if row else None

    def stores(self, after: str, limit: int) -> list[Record]:
        """Return stores by id."""
        names = ("store", "name_zh", "name_en", "timezone", "currency", "assortment", "day_starts_hour")
        columns = [_store[name] for name in names]
        return self._all(select(*columns).where(_store.store > after).order_by(_store.store).limit(limit))

    def edges(self, after: str, limit: int) -> list[Record]:
        """Return edges by id with how far they are."""
        query = (
            select(
                _edge.edge,
                _edge.store,
                _edge.shard,
                _edge.revoked_at,
                _edge.certificate_expires_at,
                func.coalesce(_stream.epoch, 1).label("epoch"),
                func.coalesce(_stream.next, 1).label("next"),
                func.coalesce(_stream.safe, 0).label("safe"),
                func.coalesce(_stream.held, "").label("held"),
                func.coalesce(_stream.moved_at, "").label("acked_at"),
                func.coalesce(_seen.top, 0).label("top"),
                _seen.seen_at.label("last_seen"),
                _seen.boot,
                _seen.software,
                _seen.skew_ms,
                _edge.down_top,
                func.coalesce(_seen.down_cursor, 0).label("down_cursor"),
                _status.total.label("devices"),
                _status.wrong.label("devices_wrong"),
                _lag().label("lag"),
            )
            .join_from(tables.edge, tables.stream, _stream.edge == _edge.edge, isouter=True)
            .join(tables.edge_seen, _seen.edge == _edge.edge, isouter=True)
            .join(tables.edge_status, _status.edge == _edge.edge, isouter=True)
        )
        return self._all(query.where(_edge.edge > after).order_by(_edge.edge).limit(limit))

    def stock(self, store: str, sku: str, after: tuple[str, str], limit: int) -> list[Record]:
        """Return levels by store and SKU, each with until when it is true and how many facts are still to come.

        An edge that said that it has no more than is applied vouches for the moment in which it said so, however quiet its shop is. A store
        is as old as its oldest edge; a revoked one says nothing any more.
        """
        stock = tables.stock.c
        applied_at = func.nullif(_stream.moved_at, "")
        vouched_at = case((_lag() == 0, func.coalesce(_seen.seen_at, applied_at)), else_=applied_at)
        age = (
            select(_edge.store, func.min(vouched_at).label("as_of"), func.sum(_lag()).label("lag"))
            .join_from(tables.edge, tables.stream, _stream.edge == _edge.edge, isouter=True)
            .join(tables.edge_seen, _seen.edge == _edge.edge, isouter=True)
            .where(_edge.revoked_at.is_(None))
            .group_by(_edge.store)
            .subquery()
        )
        query = (
            select(stock.store, stock.sku, stock.on_hand_milli, age.c.as_of, age.c.lag)
            .join_from(tables.stock, age, age.c.store == stock.store, isouter=True)
            .where(or_(stock.store > after[0], and_(stock.store == after[0], stock.sku > after[1])))
            .order_by(stock.store, stock.sku)
            .limit(limit)
        )
        query = query.where(stock.store == store) if store else query
        return self._all(query.where(stock.sku == sku) if sku else query)

    def sales(self, filters: dict[str, str], after: int, limit: int) -> list[Record]:
        """Return sales by number; ``filters``: store, edge, business_date, source_ref, member."""
        names = [column for column in tables.sale.c if column.name not in {"stream_epoch", "seq"}]
        query = select(*names).where(_sale.sale_no > after).order_by(_sale.sale_no).limit(limit)
        for name, value in filters.items():
            query = query.where(_sale[name] == value)
        return self._all(query)

    def sale(self, sale_id: str) -> Record | None:
        """Return one sale with its lines, discounts and tenders."""
        sale = self._one(select(tables.sale).where(_sale.sale_id == sale_id))
        if sale is None:
            return None
        number = sale.pop("sale_no")
        for name, table in (
            ("lines", tables.sale_line),
            ("discounts", tables.sale_discount),
            ("tenders", tables.sale_tender),
        ):
            rows = self._all(select(table).where(table.c.sale_no == number).order_by(*table.primary_key.columns))
            sale[name] = [{key: value for key, value in row.items() if key != "sale_no"} for row in rows]
        return sale

    def quarantine(self, after: str, limit: int, *, open_only: bool) -> list[Record]:
        """Return events that could not be applied, oldest first."""
        parked = tables.quarantine.c
        query = select(tables.quarantine).where(parked.received_at + parked.event_id > after)
        query = query.order_by(parked.received_at, parked.event_id).limit(limit)
        return self._all(query.where(parked.resolved_at.is_(None)) if open_only else query)

    def incidents(self, after: int, limit: int, *, open_only: bool) -> list[Record]:
        """Return incidents by number."""
        incident = tables.incident.c
        query = select(tables.incident).where(incident.id > after).order_by(incident.id).limit(limit)
        return self._all(query.where(incident.closed_at.is_(None)) if open_only else query)

    def devices(self, edge: str) -> list[Record]:
        """Return the devices of an edge as it last reported them."""
        query = select(tables.device).where(tables.device.c.edge == edge).order_by(tables.device.c.device)
        return self._all(query)

    def status(self, edge: str) -> Record | None:
        """Return what an edge last said on ``status``, None when it never did."""
        return self._one(select(tables.edge_status).where(tables.edge_status.c.edge == edge))

    def audit(self, after: int, limit: int) -> list[Record]:
        """Return who did what, by number."""
        return self._all(select(tables.audit).where(tables.audit.c.id > after).order_by(tables.audit.c.id).limit(limit))

    def balances(self) -> list[Record]:
        """Return the sum of every account per currency."""
        posting = tables.posting.c
        total = func.sum(posting.amount_minor).label("amount_minor")
        return self._all(
            select(posting.account, posting.currency, total)
            .group_by(posting.account, posting.currency)
            .order_by(posting.account, posting.currency)
        )

    def source_refs(self) -> Iterator[Record]:
        """Yield every sale that came from another system."""
        query = select(_sale.source_ref, _sale.sale_id, _sale.edge).where(_sale.source_ref != "")
        return self._stream(query.order_by(_sale.sale_no))

    def totals(self) -> Record:
        """Return what all sales come to."""
        heads = self._one(
            select(
                func.count().label("baskets"),
                func.coalesce(func.sum(_sale.lines), 0).label("lines"),
                func.coalesce(func.sum(_SIGN * _sale.total_minor), 0).label("net_minor"),
            )
            .select_from(tables.sale)
            .where(_COUNTS)
        )
        goods = self._one(
            select(
                func.coalesce(func.sum(_SIGN * _line.quantity_milli), 0).label("quantity_milli"),
                func.coalesce(func.sum(_SIGN * _line.gross_minor), 0).label("gross_minor"),
            )
            .join_from(tables.sale_line, tables.sale, _sale.sale_no == _line.sale_no)
            .where(_COUNTS)
        )
        kinds = self._all(
            select(_discount.kind, func.sum(_SIGN * _discount.amount_minor).label("amount"))
            .join_from(tables.sale_discount, tables.sale, _sale.sale_no == _discount.sale_no)
            .where(_COUNTS)
            .group_by(_discount.kind)
        )
        amounts = {row["kind"]: int(row["amount"]) for row in kinds}
        whole = {name: int(value) for name, value in {**(heads or {}), **(goods or {})}.items()}
        return {**whole, **{f"{kind}_minor": amounts.get(kind, 0) for kind in KINDS}}

    def store_day_product(self, first: str, last: str) -> Iterator[Record]:
        """Yield per store, date and SKU what was sold; one store at a time, so that memory stays flat over a year."""
        with self._database.reading() as connection:
            days = (_sale.business_date >= first, _sale.business_date <= last, _COUNTS)
            stores = (
                connection.execute(select(_sale.store).where(*days).distinct().order_by(_sale.store)).scalars().all()
            )
            for store in stores:
                yield from _products(connection, store, days)

    def pulse(self, minutes: int) -> list[Record]:
        """Return sales and events of the last minutes in which any came, newest first."""
        pulse = tables.pulse.c
        counts = (func.sum(pulse.sales).label("sales"), func.sum(pulse.events).label("events"))
        query = select(pulse.minute, *counts).group_by(pulse.minute).order_by(pulse.minute.desc()).limit(minutes)
        rows = self._all(query)
        return [{**row, "sales": int(row["sales"]), "events": int(row["events"])} for row in rows]

    def states(self, since: str) -> list[Record]:
        """Return how many edges are held, silent, behind or up to date, and how many facts they still have."""
        state = case(
            (_stream.held != "", "held"),
            (or_(_seen.seen_at.is_(None), _seen.seen_at < since), "silent"),
            (_lag() > 0, "behind"),
            else_="up_to_date",
        ).label("state")
        query = (
            select(state, func.count().label("edges"), func.sum(_lag()).label("lag"))
            .join_from(tables.edge, tables.stream, _stream.edge == _edge.edge, isouter=True)
            .join(tables.edge_seen, _seen.edge == _edge.edge, isouter=True)
            .where(_edge.revoked_at.is_(None))
            .group_by(state)
        )
        return [{**row, "lag": int(row["lag"])} for row in self._all(query)]

    def summary(self, since: str) -> Record:
        """Return the figures of the live page."""
        with self._database.reading() as connection:
            return _summary(connection, since)


KINDS = ("retail", "coupon_match", "coupon", "promotion", "manual")


def _lag() -> Any:
    behind = func.coalesce(_seen.top, 0) - func.coalesce(_stream.next, 1) + 1
    return case((behind > 0, behind), else_=0)


def _products(connection: Connection, store: str, days: Sequence[Any]) -> Iterator[Record]:
    group = (_sale.business_date, _line.sku)
    goods = (
        select(
            *group,
            func.count().label("lines"),
            func.sum(_SIGN * _line.quantity_milli).label("quantity_milli"),
            func.sum(_SIGN * _line.gross_minor).label("gross_minor"),
            func.sum(_SIGN * _line.net_minor).label("net_minor"),
        )
        .join_from(tables.sale, tables.sale_line, _sale.sale_no == _line.sale_no)
        .where(_sale.store == store, *days)
        .group_by(*group)
        .order_by(*group)
    )
    discounts = (
        select(*group, _discount.kind, func.sum(_SIGN * _discount.amount_minor))
        .join_from(tables.sale, tables.sale_line, _sale.sale_no == _line.sale_no)
        .join(tables.sale_discount, and_(_discount.sale_no == _line.sale_no, _discount.line_no == _line.no))
        .where(_sale.store == store, *days)
        .group_by(*group, _discount.kind)
    )
    taken: dict[tuple[str, str], dict[str, int]] = {}
    for day, sku, kind, amount in connection.execute(discounts):
        taken.setdefault((day, sku), {})[f"{kind}_minor"] = int(amount)
    none = {f"{kind}_minor": 0 for kind in KINDS}
    for day, sku, lines, quantity, gross, net in connection.execute(goods):
        figures = {"lines": lines, "quantity_milli": int(quantity), "gross_minor": int(gross), "net_minor": int(net)}
        yield {"store": store, "business_date": day, "sku": sku, **figures, **none, **taken.get((day, sku), {})}


def _summary(connection: Connection, since: str) -> Record:
    def number(query: Any) -> int:
        return int(connection.execute(query).scalar_one() or 0)

    parked = tables.quarantine.c
    return {
        "sales": number(select(func.count()).select_from(tables.sale)),
        "turnover": {
            currency: int(minor)
            for currency, minor in connection.execute(
                select(_sale.currency, func.sum(_SIGN * _sale.total_minor)).where(_COUNTS).group_by(_sale.currency)
            )
        },
        "events": number(select(func.sum(_stream.next - 1))),
        "quarantined": number(select(func.count()).where(parked.resolved_at.is_(None))),
        "quarantined_minor": number(select(func.sum(parked.value_minor)).where(parked.resolved_at.is_(None))),
        "held": number(select(func.count()).where(_stream.held != "")),
        "edges": number(select(func.count()).where(_edge.revoked_at.is_(None))),
        "connected": number(select(func.count()).where(_seen.seen_at >= since)),
        "lag": number(
            select(func.sum(_lag())).join_from(
                tables.edge_seen, tables.stream, _stream.edge == _seen.edge, isouter=True
            )
        ),
        "stores": number(select(func.count()).select_from(tables.store)),
        "incidents": number(select(func.count()).where(tables.incident.c.closed_at.is_(None))),
    }
