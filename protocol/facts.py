"""The facts an edge may state: each has happened and cannot be refused.

A fact's ``type`` on the wire is ``shopwire.<snake_name>.v<N>``. Messages only grow: new fields have defaults, unknown fields are ignored,
no field changes its meaning; a break is a new ``.v``.
"""

from typing import Literal

import msgspec

from domain.ids import EdgeId, LaneId, SaleId, SkuId, StoreId
from domain.sale import Sale

MovementKind = Literal["received", "counted", "adjusted", "wasted"]


class SaleCompleted(msgspec.Struct, frozen=True):
    """A sale or return was committed; its stock movements follow from its lines (``domain.stock.movements_of``)."""

    sale: Sale


class SaleVoided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole committed sale was taken back: its money and its movements are reversed once."""

    sale_id: SaleId
    reason: str
    business_date: str
    by: str = ""


class StockChange(msgspec.Struct, frozen=True, gc=False):
    """``delta_milli``: signed, thousandths of the SKU's base unit."""

    sku: SkuId
    delta_milli: int


class StockMoved(msgspec.Struct, frozen=True, omit_defaults=True):
    """Goods came, were counted, corrected or thrown away."""

    store: StoreId
    kind: MovementKind
    changes: tuple[StockChange, ...]
    reason: str = ""


class DayClosed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The business day of a lane ended: receipts ``first_receipt_no``..``last_receipt_no`` and their sums; a range, never a clock."""

    store: StoreId
    lane: LaneId
    business_date: str
    epoch: int
    first_receipt_no: int
    last_receipt_no: int
    sales: int
    total_minor: int


class DeviceStateChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device of the store changed its state (one fact per change, not per look).

    ``swap``: it is the same unit on another port (``moved``), or another unit in its place (``replaced``); ``reason`` says which.
    """

    device: str
    state: Literal["absent", "opening", "ok", "degraded", "failed"]
    reason: str = ""
    swap: Literal["", "moved", "replaced"] = ""


class DrawerOpened(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person let the cash drawer be opened outside a sale; stated before the pulse, so that no opening goes untold."""

    store: StoreId
    lane: LaneId
    device: str
    by: str
    reason: str


class EdgeStarted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The agent booted; ``boot_id`` is a nonce drawn at start."""

    edge: EdgeId
    boot_id: str
    software: str
    incidents: tuple[str, ...] = ()


class EpochStarted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The edge's history and headquarters' differ, so the edge numbers afresh and re-sends what it retains; always an incident."""

    edge: EdgeId
    old_epoch: int
    new_epoch: int
    reason: str


Fact = (
    SaleCompleted | SaleVoided | StockMoved | DayClosed | DeviceStateChanged | DrawerOpened | EdgeStarted | EpochStarted
)

FACT_TYPES: dict[str, type[msgspec.Struct]] = {
    "shopwire.sale_completed.v1": SaleCompleted,
    "shopwire.sale_voided.v1": SaleVoided,
    "shopwire.stock_moved.v1": StockMoved,
    "shopwire.day_closed.v1": DayClosed,
    "shopwire.device_state_changed.v1": DeviceStateChanged,
    "shopwire.drawer_opened.v1": DrawerOpened,
    "shopwire.edge_started.v1": EdgeStarted,
    "shopwire.epoch_started.v1": EpochStarted,
}
TYPE_OF: dict[type[msgspec.Struct], str] = {struct: name for name, struct in FACT_TYPES.items()}
