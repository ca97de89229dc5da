"""Whole replicas for edges: signed manifest and chunks, fetched with signed requests."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from coordinator.api.auth import OfficeDep, SignedEdge
from coordinator.errors import InvalidRequest
from coordinator.handlers import feeds
from link.identity import SIGNATURE_HEADER

router = APIRouter(prefix="/v1/snapshots", tags=["snapshots"])

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
_RANGE = re.compile(r"bytes=(\d{1,12})-")
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zlib": {}}, "description": "zlib-compressed NDJSON of one feed"},
    206: {"content": {"application/zlib": {}}, "description": "its rest, after Range: bytes=N-"},
}


@router.get("/{snapshot_id}/manifest", summary="What a replica is made of (request signed by the edge)")
def manifest(office: OfficeDep, edge: SignedEdge, snapshot_id: Id) -> Response:
    """Return the manifest; its signature by headquarters' authority is in the header ``Shopwire-Signature``."""
    row = feeds.manifest_of(snapshot_id, edge, office.begin())
    return Response(row.manifest, media_type="application/json", headers={SIGNATURE_HEADER: row.signature})


@router.get(
    "/{snapshot_id}/chunks/{sha256}", summary="A part of a replica (request signed by the edge)", responses=_BINARY
)
def chunk(
    office: OfficeDep,
    edge: SignedEdge,
    snapshot_id: Id,
    sha256: Sha256,
    wanted: Annotated[str | None, Header(alias="Range", max_length=64)] = None,
) -> Response:
    """Return a chunk, or its rest after ``Range: bytes=N-`` when a cut link resumes."""
    body = feeds.chunk_of(snapshot_id, sha256, edge, office.begin())
    if wanted is None:
        return Response(body, media_type="application/zlib", headers={"Accept-Ranges": "bytes"})
    found = _RANGE.fullmatch(wanted)
    if not found or int(found.group(1)) >= len(body):
        raise InvalidRequest(f"range {wanted!r} of {len(body)} bytes: send bytes=N- with N below that")
    start = int(found.group(1))
    headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}", "Accept-Ranges": "bytes"}
    return Response(body[start:], 206, headers, media_type="application/zlib")
