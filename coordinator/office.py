"""What the faces of headquarters (HTTP, console) work with: ports and a few values, put together by ``bootstrap``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from coordinator.clock import Clock
from coordinator.ports import Authority, UnitOfWork, Views
from coordinator.settings import ApiSettings
from coordinator.telemetry import Telemetry

T = TypeVar("T")


class Again(Protocol):
    """Runs a piece of work, again while transactions meet."""

    def __call__(self, work: Callable[[], T], /) -> T:  # noqa: D102 - the class says it
        ...


class Signposts(NamedTuple):
    """What an edge is told at enrolment: where headquarters and its broker are, as seen from a store."""

    api_url: str
    broker_host: str
    broker_port: int
    server_name: str


@dataclass(frozen=True)
class Office:
    """One headquarters as its faces see it.

    Attributes:
        begin: gives a unit of work.
        again: runs a piece of work and repeats it while transactions meet; a handler is such a piece.
        verify: checks an edge's signed request (certificate PEM, header, method, path with query, body); raises IdentityRefused.
        signer: returns which edge a signature header names.
        changed: tells the sender of pokes that down logs grew.
        revoked: tells the broker that the revocation list changed.
        silent_s: an edge not heard of for longer counts as silent.
    """

    settings: ApiSettings
    clock: Clock
    views: Views
    authority: Authority
    telemetry: Telemetry
    begin: Callable[[], UnitOfWork]
    again: Again
    verify: Callable[[str, str, str, str, bytes], None]
    signer: Callable[[str], str]
    changed: Callable[[], None]
    revoked: Callable[[], None]
    signposts: Callable[[], Signposts]
    health: Callable[[], list[str]]
    release: Callable[[str], bool]
    certificate_days: int
    enrolment_hours: int
    silent_s: float
