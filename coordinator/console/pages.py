"""Serving the console's files."""

from pathlib import Path

from starlette.routing import Mount, Router
from starlette.staticfiles import StaticFiles

from web.serving import shared

PAGE = Path(__file__).parent / "page"


def console() -> Router:
    """Return the application that answers at ``/``."""
    return Router(routes=[shared(), Mount("/", StaticFiles(directory=PAGE, html=True))])
