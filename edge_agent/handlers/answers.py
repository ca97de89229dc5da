"""First answers: a command that comes again with its request id is not carried out again."""

from edge_agent.errors import RequestReused
from edge_agent.ports import UnitOfWork


def first_answer(request_id: str, verb: str, uow: UnitOfWork) -> bytes | None:
    """Return what the request was answered the first time, None when it is new.

    Raises:
        RequestReused: the id was used for another verb.
    """
    known = uow.requests.answer(request_id) if request_id else None
    if known is None:
        return None
    if known[0] != verb:
        raise RequestReused(request_id, known[0], verb)
    return known[1]
