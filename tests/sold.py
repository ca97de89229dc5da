"""A sale as a receipt is made of it: tea with a member's discount, plums by weight with a coupon, paid in cash."""

from domain.ids import EdgeId, LaneId, SaleId, SkuId, StoreId
from domain.sale import Discount, Line, Sale, Tender
from edge_agent.receipts import Style

STYLE = Style("沃茂超市", "Shopwire", "Asia/Shanghai")
SALE = Sale(
    sale_id=SaleId("01a1ffe1-36e6-7749-bb72-1f2df883b4f6"),
    edge=EdgeId("S1"),
    store=StoreId("1"),
    lane=LaneId("2"),
    epoch=3,
    receipt_no=17,
    business_date="2026-11-21",
    completed_at="2026-11-21T10:00:05+00:00",
    currency="CNY",
    lines=(
        Line(
            1,
            SkuId("TEA"),
            2000,
            6800,
            13_600,
            12_600,
            2000,
            name="龙井茶",
            unit="box",
            discounts=(Discount("promotion", 1000, name="会员日"),),
        ),
        Line(
            2,
            SkuId("PLUMS"),
            845,
            1290,
            1090,
            1090,
            845,
            name="李子",
            unit="kg",
            discounts=(Discount("coupon", 90, "manufacturer"),),
        ),
    ),
    tenders=(Tender("cash", 20_000),),
    total_minor=13_690,
    due_minor=13_600,
    change_minor=6_400,
)
