"""Sales as booked."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from coordinator.api.auth import OfficeDep, Viewer
from coordinator.api.paging import AfterNumber, Limit, page
from coordinator.errors import NotFound

router = APIRouter(prefix="/v1/sales", tags=["sales"])

Text = Annotated[str, Query(max_length=128)]


@router.get("", summary="Sales in the order in which headquarters booked them")
def list_sales(
    office: OfficeDep,
    _: Viewer,
    store: Text = "",
    edge: Text = "",
    business_date: Text = "",
    source_ref: Text = "",
    member: Text = "",
    after: AfterNumber = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Return sales without their lines; money in minor units of ``currency``."""
    given = {
        "store": store,
        "edge": edge,
        "business_date": business_date,
        "source_ref": source_ref,
        "member": member,
    }
    filters = {name: value for name, value in given.items() if value}
    return page(office.views.sales(filters, after, limit), limit, "sale_no")


@router.get("/{sale_id}", summary="One sale with lines, discounts and tenders")
def one_sale(office: OfficeDep, _: Viewer, sale_id: Annotated[str, Path(max_length=64)]) -> dict[str, Any]:
    """Return one sale."""
    sale = office.views.sale(sale_id)
    if sale is None:
        raise NotFound(f"sale {sale_id!r} is not booked here")
    return sale
