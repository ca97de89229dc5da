"""Parked events over HTTP and at the terminal: seen, applied again, written off."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from coordinator.__main__ import coordinator
from tests.contract.coordinator.chain import line
from tests.integration.coordinator.conftest import Hq

NEW = {"sku": "NEW-1", "name_zh": "新茶", "name_en": "New tea", "barcodes": ["in-NEW-1"]}


def parked(hq: Hq, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = hq.get("/v1/quarantine", params=query).json()["items"]
    return rows


def run(hq: Hq, *words: str, lang: str = "en") -> Any:
    directory = Path(str(hq.chain.database.engine.url.database)).parent
    environment = {"COORDINATOR_DATABASE": f"sqlite:///{directory / 'hq.db'}"}
    name, *more = words
    line_ = ["quarantine", name, "--data-dir", str(directory), *more]
    return CliRunner().invoke(coordinator, line_, obj={"lang": lang}, env=environment)


def strangers(hq: Hq) -> list[str]:
    """Send a sale of an unknown item and one with a wrong total; return the ids of both."""
    edge = hq.chain.edges["S1"]
    hq.chain.send("S1", edge.sale(1, lines=(line(1, "NEW-1"),)), edge.sale(total_minor=1), edge.sale())
    return [row["event_id"] for row in sorted(parked(hq), key=lambda row: row["seq"])]


def test_a_retry_is_refused_with_the_reason_until_the_item_is_imported(hq: Hq) -> None:
    event_id, other = strangers(hq)
    path = f"/v1/quarantine/{event_id}/retry"
    refused = hq.post(path)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:shopwire:problem:conflict"
    assert "NEW-1" in refused.json()["detail"]
    imported = hq.load("/v1/catalogue/imports", json.dumps(NEW), "application/x-ndjson")
    assert imported.json()["errors"] == []
    assert hq.post(path).json() == {"event_id": event_id, "resolution": "booked"}
    assert hq.post(path).status_code == 409
    assert [row["event_id"] for row in parked(hq)] == [other]
    resolved = next(row for row in parked(hq, resolved="true") if row["event_id"] == event_id)
    assert (resolved["resolution"], resolved["resolved_by"]) == ("booked", "t-operator")
    assert hq.office.views.summary("")["quarantined"] == 1
    assert hq.post("/v1/quarantine/none/retry").status_code == 404


def test_the_terminal_lists_retries_and_settles(hq: Hq) -> None:
    event_id, other = strangers(hq)
    listed = run(hq, "list")
    assert listed.exit_code == 0, listed.output
    assert event_id in listed.output
    assert other in listed.output
    refused = run(hq, "retry", event_id)
    assert refused.exit_code == 1
    assert "NEW-1" in refused.output
    hq.load("/v1/catalogue/imports", json.dumps(NEW), "application/x-ndjson")
    assert run(hq, "retry", event_id, "--by", "ann").exit_code == 0
    assert run(hq, "settle", other).exit_code == 2, "a reason is asked for"
    settled = run(hq, "settle", other, "--reason", "till summed wrongly", "--by", "ann", lang="zh")
    assert "870" in settled.output
    assert "written_off" in settled.output
    assert run(hq, "list", "--json").output == ""
    rows = [json.loads(row) for row in run(hq, "list", "--all", "--json").output.splitlines()]
    assert {row["resolution"] for row in rows} == {"booked", "written off: till summed wrongly"}
    assert {row["resolved_by"] for row in rows} == {"ann"}
    assert "till summed wrongly" in run(hq, "list", "--all").output
    checked = CliRunner().invoke(
        coordinator,
        ["doctor", "--data-dir", str(Path(str(hq.chain.database.engine.url.database)).parent)],
        env={"COORDINATOR_DATABASE": str(hq.chain.database.engine.url)},
    )
    assert checked.exit_code == 0, checked.output
