"""Is headquarters well, and its figures for Prometheus."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from coordinator.api.auth import OfficeDep, Viewer
from coordinator.telemetry import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.get("/v1/health", summary="Is headquarters well? (no token)")
def health(office: OfficeDep) -> dict[str, Any]:
    """Return ``ok``, or ``degraded`` with reasons that a person can act on; nothing about the business."""
    reasons = office.health()
    return {"status": "degraded" if reasons else "ok", "reasons": reasons}


@router.get("/metrics", summary="Figures for Prometheus", responses={200: {"content": {"text/plain": {}}}})
def metrics(office: OfficeDep, _: Viewer) -> Response:
    """Return counters and gauges; labels are outcomes and states, never stores."""
    return Response(office.telemetry.text(), media_type=CONTENT_TYPE)
