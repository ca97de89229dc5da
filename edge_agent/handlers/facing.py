"""What a shopper who stands before the lane has to be shown."""

from typing import NamedTuple

from domain.basket import Basket, open_lines
from domain.ids import LaneId
from domain.sale import Line, Sale
from edge_agent.ports import UnitOfWork


class Facing(NamedTuple):
    """Where the lane stands; ``name`` is (Chinese, English) of the line that was rung up last."""

    basket: Basket | None
    last: Sale | None
    name: tuple[str, str]


def face(lane: LaneId, uow: UnitOfWork) -> Facing:
    """Return the open sale, the newest settled one, and what the newest line is called; nothing is changed."""
    with uow:
        basket, last = uow.baskets.load(lane), uow.sales.last(lane)
        line = newest_line(basket)
        found = uow.catalogue.by_sku(line.sku) if line is not None else None
    if line is None or found is None:
        return Facing(basket, last, (line.name, line.name) if line else ("", ""))
    return Facing(basket, last, (found.item.name_zh, found.item.name_en))


def newest_line(basket: Basket | None) -> Line | None:
    """Return the line that was rung up last and still counts."""
    lines = open_lines(basket) if basket is not None else ()
    return lines[-1] if lines else None
