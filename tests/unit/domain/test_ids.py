"""Identities that cannot be mistaken."""

import uuid

import pytest

from domain.errors import InvalidIdentity
from domain.ids import edge_id, sku_id, store_id, uuid7


def test_uuid7_carries_time_version_and_variant() -> None:
    made = uuid.UUID(uuid7(1_700_000_000_000, bytes(range(10))))
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, 1_700_000_000_000)


@pytest.mark.parametrize("text", ["S2", "SHOP01-A", "S2-12"])
def test_edges(text: str) -> None:
    assert edge_id(text) == text


@pytest.mark.parametrize("text", ["s2", "S", "S2/+", "S2#", "S2-", "Ｓ2", "S2\n", "$SYS", "S" * 13])
def test_no_edge_may_mean_something_in_a_topic(text: str) -> None:
    with pytest.raises(InvalidIdentity, match="edge id"):
        edge_id(text)


@pytest.mark.parametrize("text", ["*", "", "../x", "-1", "a b", "店", "1" * 33])
def test_what_is_no_store(text: str) -> None:
    with pytest.raises(InvalidIdentity, match="store id"):
        store_id(text)


@pytest.mark.parametrize("text", ["", "1 ", "a\tb", "x" * 65])
def test_what_is_no_sku(text: str) -> None:
    with pytest.raises(InvalidIdentity, match="SKU"):
        sku_id(text)
    assert store_id("406") == "406"
    assert sku_id("牛奶 1L") == "牛奶 1L"
