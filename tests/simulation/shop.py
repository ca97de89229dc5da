"""One store in virtual time: the product's own journal, handlers, outbox and sender on a disk whose plug can be pulled."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from domain.errors import DomainError
from domain.ids import EdgeId, EventId, LaneId, SaleId, SkuId, StoreId, uuid7
from domain.sale import Sale
from edge_agent.db.journal import Journal
from edge_agent.db.relay_journal import SqliteRelayJournal
from edge_agent.db.writer import Writer
from edge_agent.errors import EdgeError
from edge_agent.handlers.commands import CheckOut, CloseDay, MoveStock, Reprint, ReturnLines, RingUp, VoidSale
from edge_agent.handlers.day import close_day
from edge_agent.handlers.give_back import return_lines, void_sale
from edge_agent.handlers.printing import reprint
from edge_agent.handlers.sell import check_out, ring_up
from edge_agent.handlers.state import edge_started
from edge_agent.handlers.stock import move_stock
from edge_agent.memory import SettableClock, SettableRoom
from edge_agent.ports import Clock, Place
from link.downfeed import ASK_AGAIN_S, DOWNLINK_POLL_S
from link.errors import LinkDown
from link.journal import Kept
from link.outbox import Outbox
from link.uplink import Uplink
from protocol import downlink
from protocol.codec import encode, encode_event
from protocol.errors import ProtocolError
from protocol.facts import Fact, SaleCompleted, StockChange, StockMoved
from protocol.messages import Ack, Batch, Down, DownlinkPosition
from protocol.sender import Acknowledged, Effect, Incident, Rewound, Send, StartEpoch, State
from tests.simulation.power import SKUS, Disk, PowerCut, open_disk, taken_back
from tests.simulation.truth import ShopTruth

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
LANE = LaneId("till-1")
BEGAN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NEWER_TYPE = "shopwire.gift_card_sold.v1"


class InlineWriter:
    """The writer thread of a world that has only one thread."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` here and now."""
        return work()

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` here and now."""
        return work()


class Overheard:
    """``ports.Facts`` that also tells the oracle what a transaction states."""

    def __init__(self, facts: Any, heard: list[Fact]) -> None:
        self._facts, self._heard = facts, heard

    def epoch(self) -> int:
        """Pass on."""
        return int(self._facts.epoch())

    def add(self, fact: Fact, clock: Clock) -> int:
        """Pass on and remember."""
        self._heard.append(fact)
        return int(self._facts.add(fact, clock))


class WatchedJournal(SqliteRelayJournal):
    """The product's half of the disk for the link, whose acknowledgements are watched."""

    def __init__(self, shop: "Shop", *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._shop = shop

    def keep(self, effects: Sequence[Kept]) -> None:
        """Keep, then look at what was kept."""
        super().keep(effects)
        self._shop.watch(effects)


class Shop:
    """An edge that is switched on and off."""

    def __init__(self, world: "World", number: int) -> None:
        self.world, self.rng = world, world.rng
        self.edge, self.store = EdgeId(f"S{number}"), StoreId(str(number))
        self.place = Place(self.edge, self.store, "CNY", "Asia/Shanghai")
        self.clock = SettableClock(BEGAN)
        self.truth = ShopTruth()
        self.incidents: list[Incident] = []
        self.epochs_started = 0
        self._stated: list[Fact] = []
        self.disk = self._plugged(open_disk())
        outbox = Outbox(self.disk)
        outbox.initialise(self.edge)
        outbox.move_downlink(1, 0)  # enrolled, and it has the first catalogue
        self.disk.remembers = world.faults.lying
        self._acked = (0, 0)
        self._boots = 0
        self._alarm_s = float("inf")
        self.on = False
        self.start()
        world.later(self.rng.uniform(0, DOWNLINK_POLL_S), self._ask)

    # -- power

    def start(self) -> None:
        """Boot from disk, as the product does; the plug may be pulled while it boots."""
        self._boots += 1
        self.on = True
        self.during(self._boot)

    def _boot(self) -> None:
        self.journal = Journal(self.disk, ":memory:", cast(Writer, InlineWriter()))
        boot = self.journal.boot(self.place, SettableRoom(), self.clock, prints=True)
        self.journal.uow.facts = Overheard(self.journal.uow.facts, self._stated)
        self.relay = WatchedJournal(
            self,
            self.journal,
            self.clock,
            boot_id=f"{self.edge}-{self._boots}",
            software="simulation",
            fetch=lambda ref: self.world.headquarters.fetch(self.edge, ref),
            in_thread=_here,
            free_bytes=lambda: -1,
            epoch_started=lambda epoch: None,
        )
        self.uplink = Uplink(self.relay, lambda: self.world.now_s)
        self.sender = self.uplink.sender
        at = self.journal.outbox.position()  # a power cut may have come between keeping an effect and watching it
        self._acked = (at.epoch, at.acked)
        edge_started(boot.boot_id, "simulation", (), self.journal.uow, self.clock)
        if self.world.is_open(self.edge):
            self.connect()

    def power_off(self) -> None:
        """Pull the plug; a lying disk takes confirmed commits back."""
        self.on = False
        self._stated.clear()
        self.disk.power_off()
        if self.world.faults.lying and self.rng.random() < 0.5:
            disk, back = taken_back(self.disk, self.rng.randint(1, 5))
            self.disk = self._plugged(disk)
            self.truth.commits_taken_back += back
        self.world.later(self.rng.uniform(0.2, 8.0), self._start_again)

    def _plugged(self, disk: Disk) -> Disk:
        disk.before_commit, disk.after_commit = self._before_commit, self._after_commit
        disk.kept, disk.undone = self._kept, self._stated.clear
        return disk

    def _start_again(self) -> None:
        if not self.on:
            self.start()

    def during(self, work: Callable[[], object]) -> None:
        """Do something that ends where the plug is pulled."""
        if not self.on:
            return
        try:
            work()
        except PowerCut:
            self.power_off()

    def _before_commit(self) -> None:
        if self.rng.random() < self.world.faults.cut_at_commit / 2:
            raise PowerCut

    def _after_commit(self) -> None:
        if self.rng.random() < self.world.faults.cut_at_commit / 2:
            raise PowerCut

    def _kept(self) -> None:
        self.truth.committed(self._stated)
        self._stated.clear()

    # -- selling

    def act(self) -> None:
        """Do one thing that shops do."""
        self.clock.pass_time(self.rng.uniform(0.1, 2.0))
        if self.rng.random() < self.world.faults.clock_jumps:
            self.clock.jump(BEGAN + timedelta(days=self.rng.choice((-365, -1, 1, 365))))
        chance = self.rng.random()
        for limit, deed in (
            (0.60, self.sell),
            (0.72, self.receive),
            (0.80, self.void),
            (0.87, self.take_back),
            (0.92, self.print_again),
            (0.94, self.close_day),
            (1.00, self.odd_fact),
        ):
            if chance < limit:
                self.during(deed)
                break
        self.during(self.poll)

    def sell(self) -> None:
        """Ring up a few things and take the money; an open basket of before the power cut goes on."""
        uow = self.journal.uow
        for _ in range(self.rng.randint(1, 2)):
            quantity = self.rng.choice((1000, 2000, 500))
            ring_up(RingUp(LANE, sku=self.rng.choice(SKUS), quantity_milli=quantity), uow, self.clock)
        check_out(CheckOut(LANE, self.new_id(), exact="cash"), uow, self.clock)

    def receive(self) -> None:
        """Take a delivery in."""
        change = StockChange(SkuId(self.rng.choice(SKUS)), self.rng.randint(1, 9) * 1000)
        move_stock(MoveStock("received", (change,)), self.journal.uow, self.clock)

    def void(self) -> None:
        """Take a whole sale back."""
        if sale := self._some_sale():
            self._refusable(lambda: void_sale(VoidSale(sale.sale_id, "again"), self.journal.uow, self.clock))

    def take_back(self) -> None:
        """Take one line of a sale back."""
        sale = self._some_sale()
        if sale and sale.kind == "sale":
            wanted = {sale.lines[0].no: 500}
            command = ReturnLines(LANE, sale.sale_id, self.new_id(), wanted)
            self._refusable(lambda: return_lines(command, self.journal.uow, self.clock))

    def print_again(self) -> None:
        """Print a receipt again; it keeps its number."""
        if sale := self._some_sale():
            reprint(Reprint(sale.sale_id), self.journal.uow)

    def close_day(self) -> None:
        """Close the day, unless it is."""
        self._refusable(lambda: close_day(CloseDay(LANE), self.journal.uow, self.clock))

    def odd_fact(self) -> None:
        """Write a fact that headquarters cannot apply, as a fault of ours or a newer edge would."""
        if self.world.faults.newer_facts and not self.truth.newer and self.rng.random() < 0.5:
            self._inject(self._newer_fact())
            self.truth.newer += 1
        elif self.rng.random() < self.world.faults.poison * 5:
            raw, minor = self._poison()
            self._inject(raw)
            self.truth.poison += 1
            self.truth.poison_minor += minor

    def new_id(self) -> SaleId:
        """Return a sale id from the seed."""
        return SaleId(uuid7(int(self.clock.now().timestamp() * 1000), self.rng.randbytes(10)))

    def _some_sale(self) -> Sale | None:
        sales = [self.truth.sales[key] for key in sorted(self.truth.sales)]
        return self.journal.uow.sales.get(self.rng.choice(sales).sale_id) if sales else None

    def _refusable(self, work: Callable[[], object]) -> None:
        with suppress(DomainError, EdgeError):
            work()

    def _poison(self) -> tuple[Callable[[EventId], bytes], int]:
        """Return bytes that cannot be applied, and the money that they claim."""
        kind = self.rng.randrange(3)
        sale = next(iter(self.truth.sales.values()), None)
        if kind == 0 and sale is not None:
            wrong = msgspec.structs.replace(
                sale,
                sale_id=self.new_id(),
                receipt_no=10**6 + self.truth.poison,
                kind="sale",
                original_sale_id=None,
                total_minor=sale.total_minor + 1,
            )
            return self._bytes_of(SaleCompleted(wrong)), wrong.due_minor
        strange = StockMoved(self.store, "received", (StockChange(SkuId("NOBODY-KNOWS"), 1000),))
        if kind == 1:
            return self._bytes_of(strange), 0
        return lambda event_id: self._bytes_of(strange)(event_id).replace(b'"received"', b'"vanished"'), 0

    def _newer_fact(self) -> Callable[[EventId], bytes]:
        known = self._bytes_of(StockMoved(self.store, "received", ()))
        return lambda event_id: known(event_id).replace(b"shopwire.stock_moved.v1", NEWER_TYPE.encode())

    def _bytes_of(self, fact: Fact) -> Callable[[EventId], bytes]:
        return lambda event_id: encode_event(
            fact,
            event_id=event_id,
            source=self.edge,
            time=self.clock.now().isoformat(),
            bootid="odd",
            monotonicms=0,
            clock="guess",
        )

    def _inject(self, raw: Callable[[EventId], bytes]) -> None:
        event_id = EventId(self.new_id())
        before = self.disk.kept
        self.disk.before_commit = self.disk.after_commit = None  # counted once, so it must not be half done
        self.disk.kept = None
        with self.journal.transaction("writing an odd fact"):
            self.journal.outbox.append(raw(event_id), event_id)
            self.journal.uow.forget()  # the stream moved behind the handlers' back
        self.disk.kept, self.disk.before_commit, self.disk.after_commit = (
            before,
            self._before_commit,
            self._after_commit,
        )

    # -- the link

    def connect(self) -> None:
        """The road is open."""
        self.tell(self.uplink.greet())

    def lost_connection(self) -> None:
        """The road is closed, and the edge has noticed."""
        if self.on:
            self.uplink.disconnected()

    def reconnect(self) -> None:
        """The road is open again."""
        if self.on and self.sender.state is State.OFFLINE:
            self.during(self.connect)

    def hear(self, message: Ack | Down) -> None:
        """A message of headquarters arrived."""
        if not self.on or self.sender.state is State.OFFLINE:
            return
        if isinstance(message, Down):
            self.during(lambda: self._follow(message))
        else:
            self.uplink.acks.append(message)
            self.during(self.poll)

    def _follow(self, down: Down) -> None:
        """Do with headquarters' log what the relay does, in one thread."""
        step = downlink.decide(self.relay.downlink(), down)
        if isinstance(step, downlink.Apply):
            self.relay.apply(step)
        elif isinstance(step, downlink.TakeSnapshot):
            try:
                _finish(self.relay.take_snapshot(step))
            except (LinkDown, ProtocolError):
                self.world.later(ASK_AGAIN_S, self._ask_once)
                return
        elif isinstance(step, downlink.UpToDate):
            return
        self.sender.downlink = self.relay.downlink()
        self.world.later(0.01 if isinstance(step, downlink.Apply) else ASK_AGAIN_S, self._ask_once)

    def poll(self) -> None:
        """Let the uplink do what is due."""
        self.tell(self.uplink.step())

    def tell(self, effects: list[Effect]) -> None:
        """Send and report what the uplink wants sent and reported; what belongs on disk is there already."""
        for effect in effects:
            if isinstance(effect, Incident):
                self.incidents.append(effect)
            elif isinstance(effect, Send):
                self._send(effect)
        self._set_alarm()

    def _send(self, effect: Send) -> None:
        message = effect.message
        if isinstance(message, Batch) and message.events:
            self._watch_credit()
        self.world.to_headquarters(self.edge, encode(message))

    def _watch_credit(self) -> None:
        in_flight = sum(flight.size for flight in self.sender._pace.flights)
        alone = len(self.sender._pace.flights) <= 1
        credit = self.sender.progress.credit
        if credit == 0 or (in_flight > credit and not alone):
            self.world.violated(f"credit {credit} of {self.edge} exceeded: {in_flight} bytes on their way")

    def watch(self, kept: Sequence[Kept]) -> None:
        """I10: what is acknowledged grows, unless headquarters was restored or the epoch is new."""
        epoch = self.journal.outbox.position().epoch
        for effect in kept:
            match effect:
                case Acknowledged(up_to, safe, _):
                    if (epoch, up_to) < self._acked:
                        self.world.violated(f"I10 ack of {self.edge} fell from {self._acked} to {(epoch, up_to)}")
                    if safe > up_to:
                        self.world.violated(f"I10 safe {safe} of {self.edge} is beyond acked {up_to}")
                    self._acked = (epoch, up_to)
                case Rewound(to, _):
                    if not self.world.headquarters.restores:
                        self.world.violated(
                            f"I10 {self.edge} stepped back to {to} although headquarters was never restored"
                        )
                    self._acked = (epoch, to)
                case StartEpoch(started, _):
                    self._acked = (started, 0)
                    self.epochs_started += 1

    def _ask(self) -> None:
        """Tell headquarters now and then how far its log is applied, as the relay does; its ack shows whether it was restored."""
        self._ask_once()
        self.world.later(DOWNLINK_POLL_S, self._ask)

    def _ask_once(self) -> None:
        if self.on:
            self.during(lambda: self.tell(self.sender.ask_downlink()))

    def release(self) -> None:
        """Let go of every fact that may go; retention is over at once, so that only ``safe`` protects."""
        self.during(lambda: self.journal.release(int(self.clock.now().timestamp() * 1000) + 1, 0))

    def _set_alarm(self) -> None:
        at_s = self.uplink.due_s(self.world.now_s)
        if at_s is not None and at_s < self._alarm_s:
            self._alarm_s = at_s
            self.world.later(max(at_s - self.world.now_s, 0.0), self._ring)

    def _ring(self) -> None:
        self._alarm_s = float("inf")
        if self.on:
            self.during(self.poll)

    @property
    def is_drained(self) -> bool:
        """Whether headquarters has everything, and the edge knows it."""
        if not self.on or self.sender.state is not State.STREAMING:
            return False
        at = self.journal.outbox.position()
        return at.acked == at.top

    @property
    def downlink(self) -> DownlinkPosition:
        """How far headquarters' log is applied."""
        return self.relay.downlink()


async def _here(work: Callable[[], T]) -> T:
    """Run blocking work without a thread."""
    return work()


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never really waits."""
    with suppress(StopIteration):
        work.send(None)
        raise AssertionError("it waited for something")
