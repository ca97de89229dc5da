"""Imports of items, prices, assortments and members: NDJSON, CSV or a JSON array."""

import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from coordinator.api.auth import OfficeDep, Operator
from coordinator.api.language import language_of, told
from coordinator.api.reading import MEDIA_TYPES, rows
from coordinator.handlers import catalogue
from coordinator.handlers.access import Caller
from coordinator.handlers.importing import NumberedRow, Report
from coordinator.office import Office

router = APIRouter(prefix="/v1", tags=["catalogue"])

IN_MEMORY_BYTES = 1 << 20
EXAMPLES: dict[str, dict[str, Any]] = {
    "catalogue": {
        "sku": "TEA-1",
        "name_zh": "龙井 100 克",
        "name_en": "Longjing 100 g",
        "unit": "each",
        "barcodes": ["6901234567892"],
        "department": "tea",
        "unit_price_minor": 4800,
    },
    "prices": {"store": "*", "sku": "TEA-1", "unit_price_minor": 4500},
    "assortments": {"store": "1", "sku": "TEA-1"},
    "members": {"member_no": "H1"},
}
Work = Callable[..., Report]


def _documented(name: str) -> dict[str, Any]:
    """Tell OpenAPI what the body looks like: it is read as a stream, not as a model."""
    line = msgspec.json.encode(EXAMPLES[name]).decode()
    values = [value if isinstance(value, str | int) else ";".join(value) for value in EXAMPLES[name].values()]
    csv_text = ",".join(EXAMPLES[name]) + "\n" + ",".join(map(str, values)) + "\n"
    examples = dict(zip(MEDIA_TYPES, (line + "\n", csv_text, [EXAMPLES[name]]), strict=True))
    content = {kind: {"schema": {}, "example": example} for kind, example in examples.items()}
    return {"requestBody": {"required": True, "content": content}}


@router.post("/catalogue/imports", summary="Import items", openapi_extra=_documented("catalogue"))
async def import_items(request: Request, office: OfficeDep, who: Operator) -> dict[str, Any]:
    """Add or replace items with barcodes and prices, row by row; the answer names every row that was not taken and why."""
    return await _import(request, office, who, catalogue.import_items)


@router.post("/prices/imports", summary="Import prices", openapi_extra=_documented("prices"))
async def import_prices(request: Request, office: OfficeDep, who: Operator) -> dict[str, Any]:
    """Add or replace prices of one store or of all (``*``)."""
    return await _import(request, office, who, catalogue.import_prices)


@router.post("/assortments/imports", summary="Import what stores sell", openapi_extra=_documented("assortments"))
async def import_assortments(request: Request, office: OfficeDep, who: Operator) -> dict[str, Any]:
    """List items in stores whose assortment is ``listed``."""
    return await _import(request, office, who, catalogue.import_assortments)


@router.post("/members/imports", summary="Import member numbers", openapi_extra=_documented("members"))
async def import_members(request: Request, office: OfficeDep, who: Operator) -> dict[str, Any]:
    """Add member numbers: opaque, nothing about the person."""
    return await _import(request, office, who, catalogue.import_members)


async def _import(request: Request, office: Office, who: Caller, work: Work) -> dict[str, Any]:
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        async for part in request.stream():
            file.write(part)
        file.seek(0)
        numbered: Iterable[NumberedRow] = rows(file, request.headers.get("content-type", ""))
        report = await run_in_threadpool(work, numbered, office.begin(), office.clock, actor=who.name)
    office.changed()
    answer: dict[str, Any] = msgspec.to_builtins(report)
    answer["errors"] = told([error._asdict() for error in report.errors], "limit", language_of(request))
    return answer
