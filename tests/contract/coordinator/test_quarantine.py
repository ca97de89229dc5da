"""The ways out of quarantine: what can be applied by now is, what never can is written off, and the books hold after each."""

import json
from typing import Any

import msgspec
import pytest

from coordinator.db.doctor import examine
from coordinator.db.views import SqlViews
from coordinator.errors import Conflict, InvalidRequest, NotFound
from coordinator.handlers.ingest import Arrival
from coordinator.handlers.quarantine import retry, settle
from tests.contract.coordinator.chain import Chain, item, line, moved, new_id, voided


def broken(chain: Chain) -> list[str]:
    return [finding.id for finding in examine(chain.database) if not finding.holds]


def again(chain: Chain, event_id: str) -> None:
    retry(event_id, chain.uow(), chain.clock, actor="ann")


def close(chain: Chain, event_id: str, reason: str = "the total is wrong, the store's paper says so") -> int:
    return settle(event_id, reason, chain.uow(), chain.clock, actor="ann")


def waiting(chain: Chain) -> list[str]:
    return [row["event_id"] for row in SqlViews(chain.database).quarantine("", 100, open_only=True)]


def learn(chain: Chain, sku: str) -> None:
    with chain.uow() as uow:
        uow.catalogue.put_items([item(sku)])
        uow.commit()


def balances(chain: Chain) -> dict[str, int]:
    found = SqlViews(chain.database).balances()
    return {row["account"]: int(row["amount_minor"]) for row in found if row["amount_minor"]}


def state(chain: Chain) -> list[Any]:
    tables = ("sale", "posting", "stock", "incident", "audit", "quarantine")
    return [sorted(map(str, chain.rows(f"SELECT * FROM {table}"))) for table in tables]  # noqa: S608 - our own names


def stranger(chain: Chain) -> str:
    """Sell, sell an item that nobody knows, sell on; return the event that is parked."""
    edge = chain.edges["S1"]
    sales = (edge.sale(), edge.sale(1, lines=(line(1, "NEW-1"),)), edge.sale())
    taken = chain.send("S1", *sales)
    assert (taken.sales, taken.quarantined) == (2, 1)
    [event_id] = waiting(chain)
    return event_id


def test_a_sale_of_an_item_that_came_too_late_is_booked_after_its_import(chain: Chain) -> None:
    event_id = stranger(chain)
    assert balances(chain)["suspense"] == -420
    learn(chain, "NEW-1")
    again(chain, event_id)
    assert waiting(chain) == []
    assert chain.one("SELECT count(*) FROM sale") == 3
    assert chain.one("SELECT on_hand_milli FROM stock WHERE sku = 'NEW-1'") == -2000
    assert balances(chain)["revenue"] == -chain.one("SELECT sum(total_minor) FROM sale")
    assert not {"suspense", "unverified"} & set(balances(chain))
    assert chain.rows("SELECT resolution, resolved_by FROM quarantine") == [("booked", "ann")]
    assert chain.rows("SELECT actor, action, object FROM audit") == [("ann", "quarantine_retried", event_id)]
    assert chain.one("SELECT count(*) FROM incident WHERE closed_at IS NULL") == 0
    assert broken(chain) == []


def test_what_still_cannot_be_applied_says_why_and_changes_nothing(chain: Chain) -> None:
    event_id = stranger(chain)
    before = state(chain)
    with pytest.raises(Conflict, match="NEW-1"):
        again(chain, event_id)
    assert state(chain) == before
    assert waiting(chain) == [event_id]
    assert broken(chain) == []


def test_a_second_retry_is_refused_and_books_nothing(chain: Chain) -> None:
    event_id = stranger(chain)
    learn(chain, "NEW-1")
    again(chain, event_id)
    before = state(chain)
    for way_out in (again, close):
        with pytest.raises(Conflict, match=r"resolved at .* by ann: booked"):
            way_out(chain, event_id)
    assert state(chain) == before


