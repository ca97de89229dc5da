"""Running an import: rows are read one by one and kept a slice at a time, and every refused row is named.

Slices are small so that the stores' sales are never kept waiting for a long file. What is refused is in the report; the rest goes through.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from coordinator.clock import Clock, stamp
from coordinator.handlers import feeds
from coordinator.ports import UnitOfWork

SLICE_ROWS = 2000
MAX_ERRORS = 1000

T = TypeVar("T")


class RowError(NamedTuple):
    """Why a row was not taken: where it stands, which field, what it held, and what was expected."""

    row: int
    field: str
    value: str
    limit: str


class NumberedRow(NamedTuple):
    """A row as read, or why it could not even be read."""

    row: int
    fields: dict[str, Any] | RowError


class Report(msgspec.Struct):
    """What came of an import; ``errors`` holds the first ``MAX_ERRORS``."""

    received: int = 0
    accepted: int = 0
    rejected: int = 0
    stores_updated: int = 0
    errors: list[RowError] = []


class Rejected(Exception):
    """One row breaks a rule."""

    def __init__(self, field: str, value: object, limit: str) -> None:
        super().__init__(f"{field} {value!s} is not valid: expected {limit}")
        self.field, self.value, self.limit = field, str(value)[:200], limit


Numbered = list[tuple[int, T]]
Keep = Callable[[UnitOfWork, Numbered[T], str, bool], tuple[list[RowError], set[str]]]
"""Keeps a slice in an open transaction; returns the rows it had to refuse and the stores that it touched."""


class Import(Generic[T]):
    """One import: reads rows, keeps them a slice at a time, counts."""

    def __init__(
        self, read: Callable[[dict[str, Any]], T], keep: Keep[T], uow: UnitOfWork, clock: Clock, actor: str, action: str
    ) -> None:
        self._read, self._keep, self._uow, self._clock = read, keep, uow, clock
        self._actor, self._action = actor, action
        self._report = Report()
        self._touched: set[str] = set()

    def run(self, rows: Iterable[NumberedRow]) -> Report:
        """Take every row and return what came of them."""
        slices = _slices(rows)
        first = next(slices, [])
        second = next(slices, None)
        for part in itertools.chain([first], [second] if second else [], slices):
            self._take(part, small=second is None and len(part) <= feeds.SMALL_ROWS)
        self._report.stores_updated = len(self._touched)
        return self._report

    def _take(self, part: list[NumberedRow], *, small: bool) -> None:
        readable: Numbered[T] = []
        for row in part:
            if isinstance(row.fields, RowError):
                self._reject(row.fields)
                continue
            try:
                readable.append((row.row, self._read(row.fields)))
            except Rejected as error:
                self._reject(RowError(row.row, error.field, error.value, error.limit))
        refused: list[RowError] = []
        if readable:
            at = stamp(self._clock.now())
            with self._uow as uow:
                refused, touched = self._keep(uow, readable, at, small)
                uow.records.audit(at, self._actor, self._action, f"{len(readable) - len(refused)} rows")
                uow.commit()
            self._touched |= touched
        for refusal in refused:
            self._reject(refusal)
        self._report.received += len(part)
        self._report.accepted += len(readable) - len(refused)

    def _reject(self, error: RowError) -> None:
        self._report.rejected += 1
        if len(self._report.errors) < MAX_ERRORS:
            self._report.errors.append(error)


def _slices(rows: Iterable[NumberedRow]) -> Iterator[list[NumberedRow]]:
    source = iter(rows)
    while part := list(itertools.islice(source, SLICE_ROWS)):
        yield part
