"""What one fact does, or why it cannot be applied (F35: then it is quarantined and the stream goes on)."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from coordinator.handlers.claims import claim_of
from coordinator.handlers.effects import Effects
from coordinator.handlers.ledger import postings_of
from coordinator.ports import UnitOfWork
from coordinator.rows import EdgeRow, Place
from domain.errors import ImpossibleSale
from domain.limits import MAX_ID, MAX_STOCK_MILLI, text_fault
from domain.sale import Sale, verify
from domain.stock import reversal_of
from protocol.facts import (
    DayClosed,
    DeviceStateChanged,
    DrawerOpened,
    EdgeStarted,
    EpochStarted,
    Fact,
    SaleCompleted,
    SaleVoided,
    StockMoved,
)
from protocol.receiver import Accepted

MAX_CHANGES = 10_000
"""Of one ``StockMoved``; a delivery with more goods comes as several facts."""

MAX_INCIDENTS = 16
"""Of one start; a boot that has more to tell has told enough, and each becomes a row for a person to look at."""


class Applier:
    """Turns the facts of one group, in order, into effects.

    Args:
        uow: the transaction of the group.
        at: when headquarters took the group in, RFC 3339.
        careful: look up every id and receipt number of a sale before it is written. Without it a number used twice only shows when the
            rows are written, and the group is taken again with care: what honest edges never cause costs them nothing.
    """

    def __init__(self, uow: UnitOfWork, at: str, *, careful: bool) -> None:
        self.effects = Effects()
        self._uow, self._at, self._careful = uow, at, careful
        self._unknown_skus: set[str] = set()
        self._sales: dict[str, tuple[Place, Sale]] = {}
        self._receipts: set[tuple[str, int, int]] = set()
        self._voided: set[str] = set()

    def look_up(self, facts: Sequence[Fact | None]) -> None:
        """Ask once for all SKUs that the facts of this group name."""
        skus: set[str] = set()
        for fact in facts:
            if type(fact) is SaleCompleted:
                skus.update([line.sku for line in fact.sale.lines])
            elif type(fact) is StockMoved:
                skus.update([change.sku for change in fact.changes])
        self._unknown_skus = self._uow.catalogue.unknown_skus(skus) if skus else set()

    def apply(self, place: Place, edge: EdgeRow, accepted: Accepted) -> bool:
        """Book what an event states; quarantine it and return False when it cannot be applied."""
        event, fact = accepted.event, accepted.fact
        fault = accepted.problem if fact is None else self.book(place, edge, fact, event.time if event else "")
        if fault:
            self.effects.add_poison(place, accepted, fault[:1000], claim_of(event, edge), self._at)
        return not fault

    def book(self, place: Place, edge: EdgeRow, fact: Fact, time: str) -> str:
        """Book a fact that was stated at ``time``; return why it cannot be applied, and then it has no effect."""
        match fact:
            case SaleCompleted():
                return self._sale(place, edge, fact.sale)
            case SaleVoided():
                return self._void(place, fact)
            case StockMoved():
                return self._moved(place, edge, fact)
            case DayClosed():
                return self._day_closed(place, edge, fact)
            case DeviceStateChanged():
                return self._device(edge, fact, time)
            case DrawerOpened():
                return self._drawer(edge, fact)
            case EdgeStarted():
                for text in fact.incidents[:MAX_INCIDENTS]:
                    self.effects.add_incident(self._at, edge.edge, "edge_reported", text)
                return ""
            case EpochStarted():
                text = f"epoch {fact.old_epoch} → {fact.new_epoch}: {fact.reason}"
                self.effects.add_incident(self._at, edge.edge, "epoch_started", text)
                return ""
            case _:
                assert_never(fact)

    def _sale(self, place: Place, edge: EdgeRow, sale: Sale) -> str:
        fault = _sale_fault(edge, sale) or self._stranger([line.sku for line in sale.lines]) or self._doubled(sale)
        if not fault:
            self._sales[sale.sale_id] = (place, sale)
            self._receipts.add((sale.edge, sale.epoch, sale.receipt_no))
            self.effects.add_sale(place, sale)
            if sale.original_sale_id:
                self._check_return(sale, sale.original_sale_id)
        return fault

    def _stranger(self, skus: Iterable[str]) -> str:
        if not self._unknown_skus:
            return ""
        unknown = next((sku for sku in skus if sku in self._unknown_skus), None)
        text = f"SKU {unknown!r} is in no catalogue here: import it, then apply this event again (docs/runbook.md, Quarantine)"
        return text if unknown else ""

    def _doubled(self, sale: Sale) -> str:
        if sale.sale_id in self._sales:
            return f"sale id {sale.sale_id} is used twice"
        if (sale.edge, sale.epoch, sale.receipt_no) in self._receipts:
            return f"receipt {sale.receipt_no} of epoch {sale.epoch} is used twice"
        return self._uow.sales.clash(sale) if self._careful else ""

    def _check_return(self, sale: Sale, original_id: str) -> None:
        """A return is a fact and stays booked; one that gives back more than was paid is an incident (F33)."""
        here = self._sales.get(original_id)
        head = None if here else self._uow.sales.heads([original_id]).get(original_id)
        paid = here[1].total_minor if here else head.total_minor if head else 0
        group = (s.total_minor for _, s in self._sales.values() if s.original_sale_id == original_id)
        back = sum(group) + self._uow.sales.returned_minor(original_id)
        if back > paid:
            text = f"returns of sale {original_id} come to {back}, paid was {paid} (0 = sale unknown here)"
            self.effects.add_incident(self._at, sale.edge, "return_above_sale", text)

    def _void(self, place: Place, fact: SaleVoided) -> str:
        if fault := text_fault(fact.business_date, 10, 10):
            return f"date {fact.business_date[:20]!r} of a void: expected {fault}"
        if fact.sale_id in self._voided:
            return f"sale {fact.sale_id} is voided already"
        if fact.sale_id in self._sales:
            original, sale = self._sales[fact.sale_id]
            if original.edge != place.edge:
                return f"sale {fact.sale_id} is of edge {original.edge}: only that edge can void it"
            legs = [(leg.account, -leg.amount_minor) for leg in postings_of(sale)]
            self.effects.move(sale.store, ((d.sku, d.delta_milli) for d in reversal_of(sale)))
            self.effects.post(place, sale.store, fact.business_date, sale.currency, legs)
        elif fault := self._void_kept(place, fact):
            return fault
        self._voided.add(fact.sale_id)
        self.effects.voids.append((self._at, fact.sale_id))
        return ""

    def _void_kept(self, place: Place, fact: SaleVoided) -> str:
        head = self._uow.sales.heads([fact.sale_id]).get(fact.sale_id)
        if head is None:
            return f"sale {fact.sale_id} is not booked here, so it cannot be voided"
        if head.edge != place.edge:
            return f"sale {fact.sale_id} is of edge {head.edge}: only that edge can void it"
        if head.voided:
            return f"sale {fact.sale_id} is voided already"
        self.effects.move(head.store, ((sku, -milli) for sku, milli in self._uow.sales.movements_of(head.sale_no)))
        legs = [(leg.account, -leg.amount_minor) for leg in self._uow.sales.legs_of(head.sale_no)]
        self.effects.post(place, head.store, fact.business_date, head.currency, legs)
        return ""

    def _moved(self, place: Place, edge: EdgeRow, fact: StockMoved) -> str:
        if fact.store != edge.store:
            return f"store {fact.store!r} is not the edge's store {edge.store!r}"
        if len(fact.changes) > MAX_CHANGES:
            return f"{len(fact.changes)} changes in one movement: at most {MAX_CHANGES}"
        if fault := text_fault(fact.reason, 1000):
            return f"reason of the movement: expected {fault}"
        for change in fact.changes:
            if abs(change.delta_milli) > MAX_STOCK_MILLI:
                return f"delta_milli {change.delta_milli} of SKU {change.sku!r} is beyond ±{MAX_STOCK_MILLI}"
        if fault := self._stranger(change.sku for change in fact.changes):
            return fault
        self.effects.move(edge.store, ((change.sku, change.delta_milli) for change in fact.changes))
        self.effects.movements += [
            (*place, edge.store, change.sku, fact.kind, change.delta_milli, fact.reason) for change in fact.changes
        ]
        return ""

    def _day_closed(self, place: Place, edge: EdgeRow, fact: DayClosed) -> str:
        if fact.store != edge.store:
            return f"store {fact.store!r} is not the edge's store {edge.store!r}"
        if fault := text_fault(fact.lane, MAX_ID, 1) or text_fault(fact.business_date, 10, 10):
            return f"lane {fact.lane[:MAX_ID]!r} or date {fact.business_date[:20]!r}: expected {fault}"
        self.effects.day_closes.append(
            (
                *place,
                fact.store,
                fact.lane,
                fact.business_date,
                fact.epoch,
                fact.first_receipt_no,
                fact.last_receipt_no,
                fact.sales,
                fact.total_minor,
            )
        )
        return ""

    def _device(self, edge: EdgeRow, fact: DeviceStateChanged, time: str) -> str:
        if fault := text_fault(fact.device, MAX_ID, 1) or text_fault(fact.reason, 1000):
            return f"device {fact.device[:MAX_ID]!r}: expected {fault}"
        if fact.swap == "moved":
            self.effects.add_incident(self._at, edge.edge, "device_moved", f"{fact.device}: {fact.reason}")
        elif fact.swap == "replaced":
            self.effects.add_incident(self._at, edge.edge, "device_replaced", f"{fact.device}: {fact.reason}")
        self.effects.devices[edge.edge, fact.device] = (edge.edge, fact.device, fact.state, fact.reason, time[:40])
        return ""

    def _drawer(self, edge: EdgeRow, fact: DrawerOpened) -> str:
        for text, limit in ((fact.device, MAX_ID), (fact.by, MAX_ID), (fact.reason, 1000)):
            if fault := text_fault(text, limit, 1):
                return f"drawer {fact.device[:MAX_ID]!r}: expected {fault}"
        self.effects.add_incident(self._at, edge.edge, "drawer_opened", f"{fact.device}, {fact.by}: {fact.reason}")
        return ""


def _sale_fault(edge: EdgeRow, sale: Sale) -> str:
    if sale.edge != edge.edge:
        return f"sale names edge {sale.edge!r}, it came from {edge.edge!r}"
    if sale.store != edge.store:
        return f"sale names store {sale.store!r}, the edge's store is {edge.store!r}"
    if sale.currency != edge.currency:
        return f"sale is in {sale.currency!r}, the store keeps {edge.currency!r}"
    try:
        verify(sale)
    except ImpossibleSale as error:
        return str(error)
    return ""
