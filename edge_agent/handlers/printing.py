"""Receipts on their way to paper: jobs with states, asked about when nobody knows how they ended."""

from typing import NamedTuple

from domain.basket import Basket
from domain.ids import LaneId
from domain.sale import Sale
from edge_agent.errors import SaleNotFound
from edge_agent.handlers.commands import Reprint, Resume
from edge_agent.ports import PrintJob, PrintState, UnitOfWork, sale_number


class Resumed(NamedTuple):
    """Where a lane stands: its open sale, and its last sale when that was not seen to be printed ("print again?")."""

    basket: Basket | None
    unprinted: Sale | None
    job: PrintJob | None


class Printable(NamedTuple):
    """A job with the sale that it prints."""

    job: PrintJob
    sale: Sale


class LastSale(NamedTuple):
    """A sale and the latest job that prints it."""

    sale: Sale
    job: PrintJob | None


def last_sale(lane: LaneId, uow: UnitOfWork) -> LastSale:
    """Return the last sale of a lane; nothing is changed.

    Raises:
        SaleNotFound: nothing was sold yet.
    """
    with uow:
        sale = uow.sales.last(lane)
        if sale is None:
            raise SaleNotFound(f"last of lane {lane}")
        return LastSale(sale, uow.print_jobs.last_of(sale_number(sale.epoch, sale.receipt_no)))


def resume(cmd: Resume, uow: UnitOfWork) -> Resumed:
    """Return where the lane stands; nothing is changed."""
    with uow:
        basket = uow.baskets.load(cmd.lane)
        sale = uow.sales.last(cmd.lane)
        job = uow.print_jobs.last_of(sale_number(sale.epoch, sale.receipt_no)) if sale else None
    asks = job is not None and job.state in ("unknown", "failed")
    return Resumed(basket, sale if asks else None, job)


def reprint(cmd: Reprint, uow: UnitOfWork) -> PrintJob:
    """Queue the receipt once more; it will be marked as a copy and takes no new number.

    Raises:
        SaleNotFound: this store's journal has no such sale.
    """
    with uow:
        sale = uow.sales.get(cmd.sale_id)
        if sale is None:
            raise SaleNotFound(cmd.sale_id)
        number = sale_number(sale.epoch, sale.receipt_no)
        if uow.print_jobs.last_of(number) is None:
            uow.print_jobs.queue(number)
            uow.print_jobs.set_state(number, 0, "unknown", "sold without a printer")
        job = uow.print_jobs.queue_copy(number)
        uow.commit()
    return job


def job_waits(uow: UnitOfWork) -> bool:
    """Return whether a receipt waits for the printer."""
    return uow.print_jobs.next_queued() is not None


def take_job(uow: UnitOfWork) -> Printable | None:
    """Take the oldest waiting job and mark it as being sent, so that a power cut from here on leaves a question, not a guess.

    Raises:
        SaleNotFound: the sale of the job is not in the journal.
    """
    with uow:
        job = uow.print_jobs.next_queued()
        if job is None:
            return None
        sale = uow.sales.by_receipt(job.sale_number >> 32, job.sale_number & 0xFFFFFFFF)
        if sale is None:
            raise SaleNotFound(str(job.sale_number))
        uow.print_jobs.set_state(job.sale_number, job.copy, "sending")
        uow.commit()
    return Printable(job._replace(state="sending"), sale)


def move_job(job: PrintJob, state: PrintState, reason: str, uow: UnitOfWork) -> None:
    """Keep what is known of a job now."""
    with uow:
        uow.print_jobs.set_state(job.sale_number, job.copy, state, reason)
        uow.commit()


def printed_late(sale_number: int, copy: int, uow: UnitOfWork) -> None:
    """Keep that a job is on paper of which that was not known; what a person has decided meanwhile stands beside it."""
    with uow:
        uow.print_jobs.set_state(sale_number, copy, "printed", "confirmed late")
        uow.commit()


def names_of(sale: Sale, uow: UnitOfWork) -> dict[str, tuple[str, str]]:
    """Return the (Chinese, English) names of what a sale sold, as far as the replica still knows them."""
    with uow:
        found = {line.sku: uow.catalogue.by_sku(line.sku) for line in sale.lines}
    return {sku: (each.item.name_zh, each.item.name_en) for sku, each in found.items() if each}
