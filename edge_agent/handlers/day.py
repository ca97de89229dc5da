"""Closing the business day of a lane: by receipt range, never by clock."""

from domain.business_date import business_date
from edge_agent.errors import DayAlreadyClosed
from edge_agent.handlers.commands import CloseDay
from edge_agent.ports import Clock, DaySum, UnitOfWork
from protocol.facts import DayClosed

_NOTHING_SOLD = DaySum(0, 0, 0, 0)
_RECEIPT_BITS = 0xFFFFFFFF


def close_day(cmd: CloseDay, uow: UnitOfWork, clock: Clock) -> DayClosed:
    """State what the lane sold since its last closing; a day without sales closes with receipts 0 to 0.

    Raises:
        DayAlreadyClosed: this date of the lane was closed before.
    """
    place = uow.place
    on = cmd.business_date or business_date(clock.now(), place.timezone, place.day_starts_hour)
    with uow:
        if uow.days.is_closed(cmd.lane, on):
            raise DayAlreadyClosed(cmd.lane, on)
        sums = uow.days.open_sales(cmd.lane) or _NOTHING_SOLD
        fact = DayClosed(
            store=place.store,
            lane=cmd.lane,
            business_date=on,
            epoch=uow.facts.epoch(),
            first_receipt_no=sums.first_number & _RECEIPT_BITS,
            last_receipt_no=sums.last_number & _RECEIPT_BITS,
            sales=sums.sales,
            total_minor=sums.total_minor,
        )
        uow.days.close(cmd.lane, on, sums.last_number)
        uow.facts.add(fact, clock)
        uow.commit()
    return fact
