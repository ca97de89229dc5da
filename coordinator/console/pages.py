"""Serving the console's files."""

from pathlib import Path

from starlette.staticfiles import StaticFiles

PAGE = Path(__file__).parent / "page"


def console() -> StaticFiles:
    """Return the application that answers at ``/``."""
    return StaticFiles(directory=PAGE, html=True)
