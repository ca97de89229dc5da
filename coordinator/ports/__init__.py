"""What handlers need from outside, as roles: a unit of work over the database, the authority that signs, what pages read.

A file here has the name of the one in ``coordinator/db`` that keeps its promise; the authority's is ``coordinator/authority.py``.
All methods of a ``UnitOfWork``'s parts run inside its one transaction; nothing is kept before ``commit``.
"""

from coordinator.ports.authority import Authority, Issued
from coordinator.ports.catalogue import Catalogue
from coordinator.ports.fleet import Fleet
from coordinator.ports.inbox import Inbox
from coordinator.ports.quarantine import Quarantine
from coordinator.ports.records import Records
from coordinator.ports.sales import Sales
from coordinator.ports.snapshots import Snapshots
from coordinator.ports.uow import UnitOfWork
from coordinator.ports.views import Record, Views

__all__ = [
    "Authority",
    "Catalogue",
    "Fleet",
    "Inbox",
    "Issued",
    "Quarantine",
    "Record",
    "Records",
    "Sales",
    "Snapshots",
    "UnitOfWork",
    "Views",
]
