"""The page on devices names every kind with its class and runbook, and every scale model can be found by it."""

import re
from pathlib import Path

from devices.ports.scale import Reason
from devices.registry import KINDS
from devices.scale_serial.protocols import LANGUAGES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/devices.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE[PAGE.index("## What there is") : PAGE.index("## In the store file")].splitlines()
    if line.startswith("|") and "`" in line
]


def test_every_kind_stands_in_the_table_with_its_class() -> None:
    told = {kind: row[0].split(", ") for row in ROWS for kind in re.findall(r"`(\w+)`", row[1])}
    assert set(told) == set(KINDS)
    assert [kind for kind, device_class in KINDS.items() if device_class not in told[kind]] == []


def test_every_runbook_is_linked() -> None:
    linked = set(re.findall(r"\.\./devices/(\w+)/runbook\.md", PAGE))
    assert linked == set(KINDS)
    assert [kind for kind in linked if not (ROOT / "devices" / kind / "runbook.md").is_file()] == []


def test_every_protocol_and_every_reason_of_a_scale_is_explained() -> None:
    scales = PAGE[PAGE.index("\n## Scales") :]
    assert [name for name in LANGUAGES if f"`{name}`" not in scales] == []
    assert [reason.value for reason in Reason if f"`{reason.value}`" not in scales] == []
