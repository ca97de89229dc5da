"""What stops an edge, and what it refuses to a person.

DomainError     the rule says no → tell the person (``domain.errors``)
├── UnknownBarcode                   nothing to sell under this code
├── NothingOnLane, SaleNotFound      the step has no sale to act on
├── LaneBusy                         a person is selling there
├── BasketFull                       the sale would no longer fit one fact
├── RequestReused                    one request id, two different wishes
├── DayAlreadyClosed                 a business day is closed once
├── LabelsRefused                    no batch of shelf labels can be begun
└── NotWeighed                       the scale has no weight that may be sold

ProtocolError   the ask makes no sense → answer that, serve the next one
└── BadAsk                           a line on the control socket that nobody can answer
    ├── UnknownAsk                   its ``do`` is no word of this agent
    └── AskIncomplete                a value is missing that the word needs

EdgeError       this box must not go on as it is → stop, say what to do next
├── StorageError    the disk or the file is not what a sale may rest on
│   ├── StorageFailed      read, write or flush failed: stop selling, start again from disk (F08, F13)
│   ├── DiskFull           no room for this commit: refused, nothing changed (F06)
│   ├── ReserveReached     no new sale, so that the last ones stay safe
│   ├── DatabaseCorrupt    the file is damaged: kept as it is, never replaced (F09, F15)
│   ├── DatabaseMissing    enrolled, but the history is gone (F12)
│   ├── DatabaseTooNew     written by a later release
│   └── UnsafePragmas      SQLite does not run as it must
├── NotEnrolled          headquarters does not know this box (yet)
├── AlreadyRunning       another process has this data directory
├── AgentNotRunning      nobody answers on the control socket
├── AgentRefused         a running agent said no; carries what it refused
└── SettingsInvalid      a setting that this release does not know or cannot use
"""

from pathlib import Path
from typing import Any

from domain.errors import DomainError
from protocol.errors import ProtocolError


class UnknownBarcode(DomainError):
    """No item of this store has the scanned code."""

    def __init__(self, code: str, reason: str = "no item of this store has it") -> None:
        super().__init__(f"code {code[:64]!r} cannot be sold: {reason}; key it in by hand or ask for help")
        self.code, self.reason = code, reason


class NothingOnLane(DomainError):
    """The lane has no open sale."""

    def __init__(self, lane: str) -> None:
        super().__init__(f"lane {lane!r} has no open sale: scan an item first")
        self.lane = lane


class LaneBusy(DomainError):
    """A person's sale is open on the lane, and a whole basket would push it aside."""

    def __init__(self, lane: str, lines: int) -> None:
        super().__init__(
            f"lane {lane!r} has an open sale of {lines} lines: pay or cancel it, or sell the basket on another lane"
        )
        self.lane, self.lines = lane, lines


class BasketFull(DomainError):
    """One more line, and the sale would no longer fit one fact."""

    def __init__(self, lines: int, size: int, limit: int) -> None:
        super().__init__(
            f"the open sale has {lines} lines of {size} bytes, limit {limit}: pay these and go on with a second sale"
        )
        self.lines, self.size, self.limit = lines, size, limit


class SaleNotFound(DomainError):
    """No committed sale has this id or number on this edge."""

    def __init__(self, sale: str) -> None:
        super().__init__(f"sale {sale!r} is not on this edge: look it up with `shopwire edge sales`")
        self.sale = sale


class RequestReused(DomainError):
    """A request id came back with another wish."""

    def __init__(self, request_id: str, first: str, now: str) -> None:
        super().__init__(f"request {request_id!r} was {first!r} the first time and is {now!r} now: use a new id")
        self.request_id, self.first, self.now = request_id, first, now


class DayAlreadyClosed(DomainError):
    """The business day of the lane is closed."""

    def __init__(self, lane: str, business_date: str) -> None:
        super().__init__(f"business day {business_date} of lane {lane!r} is closed already")
        self.lane, self.business_date = lane, business_date


class LabelsRefused(DomainError):
    """No batch of shelf labels can be begun; ``reason``: ``no_label_printer``, ``labels_under_way``, ``too_many``, ``nothing_missing``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no labels are printed ({reason.replace('_', ' ')})")
        self.reason = reason


class NotWeighed(DomainError):
    """The scale gave no weight to sell by; ``reason`` is one of ``devices.ports.scale.Reason``, ``away`` or ``no_scale``."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"not weighed ({reason.replace('_', ' ')}): see to the scale and try again, or sell by the piece"
        )
        self.reason = reason


