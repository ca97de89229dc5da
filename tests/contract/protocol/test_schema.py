"""The committed description of the link is the one that the structs generate."""

import json
from pathlib import Path

import jsonschema
import pytest

import protocol.asyncapi
from protocol.asyncapi import asyncapi, documents
from protocol.topics import LEAVES

FOLDER = Path(protocol.asyncapi.__file__).parent / "schema"
VECTORS = Path(__file__).parent.parent / "vectors" / "v1"


def test_what_is_committed_is_what_the_structs_say() -> None:
    committed = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert committed == documents(), "run: python -m protocol.asyncapi"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    document = asyncapi()
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        node = document
        for step in reference.split("/"):
            node = node[step]
    assert set(document["channels"]) == set(LEAVES)


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_the_schemas_describe_the_golden_messages(path: Path) -> None:
    means = json.loads(path.read_text())["means"]
    schema = json.loads((FOLDER / f"{means.get('kind', 'event')}.schema.json").read_text())
    jsonschema.validate(means, schema)
    if "type" in means:
        jsonschema.validate(means["data"], json.loads((FOLDER / f"{means['type']}.schema.json").read_text()))
