"""Facts in, once and in order, whatever arrives: one suite over SQLite and PostgreSQL."""

import json
from typing import Any

import msgspec
import pytest

from coordinator.db.doctor import examine
from coordinator.handlers.ingest import Arrival
from domain.ids import EdgeId
from domain.sale import Discount, Tender
from protocol.errors import UnsupportedVersion
from protocol.facts import DeviceStateChanged, EdgeStarted, SaleVoided
from tests.contract.coordinator.chain import Chain, closed, line, moved, new_id, voided


@pytest.fixture(autouse=True)
def _books_balance(chain: Chain) -> Any:
    """Whatever a test does to it: the invariants hold afterwards."""
    yield
    broken = {finding.id: finding.broken for finding in examine(chain.database) if not finding.holds}
    assert broken == {}


def test_a_sale_is_booked_with_lines_money_and_stock(chain: Chain) -> None:
    edge = chain.edges["S1"]
    taken = chain.send("S1", edge.sale(3))
    assert taken.ack is not None
    assert (taken.ack.next, taken.ack.epoch, taken.sales) == (2, 1, 1)
    assert taken.ack.head_hash == edge.hashes[1].hex()
    assert chain.rows("SELECT lines, total_minor, due_minor, change_minor FROM sale") == [(3, 1350, 1320, 30)]
    assert chain.rows("SELECT account, amount_minor FROM posting ORDER BY id") == [
        ("tender:cash", 1350),
        ("tender:cash", -30),
        ("coupon_receivable", 30),
        ("revenue", -1350),
    ]
    assert chain.rows("SELECT sku, on_hand_milli FROM stock ORDER BY sku") == [
        ("TEA-1", -2000),
        ("TEA-2", -2000),
        ("TEA-3", -2000),
    ]
    assert chain.one("SELECT count(*) FROM sale_discount") == 4


def test_the_same_batch_ten_times_counts_once(chain: Chain) -> None:
    batch = chain.edges["S1"].state(*(chain.edges["S1"].sale() for _ in range(3)))
    acks = [chain.take(Arrival("S1", 0, batch))[0] for _ in range(10)]
    assert [taken.sales for taken in acks] == [3] + [0] * 9
    assert [taken.outcome for taken in acks[1:]] == ["duplicate"] * 9
    assert {taken.ack.next for taken in acks if taken.ack} == {4}
    assert chain.one("SELECT count(*) FROM sale") == 3


def test_ten_copies_in_one_group_count_once(chain: Chain) -> None:
    batch = chain.edges["S1"].state(chain.edges["S1"].sale())
    taken = chain.take(*[Arrival("S1", 0, batch)] * 10)
    assert sum(each.sales for each in taken) == 1
    assert chain.one("SELECT count(*) FROM sale") == 1


def test_overlapping_batches_add_only_what_is_new(chain: Chain) -> None:
    edge = chain.edges["S1"]
    edge.state(*(edge.sale() for _ in range(5)))
    first, both = edge.batch(1, 3), edge.batch(2, 5)
    taken = chain.take(Arrival("S1", 0, first), Arrival("S1", 0, both))
    assert [(each.sales, each.duplicates) for each in taken] == [(3, 0), (2, 2)]


def test_a_gap_is_not_applied_and_the_ack_says_where_to_go_on(chain: Chain) -> None:
    edge = chain.edges["S1"]
    edge.state(*(edge.sale() for _ in range(4)))
    early = chain.take(Arrival("S1", 0, edge.batch(3, 4)))[0]
    assert (early.outcome, early.ack and early.ack.next) == ("gap", 1)
    assert chain.one("SELECT count(*) FROM sale") == 0
    chain.take(Arrival("S1", 0, edge.batch(1, 2)), Arrival("S1", 0, edge.batch(3, 4)))
    assert chain.one("SELECT count(*) FROM sale") == 4


def test_edges_share_a_transaction_and_do_not_mix(chain: Chain) -> None:
    one, two = chain.edges["S1"], chain.edges["S2"]
    taken = chain.take(Arrival("S1", 0, one.state(one.sale())), Arrival("S2", 0, two.state(two.sale(), two.sale())))
    assert [each.sales for each in taken] == [1, 2]
    assert chain.rows("SELECT store, count(*) FROM sale GROUP BY store ORDER BY store") == [("1", 1), ("2", 2)]


