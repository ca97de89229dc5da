"""Stock per store and SKU, with the age of the copy."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from coordinator.api.auth import OfficeDep, Viewer
from coordinator.api.paging import After, Limit
from coordinator.clock import parsed

router = APIRouter(prefix="/v1/stock", tags=["stock"])

Name = Annotated[str, Query(max_length=64)]
SEPARATOR = "\t"  # stands in no store id


@router.get("", summary="What is on hand, as far as headquarters knows")
def levels(
    office: OfficeDep, _: Viewer, store: Name = "", sku: Name = "", after: After = "", limit: Limit = 100
) -> dict[str, Any]:
    """Return levels by store and SKU.

    The store owns the truth: ``as_of`` is until when all of its facts are applied here, ``age_s`` how long that is ago, ``lag`` how many
    facts it had when last heard of that are still to come.
    """
    begin, _separator, rest = after.partition(SEPARATOR)
    rows = office.views.stock(store, sku, (begin, rest), limit)
    now = office.clock.now()
    items = []
    for row in rows:
        at = row["as_of"]
        age = (now - parsed(at)).total_seconds() if at else None
        items.append(
            {
                "store": row["store"],
                "sku": row["sku"],
                "on_hand_milli": row["on_hand_milli"],
                "as_of": at,
                "age_s": age,
                "lag": int(row["lag"] or 0),
            }
        )
    last = items[-1] if len(items) == limit else None
    return {"items": items, "next": f"{last['store']}{SEPARATOR}{last['sku']}" if last else None}
