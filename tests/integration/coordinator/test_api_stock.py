"""What headquarters knows of the shelves, and how old that is."""

from datetime import timedelta
from typing import Any

from coordinator.clock import SystemClock
from coordinator.handlers.ingest import Arrival
from domain.ids import SkuId
from tests.contract.coordinator.chain import moved
from tests.integration.coordinator.conftest import Hq


def hear(hq: Hq, edge: str, message: Any, *, ago_s: float) -> None:
    hq.chain.clock.at = SystemClock().now() - timedelta(seconds=ago_s)
    hq.chain.take(Arrival(edge, 0, message))


def only(hq: Hq) -> dict[str, Any]:
    [row] = hq.get("/v1/stock", params={"store": "1"}).json()["items"]
    found: dict[str, Any] = row
    return found


def test_a_copy_is_as_old_as_the_store_s_last_word(hq: Hq) -> None:
    edge = hq.chain.edges["S1"]
    hear(hq, "S1", edge.state(moved("1", "received", (SkuId("TEA-1"), 5000))), ago_s=3600)
    row = only(hq)
    assert (row["sku"], row["on_hand_milli"], row["lag"]) == ("TEA-1", 5000, 0)
    assert 3599 < row["age_s"] < 3660
    hear(hq, "S1", edge.hello(), ago_s=10)
    assert 9 < only(hq)["age_s"] < 70, "nothing was sold since, and the store said so"


def test_a_store_that_has_more_does_not_vouch_for_the_copy(hq: Hq) -> None:
    edge = hq.chain.edges["S1"]
    hear(hq, "S1", edge.state(moved("1", "received", (SkuId("TEA-1"), 5000))), ago_s=3600)
    edge.state(moved("1", "received", (SkuId("TEA-1"), 1000)))  # on its disk, not sent
    hear(hq, "S1", edge.hello(), ago_s=10)
    row = only(hq)
    assert (row["on_hand_milli"], row["lag"]) == (5000, 1)
    assert row["age_s"] > 3599


def test_levels_come_in_pages_and_for_one_store(hq: Hq) -> None:
    goods = [(SkuId(f"TEA-{number}"), 1000 * number) for number in range(1, 6)]
    for name, store in (("S1", "1"), ("S2", "2")):
        hear(hq, name, hq.chain.edges[name].state(moved(store, "received", *goods)), ago_s=0)
    found: list[tuple[str, str, int]] = []
    after: str | None = ""
    while after is not None:
        page = hq.get("/v1/stock", params={"limit": 3, "after": after}).json()
        found += [(row["store"], row["sku"], row["on_hand_milli"]) for row in page["items"]]
        after = page["next"]
    assert found == [(store, sku, milli) for store in ("1", "2") for sku, milli in goods]
    assert len(hq.get("/v1/stock", params={"sku": "TEA-3"}).json()["items"]) == 2