def test_another_history_is_a_fork_and_an_incident_and_the_new_epoch_resends_without_effect(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale(), edge.sale())
    kept = edge.raws[:1]
    edge.raws, edge.hashes, edge.receipt = kept, edge.hashes[:2], 1
    fork = chain.send("S1", edge.sale())
    assert fork.outcome == "fork"
    assert fork.ack is not None
    assert fork.ack.fork
    assert fork.ack.next == 3
    assert chain.rows("SELECT kind FROM incident") == [("fork",)]
    edge.new_epoch(2)
    again = chain.take(Arrival("S1", 0, edge.batch(1, 2)))[0]
    assert (again.applied, again.duplicates) == (0, 1)
    assert again.quarantined == 1  # its receipt number 2 of epoch 1 is taken by the sale that the edge forgot
    assert again.ack is not None
    assert (again.ack.epoch, again.ack.next) == (2, 3)


def test_a_greeting_of_an_edge_that_lost_its_end_is_told_of_the_fork(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale(), edge.sale())
    told = chain.take(Arrival("S1", 0, edge.hello(top=1, head=edge.hashes[1].hex())))[0]
    assert told.outcome == "fork"
    assert told.ack is not None
    assert (told.ack.hello, told.ack.boot) == (1, "boot")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total_minor": 901}, "total_minor"),
        ({"due_minor": 1}, "due_minor"),
        ({"currency": "USD"}, "is in 'USD'"),
        ({"store": "2"}, "store '2'"),
        ({"edge": "S2"}, "edge 'S2'"),
        ({"lines": ()}, "number of lines"),
        (
            {"lines": (line(1, "NOBODY"),), "total_minor": 450, "due_minor": 420, "tenders": (Tender("cash", 450),)},
            "SKU 'NOBODY'",
        ),
        ({"lines": (line(1, quantity_milli=-2000),)}, "quantity_milli"),
        ({"business_date": "2026-13-01"}, "business_date"),
        ({"tenders": (Tender("cash", 1),)}, "tenders"),
    ],
)
def test_an_impossible_sale_lies_in_quarantine_with_its_money_and_the_stream_goes_on(
    chain: Chain, change: dict[str, Any], reason: str
) -> None:
    edge = chain.edges["S1"]
    poison = edge.sale(**change)
    taken = chain.send("S1", poison, edge.sale())
    assert (taken.quarantined, taken.sales) == (1, 1)
    assert taken.ack is not None
    assert taken.ack.next == 3
    [(kept, value, raw)] = chain.rows("SELECT reason, value_minor, raw FROM quarantine")
    assert reason in kept
    assert value == poison.sale.due_minor
    assert bytes(raw) == edge.raws[0]
    assert chain.one("SELECT sum(amount_minor) FROM posting WHERE account = 'suspense'") == -value
    assert chain.rows("SELECT kind FROM incident") == [("quarantined",)]


def test_a_sale_id_used_twice_is_poison(chain: Chain) -> None:
    edge = chain.edges["S1"]
    first = edge.sale()
    chain.send("S1", first)
    taken = chain.send("S1", edge.sale(sale_id=first.sale.sale_id), edge.sale())
    assert (taken.quarantined, taken.sales) == (1, 1)
    assert "used twice" in chain.one("SELECT reason FROM quarantine")


def test_a_receipt_number_used_twice_is_poison_in_one_group_and_over_two(chain: Chain) -> None:
    edge = chain.edges["S1"]
    taken = chain.send("S1", edge.sale(), edge.sale(receipt_no=1))
    assert (taken.sales, taken.quarantined) == (1, 1)
    edge.receipt = 1
    later = chain.send("S1", edge.sale(receipt_no=1), edge.sale(receipt_no=2))
    assert (later.sales, later.quarantined) == (1, 1)


