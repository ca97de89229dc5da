"""A till against a small model of it: whatever is pressed in whatever order, the figures hold."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.basket import (
    STEPS,
    Basket,
    BasketEvent,
    advance,
    amounts,
    identify,
    open_lines,
    ring_up,
    settle,
    total,
    void_line,
)
from domain.catalogue import Barcode, Item, Price
from domain.errors import (
    EmptyBasket,
    ImpossibleSale,
    LineAlreadyVoided,
    ReturnTooLarge,
    TenderTooLarge,
    TenderTooSmall,
    UnknownLine,
    WrongStep,
)
from domain.ids import EdgeId, LaneId, MemberNo, SaleId, SkuId, StoreId
from domain.pricing import price_line
from domain.quantity import extend
from domain.returns import lines_left, return_of
from domain.sale import Discount, DiscountKind, Line, Sale, Tender, verify
from domain.stock import fold, movements_of

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ITEMS = [Item(SkuId(f"sku-{n}"), f"货{n}", f"Thing {n}", barcodes=(Barcode(f"B{n}", 1000 * n),)) for n in (1, 2, 12)]


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Draw a line as ``domain.pricing`` makes it."""
    item = draw(st.sampled_from(ITEMS))
    price = Price(item.sku, draw(st.integers(0, 100_000)))
    given_minor = draw(st.none() | st.integers(0, 100_000))
    quantity = draw(st.integers(1 if given_minor is None else 0, 100_000))
    gross = (
        extend(extend(price.unit_price_minor, item.barcodes[0].factor_milli), quantity)
        if given_minor is None
        else given_minor
    )
    left, own = min(gross, 10**9), []
    kinds: list[DiscountKind] = ["retail", "manual", "promotion"]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=3)):
        amount = draw(st.integers(0, left))
        left -= amount
        own.append(Discount(kind, amount))
    coupons = [
        Discount("coupon", amount, "manufacturer") for amount in draw(st.lists(st.integers(0, 120_000), max_size=2))
    ]
    return price_line(
        item, price, quantity, barcode=item.barcodes[0], gross_minor=given_minor, discounts=(*own, *coupons)
    )


def due_of(line: Line) -> int:
    """Return what the shopper pays for ``line``, said a second time."""
    return line.gross_minor - sum(discount.amount_minor for discount in line.discounts)


def settled(basket: Basket, tenders: list[Tender], no: int = 1) -> Sale:
    """Return ``basket`` as the sale with receipt ``no``."""
    return settle(
        basket,
        tenders,
        sale_id=SaleId(f"sale-{no}"),
        edge=EdgeId("S2"),
        store=StoreId("2"),
        epoch=1,
        receipt_no=no,
        business_date="2026-05-01",
        completed_at=NOON,
    )


class Till(RuleBasedStateMachine):
    """The product's basket beside a model: a state, the lines rung up, and which of them are voided."""

    @initialize()
    def open(self) -> None:
        self.basket = Basket(LaneId("1"), "CNY")
        self.state = "idle"
        self.rung: list[Line] = []
        self.voided: set[int] = set()
        self.drawer = 0
        self.taken = 0
        self.sales = 0

    def allowed(self, *states: str) -> bool:
        return self.state in states

    @rule(line=lines())
    def rings_up(self, line: Line) -> None:
        try:
            self.basket = ring_up(self.basket, line)
        except WrongStep:
            assert not self.allowed("idle", "shopping")
            return
        assert self.allowed("idle", "shopping")
        self.state = "shopping"
        self.rung.append(line)

    @rule(no=st.integers(-1, 6))
    def voids(self, no: int) -> None:
        try:
            self.basket = void_line(self.basket, no)
        except WrongStep:
            assert not self.allowed("shopping", "intervention")
        except UnknownLine:
            assert not 1 <= no <= len(self.rung)
        except LineAlreadyVoided:
            assert no in self.voided
        else:
            assert self.allowed("shopping", "intervention")
            assert no not in self.voided
            self.voided.add(no)

    @rule(member=st.sampled_from([None, MemberNo("H1")]))
    def identifies(self, member: MemberNo | None) -> None:
        try:
            self.basket = identify(self.basket, member)
        except WrongStep:
            assert not self.allowed("idle", "shopping")
        else:
            self.state = "shopping"
            assert self.basket.member == member

    @rule()
    def totals(self) -> None:
        try:
            self.basket = total(self.basket)
        except WrongStep:
            assert not self.allowed("shopping")
        except EmptyBasket:
            assert len(self.voided) == len(self.rung)
        else:
            self.state = "tendering"

    @rule(event=st.sampled_from(["back", "suspend", "resume", "intervene", "release"]))
    def steps_aside(self, event: BasketEvent) -> None:
        leads = {
            ("tendering", "back"): "shopping",
            ("shopping", "suspend"): "suspended",
            ("suspended", "resume"): "shopping",
            ("shopping", "intervene"): "intervention",
            ("tendering", "intervene"): "intervention",
            ("intervention", "release"): "shopping",
        }
        try:
            self.basket = advance(self.basket, event)
        except WrongStep:
            assert (self.state, event) not in leads
        else:
            self.state = leads[self.state, event]

    @rule(
        cash=st.integers(0, 10**7),
        qr=st.integers(0, 10**6),
        near=st.none() | st.sampled_from([(0, 0), (0, -1), (1, 0), (1, -1)]),
    )
    def pays(self, cash: int, qr: int, near: tuple[int, int] | None) -> None:
        due = sum(due_of(line) for no, line in enumerate(self.rung, 1) if no not in self.voided)
        if near is not None:  # all by QR but for a cent, the rest in cash but for a cent
            qr = max(due, 0) + near[0]
            cash = max(due - qr - near[1], 0) if near[0] == 0 else 0
        tenders = [tender for tender in (Tender("qr", qr, "ref"), Tender("cash", cash)) if tender.amount_minor]
        try:
            sale = settled(self.basket, tenders, self.sales + 1)
        except WrongStep:
            assert self.state != "tendering"
        except TenderTooSmall:
            assert cash + qr < due
        except TenderTooLarge:
            assert qr > max(due, 0)
        else:
            assert self.state == "tendering"
            verify(sale)
            assert cash + qr == due + sale.change_minor
            self.taken += sale.due_minor
            self.drawer += cash + qr - sale.change_minor
            self.sales += 1
            self.basket = Basket(LaneId("1"), "CNY")
            self.state, self.rung, self.voided = "idle", [], set()

    @precondition(lambda self: self.state != "idle")
    @rule()
    def survives_a_power_cut(self) -> None:
        self.basket = msgspec.json.decode(msgspec.json.encode(self.basket), type=Basket)

    @invariant()
    def figures_hold(self) -> None:
        kept = [line for no, line in enumerate(self.rung, 1) if no not in self.voided]
        assert self.basket.state == self.state
        assert [line.no for line in self.basket.lines] == list(range(1, len(self.rung) + 1))
        assert [line.gross_minor for line in open_lines(self.basket)] == [line.gross_minor for line in kept]
        assert amounts(open_lines(self.basket))[1] == sum(due_of(line) for line in kept)
        assert self.drawer == self.taken


