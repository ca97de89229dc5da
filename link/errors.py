"""What can be wrong with the road between a store and headquarters.

LinkError       the road is closed → keep selling, retry with back-off
├── LinkDown               nobody answers, or the connection broke: try again
├── LinkRefused            somebody answers and says no: tell the operator, try again slowly
├── BrokerFailed           our own Mosquitto child did not start or died
├── IdentityRefused        a certificate, request, code or signature is not acceptable
└── EnrolmentFailed        headquarters did not give this edge a certificate
"""

import asyncio
from pathlib import Path
from typing import NoReturn


class LinkError(Exception):
    """The road is closed; what is on disk waits."""


class LinkDown(LinkError):
    """No connection, or the connection broke: retry with back-off."""


class LinkRefused(LinkError):
    """The other end said no (certificate, name, permission, version): a person must look; retrying alone will not help."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class BrokerFailed(LinkError):
    """The Mosquitto child did not start, or died."""

    def __init__(self, what: str, *, port: int, config: Path, log_tail: str) -> None:
        tail = log_tail.strip() or "(Mosquitto wrote no log)"
        super().__init__(f"{what}; port {port}, configuration {config}; end of Mosquitto's log:\n{tail}")
        self.port, self.config, self.log_tail = port, config, log_tail


class IdentityRefused(LinkError):
    """A certificate, certificate request, enrolment code or signature is not acceptable."""


class EnrolmentFailed(LinkError):
    """Headquarters did not give this edge a certificate; the message says what to do next."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def raise_link_error(group: "BaseExceptionGroup[BaseException]") -> NoReturn:
    """Raise the one ``LinkError`` that a broken connection's group comes to: the refusal in it, or the first; anything else as it is.

    The group's owner must be in its body when a child fails, not already waiting at its end: there Python 3.11 leaves the owner marked as
    cancelled, and nobody could tell that from a real cancellation.

    Raises:
        CancelledError: we were cancelled at the same time; Python 3.11's task groups forget that beside an error.
    """
    _, others = group.split(LinkError)
    if others is not None:
        raise others
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    found = [error for error in _leaves(group) if isinstance(error, LinkError)]
    raise next((error for error in found if isinstance(error, LinkRefused)), found[0]) from None


def _leaves(group: "BaseExceptionGroup[BaseException]") -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
