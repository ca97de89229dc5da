"""Opening the cash drawer outside a sale: who, why, and whether that is allowed."""

import unicodedata
from collections.abc import Callable

from domain.ids import LaneId
from edge_agent.errors import DrawerRefused
from edge_agent.handlers.commands import OpenDrawer
from edge_agent.ports import Clock, UnitOfWork
from protocol.facts import DrawerOpened

MAX_WHO, MAX_WHY = 64, 200

Permit = Callable[[str, str], str]
"""Given who and why, returns why not, empty when it is allowed. Staff and their rights put theirs here."""


def whoever_says_who_and_why(_: str, __: str) -> str:
    """Allow everyone: a shop without staff accounts relies on what is written down."""
    return ""


def open_drawer(cmd: OpenDrawer, permit: Permit, uow: UnitOfWork, clock: Clock) -> None:
    """State that the drawer is opened, before it is: no opening goes untold.

    Raises:
        DrawerRefused: nobody is named, no reason is given, or it is not allowed.
    """
    by, reason = _line(cmd.by, MAX_WHO), _line(cmd.reason, MAX_WHY)
    if not by or not reason:
        raise DrawerRefused("nobody" if not by else "no_reason", "say who opens it and why")
    if refused := permit(by, reason):
        raise DrawerRefused("not_allowed", refused)
    with uow:
        uow.facts.add(DrawerOpened(uow.place.store, LaneId(cmd.lane), cmd.device, by, reason), clock)
        uow.commit()


def _line(text: str, limit: int) -> str:
    """Return ``text`` as one line without control characters, no longer than ``limit``."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(kept.split())[:limit]
