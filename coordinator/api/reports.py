"""Reports, streamed as NDJSON so that a year of a chain fits through."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from coordinator.api.auth import OfficeDep, Viewer

router = APIRouter(prefix="/v1/reports", tags=["reports"])

NDJSON = "application/x-ndjson"
LINES_AT_ONCE = 500
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {NDJSON: {}}, "description": "one JSON object a line"}}


@router.get("/store-day-product", summary="What was sold per store, day and SKU", responses=_STREAM)
def store_day_product(
    office: OfficeDep,
    _: Viewer,
    first: Annotated[str, Query(alias="from", pattern=r"^\d{4}-\d{2}-\d{2}$")] = "0001-01-01",
    last: Annotated[str, Query(alias="to", pattern=r"^\d{4}-\d{2}-\d{2}$")] = "9999-12-31",
) -> StreamingResponse:
    """Stream lines, quantity, money and each kind of discount; returns count negative, voided sales not at all."""
    return StreamingResponse(_lines(office.views.store_day_product(first, last)), media_type=NDJSON)


@router.get("/source-refs", summary="Sales that came from another system", responses=_STREAM)
def source_refs(office: OfficeDep, _: Viewer) -> StreamingResponse:
    """Stream the id of each sale in the system that it came from, with its id here."""
    return StreamingResponse(_lines(office.views.source_refs()), media_type=NDJSON)


@router.get("/totals", summary="What all sales come to")
def totals(office: OfficeDep, _: Viewer) -> dict[str, Any]:
    """Return baskets, lines, quantity, money and each kind of discount over everything booked."""
    return office.views.totals()


@router.get("/balances", summary="Every account of the ledger")
def balances(office: OfficeDep, _: Viewer) -> dict[str, Any]:
    """Return the sum of every account per currency (debit positive); per currency they add up to zero."""
    return {"items": office.views.balances(), "next": None}


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    for row in rows:
        waiting.append(msgspec.json.encode(row))
        if len(waiting) == LINES_AT_ONCE:
            yield b"\n".join(waiting) + b"\n"
            waiting.clear()
    if waiting:
        yield b"\n".join(waiting) + b"\n"
