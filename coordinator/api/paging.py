"""Lists in pages: ``{"items": […], "next": cursor or null}``, never more than ``MAX_PAGE`` at once."""

from typing import Annotated, Any

from fastapi import Query

MAX_PAGE = 1000

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description=f"rows of this page, at most {MAX_PAGE}")]
After = Annotated[str, Query(max_length=200, description="`next` of the page before")]
AfterNumber = Annotated[int, Query(ge=0, le=2**53, description="`next` of the page before")]


def page(items: list[dict[str, Any]], limit: int, cursor: str) -> dict[str, Any]:
    """Return a page; ``cursor`` names the key of the last row that begins the next page."""
    return {"items": items, "next": items[-1][cursor] if len(items) == limit else None}
