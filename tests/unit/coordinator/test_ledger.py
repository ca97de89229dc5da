"""Every event's postings add up to zero, whatever was sold, paid and given back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.handlers.ledger import legs, postings_of, suspense_of
from domain.sale import Tender
from tests.contract.coordinator.chain import Edge

money = st.integers(0, 10**9)


@given(
    st.sampled_from([1, -1]),
    st.lists(st.tuples(st.sampled_from(["cash", "qr"]), money), max_size=5),
    money,
    st.integers(-(10**6), 10**6),
)
def test_legs_balance_whenever_tenders_cover_due_and_change(
    sign: int, paid: list[tuple[str, int]], total: int, due: int
) -> None:
    change = sum(minor for _, minor in paid) - due
    booked = legs(sign, paid, total, due, change)
    assert sum(leg.amount_minor for leg in booked) == 0
    assert all(leg.amount_minor for leg in booked)


def test_a_sale_with_coupon_and_change_is_booked_leg_by_leg() -> None:
    edge = Edge("S1", "1")
    sale = edge.sale(2, tenders=(Tender("qr", 800), Tender("cash", 100)), change_minor=30).sale
    assert [tuple(leg) for leg in postings_of(sale)] == [
        ("tender:qr", 800),
        ("tender:cash", 100),
        ("tender:cash", -30),
        ("coupon_receivable", 30),
        ("revenue", -900),
    ]


@pytest.mark.parametrize("value", [5, -5])
def test_suspense_is_booked_against_money_nobody_verified(value: int) -> None:
    assert [tuple(leg) for leg in suspense_of(value)] == [("unverified", value), ("suspense", -value)]
    assert sum(leg.amount_minor for leg in suspense_of(value)) == 0


def test_an_event_without_money_posts_nothing() -> None:
    nothing: list[Any] = suspense_of(0)
    assert nothing == []
