"""Taking back: a whole sale is voided once, single lines are returned as often as something is left of them."""

from domain.business_date import business_date
from domain.errors import SaleAlreadyReturned, SaleAlreadyVoided
from domain.ids import SaleId
from domain.returns import return_of
from domain.sale import Sale
from domain.stock import reversal_of
from edge_agent.errors import SaleNotFound
from edge_agent.handlers.answers import first_answer
from edge_agent.handlers.commands import ReturnLines, VoidSale
from edge_agent.handlers.sell import keep
from edge_agent.ports import Clock, UnitOfWork
from protocol.facts import SaleVoided


def void_sale(cmd: VoidSale, uow: UnitOfWork, clock: Clock) -> None:
    """Reverse the money and the movements of a committed sale once.

    Raises:
        SaleNotFound, SaleAlreadyVoided, SaleAlreadyReturned: nothing was changed.
    """
    with uow:
        if first_answer(cmd.request_id, "void_sale", uow) is not None:
            return
        sale = _sale(cmd.sale_id, uow)
        if standing := uow.sales.returns_of(sale.sale_id):
            raise SaleAlreadyReturned(sale.sale_id, len(standing))
        if not uow.sales.void(sale.sale_id, cmd.reason):
            raise SaleAlreadyVoided(sale.sale_id)
        uow.stock.move(f"void:{sale.sale_id}", {delta.sku: delta.delta_milli for delta in reversal_of(sale)})
        uow.facts.add(SaleVoided(sale.sale_id, cmd.reason, _today(uow, clock), cmd.by), clock)
        if cmd.request_id:
            uow.requests.remember(cmd.request_id, "void_sale", b"")
        uow.commit()


def return_lines(cmd: ReturnLines, uow: UnitOfWork, clock: Clock) -> Sale:
    """Pay goods of a committed sale back; a repeat gets the first return.

    Raises:
        SaleNotFound, SaleAlreadyVoided, UnknownLine, ReturnTooLarge: nothing was changed.
    """
    with uow:
        first = first_answer(cmd.request_id, "return_lines", uow)
        if first is not None:
            return _sale(SaleId(first.decode()), uow)
        original = _sale(cmd.sale_id, uow)
        if uow.sales.is_void(original.sale_id):
            raise SaleAlreadyVoided(original.sale_id)
        returned = _return(cmd, original, uow, clock)
        keep(returned, uow, clock)
        if cmd.request_id:
            uow.requests.remember(cmd.request_id, "return_lines", returned.sale_id.encode())
        uow.commit()
    return returned


def _return(cmd: ReturnLines, original: Sale, uow: UnitOfWork, clock: Clock) -> Sale:
    epoch = uow.facts.epoch()
    return return_of(
        original,
        cmd.wanted,
        sale_id=cmd.return_id,
        edge=uow.place.edge,
        store=uow.place.store,
        lane=cmd.lane,
        epoch=epoch,
        receipt_no=uow.sales.next_receipt_no(epoch),
        business_date=_today(uow, clock),
        completed_at=clock.now(),
        returned=uow.sales.returns_of(original.sale_id),
        refund=cmd.refund,
        reference=cmd.reference,
    )


def _sale(sale_id: SaleId, uow: UnitOfWork) -> Sale:
    sale = uow.sales.get(sale_id)
    if sale is None:
        raise SaleNotFound(sale_id)
    return sale


def _today(uow: UnitOfWork, clock: Clock) -> str:
    return business_date(clock.now(), uow.place.timezone, uow.place.day_starts_hour)