def test_another_edge_cannot_use_a_sale_id_that_is_taken(chain: Chain) -> None:
    one, two = chain.edges["S1"], chain.edges["S2"]
    sale = one.sale()
    stolen = two.sale(sale_id=sale.sale.sale_id)
    taken = chain.take(Arrival("S1", 0, one.state(sale)), Arrival("S2", 0, two.state(stolen)))
    assert [(each.sales, each.quarantined) for each in taken] == [(1, 0), (0, 1)]


@pytest.mark.parametrize("together", [True, False])
def test_an_event_id_used_again_for_other_content_is_poison_and_the_first_content_stands(
    chain: Chain, together: bool
) -> None:
    edge = chain.edges["S1"]
    event_id = new_id()
    for milli in (5, 7):
        edge.add(edge.encode(moved(edge.store, "received", ("TEA-1", milli)), event_id))
    batches = [edge.batch(1, 2)] if together else [edge.batch(1, 1), edge.batch(2, 2)]
    taken = [chain.take(Arrival("S1", 0, batch))[0] for batch in batches]
    assert (sum(each.applied for each in taken), sum(each.quarantined for each in taken)) == (1, 1)
    assert event_id in chain.one("SELECT reason FROM quarantine")
    assert chain.one("SELECT on_hand_milli FROM stock") == 5
    edge.new_epoch(2)
    again = chain.take(Arrival("S1", 0, edge.batch(1, 2)))[0]
    assert (again.applied, again.quarantined, again.duplicates) == (0, 0, 2)


def test_a_void_takes_back_money_and_goods_once(chain: Chain) -> None:
    edge = chain.edges["S1"]
    first, second = edge.sale(), edge.sale()
    chain.send("S1", first)
    gone = voided(first.sale.sale_id)
    taken = chain.send("S1", gone, second, voided(second.sale.sale_id), gone)
    assert (taken.applied, taken.quarantined) == (3, 1)
    assert (
        chain.rows("SELECT account, sum(amount_minor) FROM posting GROUP BY account HAVING sum(amount_minor) <> 0")
        == []
    )
    assert chain.one("SELECT sum(on_hand_milli) FROM stock") == 0
    assert chain.one("SELECT count(*) FROM sale WHERE voided_at IS NOT NULL") == 2


def test_only_its_own_edge_may_void_a_sale_and_only_one_that_exists(chain: Chain) -> None:
    sale = chain.edges["S1"].sale()
    chain.send("S1", sale)
    foreign = chain.send("S2", voided(sale.sale.sale_id), voided("nobody"))
    assert foreign.quarantined == 2
    assert chain.one("SELECT count(*) FROM sale WHERE voided_at IS NULL") == 1


@pytest.mark.parametrize("date", ["2026-11-21" * 30, "", "2026-11\n21"])
def test_a_void_whose_date_fits_no_column_is_poison_and_stops_nobody(chain: Chain, date: str) -> None:
    sale = chain.edges["S1"].sale()
    chain.send("S1", sale)
    assert chain.send("S1", SaleVoided(sale.sale.sale_id, "mistake", date)).quarantined == 1
    assert chain.one("SELECT count(*) FROM sale WHERE voided_at IS NULL") == 1


def test_a_start_with_endless_incidents_fills_nobodys_desk(chain: Chain) -> None:
    assert chain.send("S1", EdgeStarted(EdgeId("S1"), "b1", "0.1.0", ("",) * 30_000)).applied == 1
    assert chain.one("SELECT count(*) FROM incident") == 16


def test_a_return_turns_money_and_goods_and_one_above_the_sale_is_an_incident(chain: Chain) -> None:
    edge = chain.edges["S1"]
    sold = edge.sale(1)
    back = {
        "kind": "return",
        "original_sale_id": sold.sale.sale_id,
        "lines": (line(1, discounts=(Discount("retail", 50),)),),
        "tenders": (Tender("cash", 450),),
        "due_minor": 450,
        "change_minor": 0,
    }
    chain.send("S1", sold, edge.sale(1, **back))
    assert chain.one("SELECT coalesce(sum(on_hand_milli), 0) FROM stock") == 0
    assert chain.one("SELECT sum(amount_minor) FROM posting WHERE account = 'revenue'") == 0
    assert chain.rows("SELECT kind FROM incident") == []
    chain.send("S1", edge.sale(1, **back))
    assert chain.rows("SELECT kind FROM incident") == [("return_above_sale",)]
    assert chain.one("SELECT count(*) FROM sale") == 3  # a fact is never refused


