"""Identities as types, so that a store cannot be passed where a SKU is meant."""

import re
from typing import NewType

from domain.errors import InvalidIdentity
from domain.limits import MAX_ID, text_fault

EdgeId = NewType("EdgeId", str)
StoreId = NewType("StoreId", str)
SkuId = NewType("SkuId", str)
SaleId = NewType("SaleId", str)
LaneId = NewType("LaneId", str)
MemberNo = NewType("MemberNo", str)
EventId = NewType("EventId", str)

EDGE_ID_PATTERN = re.compile(r"[A-Z0-9]{2,12}(-[A-Z0-9]{1,4})?")
"""Edge id = certificate CN = MQTT user name = client id (no character that means anything in a topic)."""

SHARDS = 64


def edge_id(text: str) -> EdgeId:
    """Return ``text`` as an edge id.

    Raises:
        InvalidIdentity: it does not match ``EDGE_ID_PATTERN`` as a whole.
    """
    if not EDGE_ID_PATTERN.fullmatch(text):
        raise InvalidIdentity("edge id", text, "2-12 of A-Z and 0-9, then optionally - and 1-4 more")
    return EdgeId(text)


def uuid7(unix_ms: int, random: bytes) -> str:
    """Return a UUIDv7 (RFC 9562) as text.

    Args:
        unix_ms: milliseconds since 1970, 48 bits; only a hint for sorting, never an order.
        random: at least 10 random bytes; the first 10 are used.
    """
    value = (unix_ms & (1 << 48) - 1) << 80 | int.from_bytes(random[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


STORE_ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


def store_id(text: str) -> StoreId:
    """Return ``text`` as a store id.

    Raises:
        InvalidIdentity: it does not match ``STORE_ID_PATTERN`` as a whole (``*`` means all stores in an import and is none).
    """
    if not STORE_ID_PATTERN.fullmatch(text):
        raise InvalidIdentity(
            "store id", text[:64], "1-32 of A-Z, a-z, 0-9, dot, underscore and hyphen, not a mark first"
        )
    return StoreId(text)


def sku_id(text: str) -> SkuId:
    """Return ``text`` as a SKU.

    Raises:
        InvalidIdentity: empty, longer than ``MAX_ID``, with control characters or with space at an end.
    """
    fault = text_fault(text, MAX_ID, 1)
    if fault or text != text.strip():
        raise InvalidIdentity("SKU", text[:MAX_ID], fault or "no space at its ends")
    return SkuId(text)
