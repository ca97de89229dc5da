"""Stores."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from coordinator.api.auth import OfficeDep, Operator, Viewer
from coordinator.api.idempotency import IdempotentRoute
from coordinator.api.paging import After, Limit, page
from coordinator.errors import InvalidRequest
from coordinator.handlers import fleet
from coordinator.rows import StoreRow
from domain.business_date import zone
from domain.ids import STORE_ID_PATTERN
from domain.limits import MAX_NAME, text_fault
from domain.money import EXPONENTS

router = APIRouter(prefix="/v1/stores", tags=["fleet"], route_class=IdempotentRoute)

EXAMPLE: JsonDict = {
    "store": "1",
    "name_zh": "南京西路店",
    "name_en": "Nanjing West Road",
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "assortment": "all",
}


class StoreIn(BaseModel):
    """A shop; ``assortment``: "all" items, or those "listed" for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    store: Annotated[str, Field(pattern=f"^{STORE_ID_PATTERN.pattern}$")]
    name_zh: Annotated[str, Field(max_length=MAX_NAME)] = ""
    name_en: Annotated[str, Field(max_length=MAX_NAME)] = ""
    timezone: Annotated[str, Field(max_length=64)] = "Asia/Shanghai"
    currency: Annotated[str, Field(min_length=3, max_length=3)] = "CNY"
    assortment: Literal["all", "listed"] = "all"
    day_starts_hour: Annotated[int, Field(ge=0, le=23)] = 0

    def row(self) -> StoreRow:
        """Return the row, its zone, currency and names checked."""
        zone(self.timezone)
        if self.currency not in EXPONENTS:
            raise InvalidRequest(
                f"currency {self.currency!r} of store {self.store}: expected one of {', '.join(EXPONENTS)}"
            )
        if fault := text_fault(self.name_zh, MAX_NAME) or text_fault(self.name_en, MAX_NAME):
            raise InvalidRequest(f"name of store {self.store}: expected {fault}")
        return StoreRow(**self.model_dump())


@router.post("", summary="Add or replace stores", status_code=200)
def put_stores(
    office: OfficeDep, who: Operator, stores: Annotated[list[StoreIn], Body(min_length=1, max_length=10_000)]
) -> dict[str, int]:
    """Add stores, or replace those of the same id; all or none."""
    rows = list({store.store: store.row() for store in stores}.values())
    office.again(lambda: fleet.put_stores(rows, office.begin(), office.clock, actor=who.name))
    office.changed()
    return {"stores": len(rows)}


@router.get("", summary="Stores by id")
def list_stores(office: OfficeDep, _: Viewer, after: After = "", limit: Limit = 100) -> dict[str, Any]:
    """Return stores by id."""
    return page(office.views.stores(after, limit), limit, "store")
