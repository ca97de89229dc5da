"""The one tree of topics: ``shopwire/v1/<shard>/<edge>/<leaf>``."""

from typing import Literal, NamedTuple

from domain.ids import SHARDS, EdgeId, edge_id
from protocol.errors import UnknownTopic

ROOT = "shopwire/v1"
Leaf = Literal["up", "ack", "down", "cmd", "status"]
LEAVES: tuple[Leaf, ...] = ("up", "ack", "down", "cmd", "status")


class Address(NamedTuple):
    """Whose topic it is and which of the five."""

    shard: int
    edge: EdgeId
    leaf: Leaf


def topic(shard: int, edge: str, leaf: Leaf) -> str:
    """Return the topic of one edge."""
    return f"{ROOT}/{shard}/{edge}/{leaf}"


def parse(text: str) -> Address:
    """Return whose topic ``text`` is.

    Raises:
        UnknownTopic: not one of our topics, or with an edge id or shard that cannot be.
    """
    parts = text.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[4] not in LEAVES:
        raise UnknownTopic(text)
    if not (parts[2].isascii() and parts[2].isdigit() and int(parts[2]) < SHARDS):
        raise UnknownTopic(text)
    return Address(int(parts[2]), edge_id(parts[3]), parts[4])
