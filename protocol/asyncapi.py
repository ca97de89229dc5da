"""The machine-readable description of the link, generated from the structs: AsyncAPI 3 and one JSON Schema per message and fact.

``python -m protocol.asyncapi`` writes ``protocol/schema/`` anew; a test compares it with what is committed.
"""

import re
from importlib import resources
from typing import Any

import msgspec

from domain.ids import EDGE_ID_PATTERN, SHARDS
from protocol.envelope import Event
from protocol.facts import FACT_TYPES
from protocol.messages import VERSION, Ack, Batch, Down, Hello, Status
from protocol.topics import LEAVES, ROOT, Leaf

_MESSAGES: dict[str, type[msgspec.Struct]] = {
    "hello": Hello,
    "batch": Batch,
    "ack": Ack,
    "down": Down,
    "status": Status,
}
_CARRIED: dict[Leaf, tuple[str, ...]] = {
    "up": ("hello", "batch"),
    "ack": ("ack",),
    "down": ("down",),
    "cmd": (),
    "status": ("status",),
}
_PURPOSE: dict[Leaf, str] = {
    "up": "Greetings and batches of events, from the edge.",
    "ack": "How far headquarters has committed, sent only after its commit.",
    "down": "Changes of catalogue, prices and store data: a delta, a poke, or the advice to take a snapshot.",
    "cmd": "Reserved for commands to devices; nothing is sent here yet.",
    "status": "Whether the edge is connected: retained, with a last will; nobody decides anything from it.",
}
_BY_EDGE: tuple[Leaf, ...] = ("up", "status")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> dict[str, str]:
    """Return the text of every file of ``protocol/schema/`` by its name."""
    files = {"asyncapi.json": _text(asyncapi())}
    named = {**_MESSAGES, "event": Event, **FACT_TYPES}
    for name, struct in named.items():
        files[f"{name}.schema.json"] = _text({"$schema": _DIALECT, "title": name, **msgspec.json.schema(struct)})
    return files


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document, seen from the edge."""
    _, schemas = msgspec.json.schema_components(
        [*_MESSAGES.values(), Event, *FACT_TYPES.values()], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shopwire link",
            "version": f"{VERSION}.0.0",
            "description": "Between a store's edge and headquarters over MQTT; docs/protocol.md tells the rules.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {leaf: _channel(leaf) for leaf in LEAVES},
        "operations": {_operation(leaf): _operate(leaf) for leaf in LEAVES},
        "components": {"messages": _messages(), "schemas": dict(sorted(schemas.items()))},
    }


def _channel(leaf: Leaf) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{shard}}/{{edge}}/{leaf}",
        "description": _PURPOSE[leaf],
        "parameters": {
            "shard": {"description": f"0-{SHARDS - 1}, fixed at enrolment"},
            "edge": {"description": f"edge id, ^{EDGE_ID_PATTERN.pattern}$"},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _CARRIED[leaf]},
    }


def _operation(leaf: Leaf) -> str:
    return f"{'send' if leaf in _BY_EDGE else 'receive'}_{leaf}"


def _operate(leaf: Leaf) -> dict[str, Any]:
    return {
        "action": "send" if leaf in _BY_EDGE else "receive",
        "channel": {"$ref": f"#/channels/{leaf}"},
        "messages": [{"$ref": f"#/channels/{leaf}/messages/{name}"} for name in _CARRIED[leaf]],
    }


def _messages() -> dict[str, Any]:
    return {
        name: {
            "name": name,
            "summary": re.sub(r"`+", "", (struct.__doc__ or "").strip().partition("\n")[0]),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
        }
        for name, struct in _MESSAGES.items()
    }


def _text(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def main() -> None:
    """Write every file anew."""
    folder = resources.files("protocol") / "schema"
    for name, text in documents().items():
        with resources.as_file(folder) as path:
            (path / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
