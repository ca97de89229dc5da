"""Edges: registry and lag, enrolment codes, certificates."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from coordinator.api.auth import Admin, OfficeDep, Operator, SignedEdge, Viewer, own
from coordinator.api.idempotency import IdempotentRoute
from coordinator.api.language import Spoken, told
from coordinator.api.paging import After, Limit, page
from coordinator.errors import NotFound
from coordinator.handlers import fleet
from coordinator.handlers.fleet import Papers
from coordinator.office import Office
from coordinator.rows import EdgeRow
from domain.ids import EDGE_ID_PATTERN

router = APIRouter(prefix="/v1", tags=["fleet"], route_class=IdempotentRoute)
secrets = APIRouter(prefix="/v1", tags=["enrolment"])  # answers with secrets are never kept for a repeat

EdgeName = Annotated[str, Path(pattern=f"^{EDGE_ID_PATTERN.pattern}$", examples=["S1"])]
Pem = Annotated[str, Field(max_length=8192)]


class EdgeIn(BaseModel):
    """An edge of a store."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"edge": "S1", "store": "1"}]})

    edge: Annotated[str, Field(pattern=f"^{EDGE_ID_PATTERN.pattern}$")]
    store: Annotated[str, Field(min_length=1, max_length=32)]


class EnrolmentIn(BaseModel):
    """What an edge sends with its one-time secret."""

    model_config = ConfigDict(extra="forbid")

    edge: Annotated[str, Field(pattern=f"^{EDGE_ID_PATTERN.pattern}$", examples=["S1"])]
    secret: Annotated[str, Field(min_length=16, max_length=128)]
    csr_pem: Pem
    software: Annotated[str, Field(max_length=64)] = ""


class RenewalIn(BaseModel):
    """A new request for a certificate, sent in a request signed with the old one."""

    model_config = ConfigDict(extra="forbid")

    csr_pem: Pem
    software: Annotated[str, Field(max_length=64)] = ""


@router.post("/edges", summary="Register an edge", status_code=201)
def add_edge(office: OfficeDep, who: Operator, body: EdgeIn) -> dict[str, Any]:
    """Register an edge of a store; the same again changes nothing."""
    row = office.again(lambda: fleet.add_edge(body.edge, body.store, office.begin(), office.clock, actor=who.name))
    return _shown(row)


@router.get("/edges", summary="Edges by id, with how far they are")
def list_edges(office: OfficeDep, _: Viewer, after: After = "", limit: Limit = 100) -> dict[str, Any]:
    """Return edges by id. ``lag`` = facts they have and headquarters has not; ``held`` = why a stream stands still."""
    return page(office.views.edges(after, limit), limit, "edge")


@router.get("/edges/{edge}/devices", summary="Devices of an edge as it last reported them")
def list_devices(office: OfficeDep, _: Viewer, edge: EdgeName, language: Spoken) -> dict[str, Any]:
    """Return the devices of an edge: ``items`` as its facts told them, ``now`` as it says itself while it is connected.

    Reasons are in the language that ``Accept-Language`` prefers.
    """
    _known(office, edge)
    now = _now(office.views.status(edge))
    if now is not None:
        now["devices"] = told(now["devices"], "reason", language)
    return {"items": told(office.views.devices(edge), "reason", language), "next": None, "now": now}


@router.post("/edges/{edge}/release", summary="Let a held stream go on")
def release(office: OfficeDep, who: Operator, edge: EdgeName) -> dict[str, bool]:
    """Let a held stream go on, after an upgrade or after a person looked at the damage."""
    _known(office, edge)
    return {"released": office.release(edge)}


@secrets.post("/edges/{edge}/enrolments", summary="Make a one-time enrolment code", status_code=201)
def open_enrolment(office: OfficeDep, who: Operator, edge: EdgeName) -> dict[str, str]:
    """Make a one-time code; earlier unused codes of this edge end. It is shown this once."""
    url, hours = office.signposts().api_url, office.enrolment_hours

    def work() -> fleet.Code:
        return fleet.open_enrolment(edge, url, hours, office.begin(), office.authority, office.clock, actor=who.name)

    return office.again(work)._asdict()


@secrets.post("/enrolments", summary="Exchange a one-time secret for a certificate (no token)")
def enrol(office: OfficeDep, body: EnrolmentIn) -> dict[str, Any]:
    """Give an edge its certificate and tell it where it belongs."""
    days = office.certificate_days

    def work() -> Papers:
        return fleet.enrol(body.edge, body.secret, body.csr_pem, days, office.begin(), office.authority, office.clock)

    return _card(office, office.again(work))


@secrets.post("/edges/{edge}/certificate", summary="Renew a certificate (request signed by the edge)")
def renew(office: OfficeDep, signer: SignedEdge, edge: EdgeName, body: RenewalIn) -> dict[str, str]:
    """Give an edge a new certificate; the old one stays valid until it expires."""
    own(edge, signer)
    days = office.certificate_days
    papers = office.again(lambda: fleet.renew(edge, body.csr_pem, days, office.begin(), office.authority, office.clock))
    return {"certificate_pem": papers.certificate_pem, "ca_pem": papers.ca_pem}


@secrets.delete("/edges/{edge}", summary="Revoke an edge for good")
def revoke(office: OfficeDep, who: Admin, edge: EdgeName) -> dict[str, Any]:
    """Revoke an edge: its certificates go on the revocation list, its facts are refused from now on, what it delivered stays."""
    serials = office.again(lambda: fleet.revoke(edge, office.begin(), office.authority, office.clock, actor=who.name))
    office.revoked()
    return {"edge": edge, "serials": serials}


def _now(status: dict[str, Any] | None) -> dict[str, Any] | None:
    if status is None:
        return None
    devices = msgspec.json.decode(status["devices"]) if status["devices"] else []
    return {"online": bool(status["online"]), "heard_at": status["heard_at"], "devices": devices}


def _known(office: Office, edge: str) -> EdgeRow:
    row = office.views.edge(edge)
    if row is None:
        raise NotFound(f"edge {edge!r} is not registered")
    return row


def _shown(row: EdgeRow) -> dict[str, Any]:
    return {"edge": row.edge, "store": row.store, "shard": row.shard}


def _card(office: Office, papers: Papers) -> dict[str, Any]:
    store, posts = papers.store, office.signposts()
    return {
        **_shown(papers.edge),
        "store_name_zh": store.name_zh,
        "store_name_en": store.name_en,
        "timezone": store.timezone,
        "currency": store.currency,
        "certificate_pem": papers.certificate_pem,
        "ca_pem": papers.ca_pem,
        "broker_host": posts.broker_host,
        "broker_port": posts.broker_port,
        "server_name": posts.server_name,
        "api_url": posts.api_url,
    }