def test_stock_movements_devices_days_and_boots(chain: Chain) -> None:
    edge = chain.edges["S1"]
    taken = chain.send(
        "S1",
        EdgeStarted(EdgeId("S1"), "b1", "0.1.0", ("clock went back",)),
        moved("1", "received", ("TEA-1", 5000), ("TEA-2", 3000), reason="morning"),
        moved("1", "wasted", ("TEA-1", -1000)),
        DeviceStateChanged("printer", "failed", "paper"),
        DeviceStateChanged("printer", "ok"),
        edge.sale(1),
        closed("1"),
    )
    assert taken.applied == 7
    assert chain.rows("SELECT sku, on_hand_milli FROM stock ORDER BY sku") == [("TEA-1", 2000), ("TEA-2", 3000)]
    assert chain.rows("SELECT device, state FROM device") == [("printer", "ok")]
    assert chain.rows("SELECT kind, text FROM incident") == [("edge_reported", "clock went back")]
    assert chain.one("SELECT sales FROM day_close") == 1


@pytest.mark.parametrize(
    "fact",
    [
        moved("2", "received", ("TEA-1", 1)),
        moved("1", "received", ("NOBODY", 1)),
        moved("1", "received", ("TEA-1", 10**17)),
        closed("2"),
        DeviceStateChanged("p\u202e", "ok"),
    ],
)
def test_other_facts_that_cannot_be_are_poison_too(chain: Chain, fact: Any) -> None:
    assert chain.send("S1", fact).quarantined == 1


def unknown(edge: Any, type_name: str) -> bytes:
    raw = json.loads(edge.encode(DeviceStateChanged("printer", "ok")))
    return msgspec.json.encode({**raw, "type": type_name})


@pytest.mark.parametrize("type_name", ["shopwire.never_heard_of.v1", "shopwire.sale_completed.v2"])
def test_an_unknown_fact_holds_the_stream_with_an_alarm_and_skips_nothing(chain: Chain, type_name: str) -> None:
    edge = chain.edges["S1"]
    edge.add(edge.encode(edge.sale()))
    edge.add(unknown(edge, type_name))
    edge.add(edge.encode(edge.sale()))
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 3)))[0]
    assert taken.sales == 1
    assert taken.ack is not None
    assert taken.ack.next == 2
    assert type_name.rpartition(".")[0].removeprefix("shopwire.") in taken.ack.held
    assert chain.take(Arrival("S1", 0, edge.batch(2, 3)))[0].outcome == "held"
    assert chain.rows("SELECT kind FROM incident") == [("stream_held",)]
    assert chain.send("S2", chain.edges["S2"].sale()).sales == 1  # another stream goes on


def test_damaged_bytes_are_asked_for_again_and_then_the_stream_is_held(chain: Chain) -> None:
    edge = chain.edges["S1"]
    good = edge.state(edge.sale())
    bad = msgspec.structs.replace(good, last_hash="0" * 32)
    outcomes = [chain.take(Arrival("S1", 0, bad))[0] for _ in range(4)]
    assert [each.outcome for each in outcomes] == ["damaged"] * 4
    assert [bool(each.ack and each.ack.held) for each in outcomes] == [False, False, False, True]
    assert chain.one("SELECT count(*) FROM sale") == 0


def test_one_good_batch_forgets_the_damage(chain: Chain) -> None:
    edge = chain.edges["S1"]
    good = edge.state(edge.sale())
    for _ in range(3):
        chain.take(Arrival("S1", 0, msgspec.structs.replace(good, last_hash="0" * 32)))
    assert chain.take(Arrival("S1", 0, good))[0].sales == 1
    assert chain.one("SELECT damaged FROM stream WHERE edge = 'S1'") == 0


