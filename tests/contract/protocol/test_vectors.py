"""Bytes of every released version stay readable: yesterday's edge may be a year late."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from protocol import codec
from protocol.envelope import Event
from protocol.facts import FACT_TYPES
from protocol.messages import Ack, Batch, Down, Hello, Status

FOLDER = Path(__file__).parent.parent / "vectors"
VECTORS = sorted(FOLDER.glob("v*/*.json"))
READERS = {
    "up": codec.decode_up,
    "ack": codec.decode_ack,
    "down": codec.decode_down,
    "status": codec.decode_status,
    "event": codec.decode_event,
}


def load(path: Path) -> dict[str, Any]:
    vector: dict[str, Any] = json.loads(path.read_text())
    return vector


def wire(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["wire_hex"]) if "wire_hex" in vector else vector["wire"].encode()


def contains(found: Any, expected: Any) -> bool:
    """Newer code may know more fields; what was said then must still be read."""
    if isinstance(expected, dict):
        return all(name in found and contains(found[name], value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(contains, found, expected))
    return bool(found == expected)


def all_fields(value: Any) -> Any:
    """Return a value as plain data, defaults included."""
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag
        named = {value.__struct_config__.tag_field: tag} if tag else {}
        return named | {name: all_fields(getattr(value, name)) for name in value.__struct_fields__}
    return [all_fields(item) for item in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_today_reads_what_was_sent_then(path: Path) -> None:
    vector = load(path)
    message = READERS[vector["reads"]](wire(vector))
    assert contains(all_fields(message), vector["means"])
    if isinstance(message, Event):
        fact = codec.decode_fact(message)
        assert type(fact).__name__ == vector["fact"]
        assert contains(all_fields(fact), vector["states"])


def test_every_message_and_fact_has_a_vector() -> None:
    vectors = [load(path) for path in VECTORS]
    kinds = {vector["means"].get("kind") for vector in vectors}
    assert kinds >= {struct.__struct_config__.tag for struct in (Hello, Batch, Ack, Down, Status)}
    assert {vector["means"].get("type") for vector in vectors} >= set(FACT_TYPES)
