"""Who is poked: every edge whose down log grew since the last look, also one that is new since then."""

from typing import cast

from coordinator.authority import OwnAuthority
from coordinator.db.engine import again
from coordinator.handlers import fleet
from coordinator.server.downlink import Downlink
from tests.integration.coordinator.conftest import Hq

IMPORT = '{"sku": "NEW-1", "name_en": "New tea"}'


def test_an_edge_that_is_registered_and_falls_behind_between_two_looks_is_poked(hq: Hq) -> None:
    downlink = Downlink(hq.chain.uow, again, cast("OwnAuthority", hq.office.authority), hq.chain.clock)
    assert downlink._pokes() == [], "just started: every edge greets anyway"
    fleet.add_edge("S7", "1", hq.chain.uow(), hq.chain.clock, actor="test")
    hq.load("/v1/catalogue/imports", IMPORT, "application/x-ndjson")
    assert {edge for _, edge, _ in downlink._pokes()} == {"S1", "S2", "S7"}
    assert downlink._pokes() == []
