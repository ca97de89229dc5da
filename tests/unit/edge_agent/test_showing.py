"""What a shopper sees of a lane, and what staff see of its devices from afar."""

import pytest

from devices.ports import Health
from devices.ports.display import Shown
from devices.ports.light import Colour, Signal
from domain.basket import Basket
from domain.ids import EdgeId, LaneId, SaleId, SkuId, StoreId
from domain.sale import Line, Sale, Tender
from edge_agent.handlers.facing import Facing
from edge_agent.showing import shown_of
from edge_agent.signalling import signal_of

LANE = LaneId("1")
TEA = Line(1, SkuId("tea"), 2500, 1000, 2500, 2500, 2500, name="乌龙茶", unit="kg")


def basket(state: str = "shopping", voided: tuple[int, ...] = ()) -> Basket:
    return Basket(LANE, "CNY", state=state, lines=(TEA,), voided=voided)  # type: ignore[arg-type]


def sale(change_minor: int) -> Sale:
    return Sale(
        sale_id=SaleId("01"),
        edge=EdgeId("E"),
        store=StoreId("1"),
        lane=LANE,
        epoch=1,
        receipt_no=1,
        business_date="2026-11-21",
        completed_at="2026-11-21T00:00:00Z",
        currency="CNY",
        lines=(TEA,),
        tenders=(Tender("cash", 2500 + change_minor),),
        total_minor=2500,
        due_minor=2500,
        change_minor=change_minor,
    )


NAMES = ("乌龙茶", "Oolong")
WELCOME = Shown("idle", "欢迎", ascii="Welcome")


def test_the_newest_line_in_the_stores_language() -> None:
    zh = shown_of(Facing(basket(), None, NAMES), "zh-CN", WELCOME, fresh=False)
    assert zh == Shown("item", "乌龙茶", 2500, 2, "￥", "2.5 kg", "Oolong")
    assert shown_of(Facing(basket(), None, NAMES), "en", WELCOME, fresh=False).text == "Oolong"
    assert shown_of(Facing(basket(), None, ("", "")), "en", WELCOME, fresh=False).text == "乌龙茶"


def test_the_total_once_it_is_asked_for() -> None:
    shown = shown_of(Facing(basket("tendering"), None, NAMES), "en", WELCOME, fresh=False)
    assert (shown.purpose, shown.text, shown.amount_minor) == ("total", "TOTAL", 2500)


@pytest.mark.parametrize(("change", "purpose", "amount"), [(500, "change", 500), (0, "paid", 2500)])
def test_what_comes_back_and_then_the_greeting(change: int, purpose: str, amount: int) -> None:
    for empty in (None, Basket(LANE, "CNY"), basket(voided=(1,))):
        shown = shown_of(Facing(empty, sale(change), ("", "")), "zh-CN", WELCOME, fresh=True)
        assert (shown.purpose, shown.amount_minor) == (purpose, amount)
        assert shown_of(Facing(empty, sale(change), ("", "")), "zh-CN", WELCOME, fresh=False) == WELCOME


GREEN = Signal(frozenset({Colour.GREEN}))
YELLOW = Signal(frozenset({Colour.GREEN, Colour.YELLOW}))
RED = Signal(frozenset({Colour.RED}), frozenset({Colour.RED}))


@pytest.mark.parametrize(
    ("devices", "signal"),
    [
        ([], GREEN),
        ([("Scanner", Health.OK), ("POSPrinter", Health.OK)], GREEN),
        ([("POSPrinter", Health.DEGRADED)], YELLOW),
        ([("LineDisplay", Health.ABSENT)], YELLOW),
        ([("POSPrinter", Health.ABSENT)], RED),
        ([("Scanner", Health.ABSENT), ("Scanner", Health.OK)], YELLOW),
        ([("Scanner", Health.ABSENT), ("Scanner", Health.FAILED)], RED),
        ([("Lights", Health.ABSENT), ("Scanner", Health.OPENING)], GREEN),
    ],
)
def test_the_light_says_who_is_needed(devices: list[tuple[str, Health]], signal: Signal) -> None:
    assert signal_of(devices) == signal
