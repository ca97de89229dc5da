"""What ties a sale's lines together: a trace context in every event, the edge and its store in every line of the log."""

import json
import re
from pathlib import Path

from edge_agent.control import ControlClient
from edge_agent.db.facts import traceparent_of
from protocol.codec import decode_event
from tests.edge_box import Box
from tests.edge_store import TEA, Store

W3C = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")


def test_every_event_carries_a_trace_made_from_its_id(shop: Store) -> None:
    shop.sell(TEA)
    shop.sell(TEA)
    outbox = shop.journal.outbox
    events = [decode_event(raw) for raw in outbox.read(1, 10**6, 10**9)]
    assert len(events) > 1
    for event in events:
        assert W3C.fullmatch(event.traceparent)
        assert event.traceparent == traceparent_of(event.id)
        assert event.traceparent.split("-")[1] == event.id.replace("-", "")
    assert len({event.traceparent for event in events}) == len(events)


def test_the_log_of_a_store_names_it_in_every_line(tmp_path: Path) -> None:
    box = Box(tmp_path, port=9)
    box.settle(more='[logging]\nformat = "json"')
    box.start()
    assert box.agent is not None
    process = box.agent.process
    client = ControlClient(box.data_dir / "control.sock")
    assert "ok" in client.ask(do="scan", code=TEA)
    client.close()
    process.terminate()
    _, logged = process.communicate(timeout=20)
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"edge_started", "edge_stopped"} <= {line["event"] for line in lines}
    assert {(line.get("edge"), line.get("store")) for line in lines} == {("S1", "1")}, lines