def test_unknown_revoked_and_misplaced_edges_get_no_answer(chain: Chain) -> None:
    edge = chain.edges["S1"]
    batch = edge.state(edge.sale())
    with chain.uow() as uow:
        uow.fleet.revoke("S2", "2026-11-21T12:00:00.000Z")
        uow.commit()
    taken = chain.take(Arrival("S9", 0, batch), Arrival("S2", 0, batch), Arrival("S1", 5, batch))
    assert [each.outcome for each in taken] == ["refused"] * 3
    assert [each.ack for each in taken] == [None] * 3
    assert chain.one("SELECT count(*) FROM event") == 0


def test_malformed_data_of_a_known_type_is_poison_with_its_claimed_money(chain: Chain) -> None:
    edge = chain.edges["S1"]
    raw = json.loads(edge.encode(edge.sale()))
    raw["data"]["sale"]["lines"] = "none"
    edge.add(msgspec.json.encode(raw))
    edge.add(edge.encode(edge.sale()))
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 2)))[0]
    assert (taken.quarantined, taken.sales) == (1, 1)
    assert chain.rows("SELECT value_minor, receipt_no FROM quarantine") == [(870, 1)]


@pytest.mark.parametrize("raw", [b'{"id":""}', b"[]", b'{"id":"x","id":"y"}', b'{"specversion":"1.0"}', b"null", b"{"])
def test_bytes_that_are_no_event_are_poison(chain: Chain, raw: bytes) -> None:
    edge = chain.edges["S1"]
    edge.add(raw)
    edge.add(edge.encode(edge.sale()))
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 2)))[0]
    assert (taken.quarantined, taken.sales) == (1, 1)
    assert bytes(chain.one("SELECT raw FROM quarantine")) == raw


def test_an_event_id_that_no_column_holds_is_poison(chain: Chain) -> None:
    edge = chain.edges["S1"]
    edge.add(edge.encode(edge.sale(), "x" * 65))
    taken = chain.take(Arrival("S1", 0, edge.batch(1, 1)))[0]
    assert taken.quarantined == 1
    assert "64 characters" in chain.one("SELECT reason FROM quarantine")


def test_a_newer_message_version_is_answered_with_held_and_alarmed_once(chain: Chain) -> None:
    newer = UnsupportedVersion("up message", 2, 1)
    taken = [chain.take(Arrival("S1", 0, newer))[0] for _ in range(3)]
    assert all(each.ack and "version 2" in each.ack.held for each in taken)
    assert chain.rows("SELECT kind FROM incident") == [("newer_version",)]
    assert chain.send("S1", chain.edges["S1"].sale()).sales == 1


def test_a_greeting_is_answered_and_tells_of_clock_software_and_downlink(chain: Chain) -> None:
    edge = chain.edges["S1"]
    chain.send("S1", edge.sale())
    told = chain.take(Arrival("S1", 0, edge.hello(wall_at="2026-11-21T12:10:00Z")))[0]
    assert told.ack is not None
    assert (told.ack.next, told.ack.hello, told.outcome) == (2, 1, "hello")
    assert not told.behind
    assert chain.rows("SELECT top, boot, software, skew_ms FROM edge_seen") == [(1, "boot", "0.1.0", 600_000)]
    assert chain.rows("SELECT kind FROM incident") == [("clock_skew",)]
    with chain.uow() as uow:
        uow.fleet.down_bump(["S1"], snapshot=False)
        uow.commit()
    assert chain.take(Arrival("S1", 0, edge.hello()))[0].behind


def test_nothing_is_kept_when_the_commit_does_not_happen(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    class PowerCut(Exception):
        """The lights went out."""

    edge = chain.edges["S1"]
    batch = edge.state(edge.sale())
    uow = chain.uow()
    monkeypatch.setattr(type(uow), "commit", lambda _: (_ for _ in ()).throw(PowerCut))
    with pytest.raises(PowerCut):
        chain.take(Arrival("S1", 0, batch))
    monkeypatch.undo()
    for name in ("sale", "event", "posting", "stock", "stream"):
        assert chain.rows(f"SELECT * FROM {name}") == []  # noqa: S608 - names of this list
    assert chain.take(Arrival("S1", 0, batch))[0].sales == 1
