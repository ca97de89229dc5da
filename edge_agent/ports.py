"""What the handlers need from the world, each as small as its role."""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

import msgspec

from domain.basket import Basket
from domain.catalogue import Item
from domain.ids import EdgeId, LaneId, SaleId, StoreId
from domain.labels import DEFAULT_LAYOUTS, LabelLayout
from domain.money import Language
from domain.sale import Sale
from protocol.envelope import ClockQuality
from protocol.facts import Fact

PrintState = Literal["queued", "sending", "sent", "printed", "failed", "unknown"]


def sale_number(epoch: int, receipt_no: int) -> int:
    """Return the key of a sale: the order of its series within the order of epochs."""
    return epoch << 32 | receipt_no


class Place(msgspec.Struct, frozen=True):
    """Which store this is, as the identity and the settings say.

    ``layouts`` are the labels of its scales; an amount above ``max_label_minor`` on a label needs a person.
    """

    edge: EdgeId
    store: StoreId
    currency: str
    timezone: str
    day_starts_hour: int = 0
    lang: Language = "zh"
    layouts: tuple[LabelLayout, ...] = DEFAULT_LAYOUTS
    max_label_minor: int = 500_000


class Found(NamedTuple):
    """What the replica knows of a code: ``factor_milli`` is the barcode's conversion; the price may be missing."""

    item: Item
    factor_milli: int
    unit_price_minor: int | None


class PrintJob(NamedTuple):
    """One receipt to print once; ``copy`` 0 is the receipt, more are reprints."""

    sale_number: int
    copy: int
    state: PrintState
    reason: str


class Clock(Protocol):
    """When it is, and how sure that is."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic_ms(self) -> int:
        """Return milliseconds since boot, never backwards."""

    def quality(self) -> ClockQuality:
        """Return what the wall time is worth."""


class Room(Protocol):
    """The disk's room."""

    def require_room_for_a_sale(self) -> None:
        """Raise ``ReserveReached`` when no new sale may begin."""


class Catalogue(Protocol):
    """The replica of what headquarters sells here."""

    def by_code(self, code: str) -> Found | None:
        """Return the item behind a scanned code."""

    def by_sku(self, sku: str) -> Found | None:
        """Return the item itself."""

    def price_version(self) -> int:
        """Return the version of the price feed in use."""


class Baskets(Protocol):
    """The open sale of each lane."""

    def load(self, lane: LaneId) -> Basket | None:
        """Return the open basket as it is on disk."""

    def save(self, before: Basket | None, after: Basket) -> None:
        """Write what differs between ``before`` (as on disk) and ``after``."""

    def clear(self, lane: LaneId) -> None:
        """Forget the open basket: it was settled or given up."""


class Sales(Protocol):
    """Committed sales, by number ``epoch << 32 | receipt_no``."""

    def next_receipt_no(self, epoch: int) -> int:
        """Take the next number of the epoch's series."""

    def add(self, sale: Sale) -> int:
        """Keep a sale; returns its number."""

    def get(self, sale_id: str) -> Sale | None:
        """Return a sale by its id."""

    def by_receipt(self, epoch: int, receipt_no: int) -> Sale | None:
        """Return a sale by its receipt."""

    def by_source_ref(self, source_ref: str) -> Sale | None:
        """Return the sale that came with this reference."""

    def last(self, lane: LaneId) -> Sale | None:
        """Return the last sale of a lane."""

    def void(self, sale_id: SaleId, reason: str) -> bool:
        """Mark a sale as taken back; False when it was already."""

    def is_void(self, sale_id: str) -> bool:
        """Whether the sale was taken back."""

    def returns_of(self, sale_id: SaleId) -> list[Sale]:
        """Return the returns of a sale that still stand."""


class Stock(Protocol):
    """What is on the shelf: an append-only list of movements and its fold."""

    def move(self, source: str, changes: Mapping[str, int]) -> None:
        """Append a movement and fold it into the levels."""


class Days(Protocol):
    """Closed business days, by receipt range."""

    def is_closed(self, lane: LaneId, business_date: str) -> bool:
        """Whether this day of the lane was closed."""

    def open_sales(self, lane: LaneId) -> "DaySum | None":
        """Return what was sold on the lane since its last closing, None when nothing."""

    def close(self, lane: LaneId, business_date: str, last_number: int) -> None:
        """Remember the closing."""


class DaySum(NamedTuple):
    """Receipts ``first_number`` … ``last_number`` of one lane, how many and how much."""

    first_number: int
    last_number: int
    sales: int
    total_minor: int


class PrintJobs(Protocol):
    """Receipts on their way to paper."""

    def queue(self, sale_number: int) -> None:
        """Add the job of a receipt that was never printed."""

    def queue_copy(self, sale_number: int) -> PrintJob:
        """Add the job of the receipt's next copy."""

    def last_of(self, sale_number: int) -> PrintJob | None:
        """Return the latest job of a sale."""

    def next_queued(self) -> PrintJob | None:
        """Return the oldest job that waits."""

    def set_state(self, sale_number: int, copy: int, state: PrintState, reason: str = "") -> None:
        """Move a job on."""


class Requests(Protocol):
    """First answers, so that a repeat gets the same one."""

    def answer(self, request_id: str) -> tuple[str, bytes] | None:
        """Return ``(verb, answer)`` of a request that was carried out."""

    def remember(self, request_id: str, verb: str, answer: bytes) -> None:
        """Keep an answer."""


class Facts(Protocol):
    """The outbox as handlers see it."""

    def epoch(self) -> int:
        """Return the epoch in which facts are numbered."""

    def add(self, fact: Fact, clock: Clock) -> int:
        """Append a fact to the stream; returns its sequence number."""


class UnitOfWork(Protocol):
    """One transaction: ``with uow: … uow.commit()``; without the commit nothing happened."""

    place: Place
    room: Room
    prints: bool
    catalogue: Catalogue
    baskets: Baskets
    sales: Sales
    stock: Stock
    days: Days
    print_jobs: PrintJobs
    requests: Requests
    facts: Facts

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed."""

    def commit(self) -> None:
        """Make all of it durable.

        Raises:
            DiskFull: undone, try again after making room.
            StorageFailed: unknown until a new start.
        """
