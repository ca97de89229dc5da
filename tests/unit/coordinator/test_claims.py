"""What a poisonous event claims is read without trusting any of it."""

import json
from typing import Any

import msgspec
import pytest

from coordinator.handlers.claims import NOTHING, claim_of
from coordinator.rows import EdgeRow
from protocol.codec import decode_event
from tests.contract.coordinator.chain import Edge

ROW = EdgeRow("S1", "1", 0, "CNY")


def event(**changes: Any) -> Any:
    edge = Edge("S1", "1")
    raw = json.loads(edge.encode(edge.sale()))
    raw["data"]["sale"].update(changes)
    return decode_event(msgspec.json.encode(raw))


def test_the_money_lies_in_the_edges_own_store_and_currency() -> None:
    claim = claim_of(event(store="2", currency="USD"), ROW)
    assert (claim.value_minor, claim.currency, claim.store, claim.receipt_no) == (870, "CNY", "1", 1)
    assert claim_of(event(kind="return"), ROW).value_minor == -870


@pytest.mark.parametrize("due", [2**58, -(2**58), 1.5, "870", None, True, [1], {}])
def test_a_sum_that_no_till_takes_claims_nothing(due: Any) -> None:
    assert claim_of(event(due_minor=due), ROW).value_minor == 0


@pytest.mark.parametrize("number", [0, -1, 2**58, "1", None, 1.0])
def test_a_receipt_number_that_cannot_be_is_none(number: Any) -> None:
    assert claim_of(event(receipt_no=number), ROW).receipt_no is None


@pytest.mark.parametrize("day", ["2026-11-2", "2026-11-21T", 20261121, None, "a\u202ebcdefghi"])
def test_a_date_that_is_none_stays_empty(day: Any) -> None:
    assert claim_of(event(business_date=day), ROW).business_date == ""


def test_other_events_claim_nothing() -> None:
    assert claim_of(None, ROW) == NOTHING
    other = msgspec.structs.replace(event(), type="shopwire.stock_moved.v1")
    assert claim_of(other, ROW) == NOTHING
    for data in (b"[]", b"1", b'{"sale":1}', b"{}"):
        assert claim_of(msgspec.structs.replace(event(), data=msgspec.Raw(data)), ROW) == NOTHING
