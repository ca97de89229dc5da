"""What the console shows, pushed as server-sent events whenever it changes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from coordinator.api.auth import OfficeDep, Viewer
from coordinator.api.language import Spoken, told
from coordinator.clock import stamp
from coordinator.errors import Conflict
from coordinator.office import Office
from coordinator.texts import Language, said

router = APIRouter(prefix="/v1/live", tags=["console"])

EVERY_S = 2.0
KEEPALIVE_TURNS = 7
MAX_WATCHERS = 50
EDGES_SHOWN = 1000
MINUTES_SHOWN = 60


class Watchers:
    """How many pages watch; each costs a look at the database every ``EVERY_S``."""

    def __init__(self) -> None:
        self.count = 0


@router.get("", summary="The chain, live (server-sent events)")
async def live(request: Request, office: OfficeDep, _: Viewer, language: Spoken) -> StreamingResponse:
    """Stream ``chain`` events: totals, edges with their lag, sales per minute, open incidents; at most one every two seconds.

    Incidents and reasons are in the language that ``Accept-Language`` prefers.
    """
    watchers: Watchers = request.app.state.watchers
    if watchers.count >= MAX_WATCHERS:
        raise Conflict(f"{watchers.count} pages watch already, the limit is {MAX_WATCHERS}: close one")
    return StreamingResponse(_events(request, office, watchers, language), media_type="text/event-stream")


async def _events(request: Request, office: Office, watchers: Watchers, language: Language) -> AsyncIterator[bytes]:
    watchers.count += 1
    stopping: asyncio.Event = request.app.state.stopping
    last, quiet = b"", 0
    try:
        while not stopping.is_set():
            now = msgspec.json.encode(await run_in_threadpool(picture, office, language))
            quiet = quiet + 1 if now == last else 0
            if quiet == 0:
                yield b"event: chain\ndata: " + now + b"\n\n"
            elif quiet % KEEPALIVE_TURNS == 0:
                yield b": still here\n\n"
            last = now
            await _pause(stopping)
    finally:
        watchers.count -= 1


async def _pause(stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(EVERY_S):
            await stopping.wait()
    except TimeoutError:
        return


def picture(office: Office, language: Language) -> dict[str, Any]:
    """Return what the console draws."""
    now = office.clock.now()
    since = stamp(now - timedelta(seconds=office.silent_s))
    edges = office.views.edges("", EDGES_SHOWN)
    stores = {row["store"]: row for row in office.views.stores("", EDGES_SHOWN)}
    return {
        "summary": office.views.summary(since),
        "edges": [_edge(row, stores.get(row["store"], {}), since, language) for row in edges],
        "pulse": list(reversed(office.views.pulse(MINUTES_SHOWN))),
        "minute": stamp(now)[:16],
        "incidents": told(office.views.incidents(0, 20, open_only=True), "text", language),
        "reasons": [said(language, reason) for reason in office.health()],
    }


def _edge(row: dict[str, Any], store: dict[str, Any], since: str, language: Language) -> dict[str, Any]:
    seen = row["last_seen"]
    silent = seen is None or seen < since
    state = (
        "revoked"
        if row["revoked_at"]
        else "held"
        if row["held"]
        else "silent"
        if silent
        else "behind"
        if row["lag"]
        else "ok"
    )
    return {
        "edge": row["edge"],
        "store": row["store"],
        "name_zh": store.get("name_zh", ""),
        "name_en": store.get("name_en", ""),
        "state": state,
        "lag": row["lag"],
        "next": row["next"],
        "epoch": row["epoch"],
        "held": said(language, row["held"] or ""),
        "last_seen": seen[:19] if seen else None,
        "devices": row["devices"],
        "devices_wrong": row["devices_wrong"],
    }
