"""The HTTP interface, put together."""

import asyncio
from collections.abc import Callable, Collection

from fastapi import FastAPI
from starlette.types import ASGIApp

from coordinator.api import (
    catalogue,
    edges,
    health,
    live,
    problems,
    quarantine,
    reports,
    sales,
    snapshots,
    stock,
    stores,
    tokens,
)
from coordinator.api.guard import Guard
from coordinator.office import Office

DESCRIPTION = """
What headquarters of a chain knows and takes. Money is in minor units (`…_minor`), quantities in thousandths (`…_milli`), times in UTC.

People and programs send `Authorization: Bearer <token>`; a token's role is viewer, operator or admin. Edges sign their
requests with the key of their certificate (header `Shopwire-Signature`). Errors are RFC 9457 problems. POSTs that change
something take an `Idempotency-Key`.
Lists come in pages: `limit`, and `after` = `next` of the page before.
"""


def create_app(office: Office, *, hosts: Callable[[], Collection[str]], console: ASGIApp | None = None) -> FastAPI:
    """Return the application.

    Args:
        office: what it works with.
        hosts: names under which it may be asked for.
        console: pages at ``/`` for whatever the interface does not answer.
    """
    app = FastAPI(title="Shopwire headquarters", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None)
    app.state.office, app.state.watchers, app.state.stopping = office, live.Watchers(), asyncio.Event()
    problems.install(app)
    for module in (stores, edges, catalogue, stock, sales, reports, quarantine, snapshots, tokens, health, live):
        app.include_router(module.router)
    app.include_router(edges.secrets)
    limits = office.settings
    app.add_middleware(
        Guard,
        hosts=hosts,
        max_body_bytes=limits.max_body_bytes,
        max_import_bytes=limits.max_import_bytes,
        timeout_s=limits.request_timeout_s,
    )
    if console is not None:
        app.mount("/", console)
    return app