class DrawerRefused(DomainError):
    """The cash drawer was not opened; ``reason`` is nobody, no_reason, not_allowed, no_drawer or drawer_away, ``detail`` says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"the drawer was not opened ({reason.replace('_', ' ')}): {detail}")
        self.reason, self.detail = reason, detail


class BadAsk(ProtocolError):
    """A line on the control socket that nobody can answer; the message says how one is written."""

    def __init__(self, reason: str) -> None:
        super().__init__(f'not an ask ({reason}): write one JSON object a line, such as {{"do": "status"}}')
        self.reason = reason


class UnknownAsk(BadAsk):
    """The ``do`` of an ask is no word of this agent."""

    def __init__(self, word: object, known: str) -> None:
        shown = repr(word)[:80]
        ProtocolError.__init__(self, f"this agent knows no do={shown}: it knows {known}. Ask for one of these")
        self.word, self.known = shown, known


class AskIncomplete(BadAsk):
    """A value is missing that the word needs."""

    def __init__(self, word: object, name: str) -> None:
        shown = repr(word)[:80]
        ProtocolError.__init__(self, f"do={shown} needs {name!r}, and it is missing: ask again with it")
        self.word, self.name = shown, name


class EdgeError(Exception):
    """This box must not go on as it is; the message says what to do next."""


class StorageError(EdgeError):
    """The disk or the database file is not what a sale may rest on."""


class StorageFailed(StorageError):
    """A read, write or flush failed; what the disk holds is known only after a new start."""

    def __init__(self, what: str, cause: str) -> None:
        super().__init__(
            f"storage failed while {what}: {cause}. Selling has stopped; the agent starts again from disk. "
            "If this repeats, replace the card or disk: `shopwire edge doctor`"
        )
        self.what, self.cause = what, cause


class DiskFull(StorageError):
    """There was no room for the commit: it was undone, the database is whole."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no room on the disk while {what}: refused, nothing was changed. Free space, then try again")
        self.what = what


class ReserveReached(StorageError):
    """New sales are refused, because the room that is left belongs to what is already sold."""

    def __init__(self, free_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"free space {free_bytes >> 20} MB is at or below the limit of {limit_bytes >> 20} MB: "
            "no new sale until space is freed (`shopwire edge doctor` says by what)"
        )
        self.free_bytes, self.limit_bytes = free_bytes, limit_bytes


class DatabaseCorrupt(StorageError):
    """The database file is damaged; it stays where it is."""

    def __init__(self, path: Path | str, finding: str) -> None:
        super().__init__(
            f"{path} is damaged ({finding}). Nothing was changed and nothing is sold from it. Keep the file, run "
            "`shopwire edge doctor`, then move it aside and start with `--new-epoch`: headquarters holds every "
            "acknowledged sale"
        )
        self.path, self.finding = str(path), finding


class DatabaseMissing(StorageError):
    """This box is enrolled, but its database is not there."""

    def __init__(self, path: Path | str, edge: str) -> None:
        super().__init__(
            f"edge {edge} is enrolled but {path} does not exist: its unsent sales may be lost. Bring the file back, or "
            "start with `--new-epoch` to begin a new series of receipts (headquarters raises an incident)"
        )
        self.path, self.edge = str(path), edge


class DatabaseTooNew(StorageError):
    """The file was written by a later release."""

    def __init__(self, path: Path | str, found: int, known: int) -> None:
        super().__init__(
            f"{path} has schema {found}, this release knows up to {known}: install the later release again"
        )
        self.path, self.found, self.known = str(path), found, known


class UnsafePragmas(StorageError):
    """SQLite does not run with the settings that durability rests on."""

    def __init__(self, name: str, found: object, wanted: object) -> None:
        super().__init__(
            f"SQLite runs with {name}={found}, a sale needs {name}={wanted}: put the data directory on a local disk"
        )
        self.name, self.found, self.wanted = name, found, wanted


class NotEnrolled(EdgeError):
    """The data directory holds no identity."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"{path} holds no identity: ask headquarters for a code (`shopwire coordinator enrol EDGE`), then "
            f"`shopwire edge enrol CODE --data-dir {Path(path).parent}`; only to try it: `shopwire sim bench FILE --store`"
        )
        self.path, self.data_dir = str(path), str(Path(path).parent)


class AlreadyRunning(EdgeError):
    """Another process works in this data directory."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"another agent already runs in {path}: stop it first, or use another --data-dir")
        self.path = str(path)


class AgentNotRunning(EdgeError):
    """Nobody answers on the control socket."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"no agent answers on {path}: start it with `shopwire edge run`")
        self.path = str(path)


class AgentRefused(EdgeError):
    """A running agent said no.

    Attributes:
        refused: the name of what it raised, as in ``error.<name>`` of the catalogue.
        values: its attributes.
    """

    def __init__(self, refused: str, values: dict[str, Any], message: str) -> None:
        super().__init__(message)
        self.refused, self.values = refused, values


class SettingsInvalid(EdgeError):
    """A setting is unknown or cannot be used."""
