"""The page of the HTTP interface lists every route with what it asks for, and nothing else."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

import coordinator.api

PAGE = Path(__file__).parents[3] / "docs/api.md"


def routes() -> Iterator[APIRoute]:
    for module in iter_modules(coordinator.api.__path__, "coordinator.api."):
        routers = {
            id(value): value for value in vars(import_module(module.name)).values() if isinstance(value, APIRouter)
        }
        for router in routers.values():
            yield from (route for route in router.routes if isinstance(route, APIRoute))


def asks_for(dependant: Dependant) -> str:
    calls = [each.call for each in dependant.dependencies]
    role = next(filter(None, (getattr(call, "role", None) for call in calls)), None)
    signed = any(getattr(call, "__qualname__", "").startswith("signed_edge.") for call in calls)
    return str(role) if role else "signature of the edge" if signed else "nothing"


def test_the_page_lists_every_route() -> None:
    listed = set(re.findall(r"^\| `([A-Z]+ \S+)` \| ([\w ]+) \|", PAGE.read_text(), re.MULTILINE))
    served = {
        (f"{method} {route.path}", asks_for(route.dependant)) for route in routes() for method in route.methods or ()
    }
    assert listed == served


def test_only_health_and_enrolment_ask_for_nothing() -> None:
    open_to_all = {route.path for route in routes() if asks_for(route.dependant) == "nothing"}
    assert open_to_all == {"/v1/health", "/v1/enrolments"}
