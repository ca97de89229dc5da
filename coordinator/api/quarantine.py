"""What a person must look at: events that could not be applied, incidents, who did what."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path

from coordinator.api.auth import Admin, OfficeDep, Operator, Viewer
from coordinator.api.idempotency import IdempotentRoute
from coordinator.api.language import Spoken, told
from coordinator.api.paging import After, AfterNumber, Limit, page
from coordinator.handlers import upkeep
from coordinator.handlers.quarantine import BOOKED
from coordinator.handlers.quarantine import retry as apply_again

router = APIRouter(prefix="/v1", tags=["quarantine"], route_class=IdempotentRoute)


@router.get("/quarantine", summary="Events that could not be applied")
def parked(
    office: OfficeDep, _: Viewer, language: Spoken, after: After = "", limit: Limit = 100, resolved: bool = False
) -> dict[str, Any]:
    """Return events that wait in quarantine, oldest first: the reason, the bytes (base64), and the money that lies in suspense.

    With ``resolved`` those too that were booked later or written off: when, how and by whom.
    """
    rows = told(office.views.quarantine(after, limit, open_only=not resolved), "reason", language)
    for row in rows:
        row["raw"] = base64.b64encode(row["raw"]).decode()
        row["cursor"] = row["received_at"] + row["event_id"]
    return page(rows, limit, "cursor")


@router.post("/quarantine/{event_id}/retry", summary="Apply a parked event again")
def retry(office: OfficeDep, who: Operator, event_id: Annotated[str, Path(max_length=64)]) -> dict[str, str]:
    """Book an event that can be applied by now; 409 with the reason, and nothing changed, when it still cannot."""
    office.again(lambda: apply_again(event_id, office.begin(), office.clock, actor=who.name))
    return {"event_id": event_id, "resolution": BOOKED}


@router.get("/incidents", summary="What a person must look at")
def incidents(
    office: OfficeDep, _: Viewer, language: Spoken, after: AfterNumber = 0, limit: Limit = 100, closed: bool = False
) -> dict[str, Any]:
    """Return open incidents by number; with ``closed`` the closed ones too. ``kind`` is for programs, ``text`` for people."""
    return page(told(office.views.incidents(after, limit, open_only=not closed), "text", language), limit, "id")


@router.post("/incidents/{number}/close", summary="Say that an incident was looked at")
def close(office: OfficeDep, who: Operator, number: Annotated[int, Path(ge=1, le=2**53)]) -> dict[str, int]:
    """Close an incident; it comes back when its cause does."""
    office.again(lambda: upkeep.close_incident(number, office.begin(), office.clock, actor=who.name))
    return {"closed": number}


@router.get("/audit", summary="Who did what")
def audit(office: OfficeDep, _: Admin, after: AfterNumber = 0, limit: Limit = 100) -> dict[str, Any]:
    """Return privileged actions by number."""
    return page(office.views.audit(after, limit), limit, "id")
