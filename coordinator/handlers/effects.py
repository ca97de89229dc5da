"""What a group of facts does to headquarters, gathered as rows: one statement per table and group, not per event.

Rows are plain tuples in the order of the column lists in ``coordinator.db.effects``.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from coordinator.handlers.ledger import postings_of, suspense_of
from coordinator.rows import Place, Row
from domain.sale import Sale
from domain.stock import movements_of
from protocol.receiver import Accepted


class Claim(NamedTuple):
    """What an event that cannot be applied says of itself: its money, and the receipt number that it used up."""

    value_minor: int = 0
    currency: str = ""
    store: str = ""
    business_date: str = ""
    receipt_epoch: int | None = None
    receipt_no: int | None = None


@dataclass
class Effects:
    """Rows to write, in the order in which they came."""

    sales: list[tuple[Place, Sale]] = field(default_factory=list)
    voids: list[tuple[str, str]] = field(default_factory=list)
    stock: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    movements: list[Row] = field(default_factory=list)
    postings: list[Row] = field(default_factory=list)
    day_closes: list[Row] = field(default_factory=list)
    devices: dict[tuple[str, str], Row] = field(default_factory=dict)
    quarantine: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)
    pulse: tuple[str, int, int] | None = None
    alarms: dict[tuple[str, str], Row] = field(default_factory=dict)

    def add_sale(self, place: Place, sale: Sale) -> None:
        """Book a verified sale: itself, its money, and what left the shelf."""
        self.sales.append((place, sale))
        self.post(place, sale.store, sale.business_date, sale.currency, postings_of(sale))
        self.move(sale.store, ((delta.sku, delta.delta_milli) for delta in movements_of(sale)))

    def move(self, store: str, deltas: Iterable[tuple[str, int]]) -> None:
        """Change the stock of a store."""
        for sku, milli in deltas:
            self.stock[store, sku] += milli

    def post(
        self, place: Place, store: str, business_date: str, currency: str, legs: Iterable[tuple[str, int]]
    ) -> None:
        """Book the legs of one event; they add up to zero."""
        self.postings += [(*place, account, store, business_date, currency, minor) for account, minor in legs]

    def add_poison(self, place: Place, accepted: Accepted, reason: str, claim: Claim, at: str) -> None:
        """Keep an event that cannot be applied with its money in suspense, and tell a person."""
        type_name = accepted.event.type[:80] if accepted.event else ""
        receipt = (claim.receipt_epoch, claim.receipt_no)
        self.quarantine.append(
            (
                accepted.event_id,
                *place,
                type_name,
                accepted.raw,
                reason,
                *receipt,
                claim.value_minor,
                claim.currency,
                at,
            )
        )
        self.post(place, claim.store, claim.business_date, claim.currency, suspense_of(claim.value_minor))
        self.add_incident(
            at, place.edge, "quarantined", f"event {accepted.event_id} at {place.epoch}/{place.seq}: {reason}"
        )

    def add_incident(self, at: str, edge: str | None, kind: str, text: str) -> None:
        """Raise something that a person must look at."""
        self.incidents.append((at, edge, kind, text[:1000]))

    def add_alarm(self, at: str, edge: str, kind: str, text: str) -> None:
        """Raise a state that a person must look at, once while it lasts."""
        self.alarms[edge, kind] = (at, edge, kind, text[:1000])