def test_a_retried_event_that_comes_again_under_a_new_epoch_is_known(chain: Chain) -> None:
    event_id, edge = stranger(chain), chain.edges["S1"]
    learn(chain, "NEW-1")
    again(chain, event_id)
    edge.new_epoch(2)
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 3)))[0]
    assert (taken.sales, taken.quarantined, taken.duplicates) == (0, 0, 3)
    assert broken(chain) == []


def test_a_void_waits_for_its_sale_and_follows_it(chain: Chain) -> None:
    edge = chain.edges["S1"]
    sale = edge.sale(1, lines=(line(1, "NEW-1"),))
    chain.send("S1", sale, voided(sale.sale.sale_id), moved("1", "received", ("NEW-1", 5000)))
    assert len(waiting(chain)) == 3
    ids = dict(chain.rows("SELECT seq, event_id FROM quarantine"))
    learn(chain, "NEW-1")
    with pytest.raises(Conflict, match="not booked here"):
        again(chain, ids[2])
    for seq in (1, 2, 3):
        again(chain, ids[seq])
    assert chain.one("SELECT on_hand_milli FROM stock WHERE sku = 'NEW-1'") == 5000
    assert balances(chain) == {}
    assert broken(chain) == []


def test_a_wrong_total_is_written_off_by_a_person_with_a_reason(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale(), edge.sale(total_minor=1), edge.sale())
    [event_id] = waiting(chain)
    with pytest.raises(Conflict, match="cannot be applied"):
        again(chain, event_id)
    with pytest.raises(InvalidRequest):
        close(chain, event_id, "")
    assert close(chain, event_id) == 870
    assert waiting(chain) == []
    found = balances(chain)
    assert (found["unverified"], found["written_off"], "suspense" in found) == (870, -870, False)
    assert "paper" in chain.one("SELECT resolution FROM quarantine")
    assert chain.one("SELECT action FROM audit") == "quarantine_settled"
    assert broken(chain) == [], "the receipt number stays used, so no gap"
    with pytest.raises(Conflict, match="written off"):
        close(chain, event_id)


def test_bytes_without_a_meaning_and_ids_used_twice_can_only_be_settled(chain: Chain) -> None:
    edge, twice = chain.edges["S1"], new_id()
    odd = json.loads(edge.encode(edge.sale()))
    odd["data"]["sale"]["lines"] = "none"
    for raw in (b"{", msgspec.json.encode(odd)):
        edge.add(raw)
    for milli in (5, 7):
        edge.add(edge.encode(moved("1", "received", ("TEA-1", milli)), twice))
    chain.take(Arrival("S1", 0, edge.batch(1, 4)))
    assert len(waiting(chain)) == 3
    for event_id in waiting(chain):
        with pytest.raises(Conflict, match=r"cannot be applied|came first"):
            again(chain, event_id)
        close(chain, event_id)
        assert broken(chain) == []
    assert chain.one("SELECT on_hand_milli FROM stock") == 5


def test_the_incident_stays_open_while_another_event_of_the_edge_waits(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale(total_minor=1), edge.sale(total_minor=2))
    first, second = waiting(chain)
    close(chain, first)
    assert chain.one("SELECT count(*) FROM incident WHERE closed_at IS NULL") == 2
    close(chain, second)
    assert chain.one("SELECT count(*) FROM incident WHERE closed_at IS NULL") == 0


def test_an_event_that_is_not_parked_is_not_found(chain: Chain) -> None:
    for way_out in (again, close):
        for name in ("nobody", "nobody\0", "nobody" * 20):
            with pytest.raises(NotFound, match="nobody"):
                way_out(chain, name)


def test_who_resolves_has_a_name_that_the_books_can_hold(chain: Chain) -> None:
    event_id = stranger(chain)
    for name in ("", "x" * 81, "a\0b"):
        with pytest.raises(InvalidRequest, match="name"):
            retry(event_id, chain.uow(), chain.clock, actor=name)