Till.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestTill = Till.TestCase


@given(st.lists(lines(), min_size=1, max_size=6), st.data())
def test_returns_in_any_portions_give_back_all_and_no_more(rung: list[Line], data: st.DataObject) -> None:
    basket = Basket(LaneId("1"), "CNY")
    for line in rung:
        basket = ring_up(basket, line)
    basket = total(basket)
    due = amounts(basket.lines)[1]
    sale = settled(basket, [Tender("cash", due)] if due > 0 else [])
    done: list[Sale] = []
    while left := lines_left(sale, done):
        chosen = data.draw(st.lists(st.sampled_from(sorted(left)), min_size=1, unique=True))
        wanted = {no: data.draw(st.integers(min(1, left[no].quantity_milli), left[no].quantity_milli)) for no in chosen}
        if len(done) >= 4:  # a shopper tires
            wanted = {no: line.quantity_milli for no, line in left.items()}
        back = return_of(
            sale,
            wanted,
            sale_id=SaleId(f"return-{len(done)}"),
            edge=sale.edge,
            store=sale.store,
            lane=sale.lane,
            epoch=1,
            receipt_no=2 + len(done),
            business_date="2026-05-01",
            completed_at=NOON,
            returned=done,
        )
        verify(back)
        done.append(back)
    assert sum(back.total_minor for back in done) == sale.total_minor
    assert sum(back.due_minor for back in done) == sale.due_minor
    everything = [delta for one in (sale, *done) for delta in movements_of(one)]
    assert all(level.on_hand_milli == 0 for level in fold(everything).values())
    try:
        lines_left(sale, [*done, done[0]])
    except ReturnTooLarge:
        return
    raise AssertionError("a return counted twice")


NUMBERS = ("total_minor", "due_minor", "change_minor")
LINE_NUMBERS = ("no", "gross_minor", "net_minor")


@given(
    st.lists(lines(), min_size=1, max_size=4),
    st.sampled_from(NUMBERS + LINE_NUMBERS),
    st.integers(-5, 5).filter(bool),
    st.data(),
)
def test_no_figure_of_a_sale_can_be_off_by_a_cent(rung: list[Line], field: str, off: int, data: st.DataObject) -> None:
    basket = Basket(LaneId("1"), "CNY")
    for line in rung:
        basket = ring_up(basket, line)
    due = amounts(basket.lines)[1]
    sale = settled(total(basket), [Tender("cash", max(due, 0) + 1)])
    verify(sale)
    if field in NUMBERS:
        forged = msgspec.structs.replace(sale, **{field: getattr(sale, field) + off})
    else:
        at = data.draw(st.integers(0, len(sale.lines) - 1))
        line = msgspec.structs.replace(sale.lines[at], **{field: getattr(sale.lines[at], field) + off})
        forged = msgspec.structs.replace(sale, lines=(*sale.lines[:at], line, *sale.lines[at + 1 :]))
    try:
        verify(forged)
    except ImpossibleSale:
        return
    raise AssertionError(f"{field} off by {off} passed")


def test_the_model_knows_every_step() -> None:
    covered = {
        "ring_up",
        "void_line",
        "identify",
        "total",
        "back",
        "settle",
        "suspend",
        "resume",
        "intervene",
        "release",
    }
    assert {event for _, event in STEPS} - covered == {"close", "cancel"}
