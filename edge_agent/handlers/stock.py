"""Goods that come, are counted, corrected or thrown away."""

from edge_agent.handlers.answers import first_answer
from edge_agent.handlers.commands import MoveStock
from edge_agent.ports import Clock, UnitOfWork
from protocol.facts import StockMoved


def move_stock(cmd: MoveStock, uow: UnitOfWork, clock: Clock) -> None:
    """Append one movement and tell headquarters; a repeat changes nothing."""
    with uow:
        if first_answer(cmd.request_id, "move_stock", uow) is not None:
            return
        sums: dict[str, int] = {}
        for change in cmd.changes:
            sums[change.sku] = sums.get(change.sku, 0) + change.delta_milli
        uow.stock.move(cmd.request_id or cmd.kind, sums)
        uow.facts.add(StockMoved(uow.place.store, cmd.kind, cmd.changes, cmd.reason), clock)
        if cmd.request_id:
            uow.requests.remember(cmd.request_id, "move_stock", b"")
        uow.commit()
