"""API tokens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from coordinator.api.auth import Admin, OfficeDep
from coordinator.handlers import access

router = APIRouter(prefix="/v1/tokens", tags=["access"])

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples=["office"])]


class TokenIn(BaseModel):
    """A token to make; ``days``: how long it works (none = until revoked)."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Literal["viewer", "operator", "admin"]
    days: Annotated[int | None, Field(ge=1, le=3650)] = None


@router.post("", summary="Make a token", status_code=201)
def create(office: OfficeDep, who: Admin, body: TokenIn) -> dict[str, str]:
    """Make a token; it is shown this once, only its hash is kept."""

    def work() -> str:
        return access.create_token(body.name, body.role, office.begin(), office.clock, actor=who.name, days=body.days)

    return {"name": body.name, "role": body.role, "token": office.again(work)}


@router.delete("/{name}", summary="Revoke a token")
def revoke(office: OfficeDep, who: Admin, name: Annotated[str, Path(max_length=80)]) -> dict[str, str]:
    """End a token at once."""
    office.again(lambda: access.revoke_token(name, office.begin(), office.clock, actor=who.name))
    return {"revoked": name}
