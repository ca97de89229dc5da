"""Shelf labels for items of the catalogue: one batch at a time, with progress, and the rest of it when a roll ended badly."""

import asyncio
import itertools
from collections.abc import Coroutine, Mapping
from typing import Any

import msgspec

from devices.errors import DeviceError
from devices.labelling.templates import ShelfContent, shelf_label
from devices.ports.label import (
    MAX_COPIES,
    BatchOutcome,
    BatchProgress,
    LabelBatch,
    LabelPrinter,
    LabelRun,
    RunOutcome,
)
from devices.ports.printer import JobState
from domain.pricing import reference_price
from edge_agent.attached import Attached
from edge_agent.bay import Bay
from edge_agent.control import Ask
from edge_agent.counter import Counter
from edge_agent.errors import LabelsRefused
from edge_agent.features import Word, Work
from edge_agent.handlers.labels import Labelled, items_for_labels
from edge_agent.settings import ShelfLabelSettings
from edge_agent.texts import short

MAX_LABELS = 2000
PATIENCE_S = 120.0
"""So long a batch waits for a new roll, a closed head or an answer; then its rest can be asked for."""
PIECE_LABELS = 20
"""So many labels are one question to the driver, so that a hung one is noticed while a long batch is printed."""
_SLACK_S = 30.0

Answer = dict[str, Any]


class Labelling:
    """Prints shelf labels in the background; what is known of the last batch is kept until the next."""

    def __init__(self, attached: Attached, counter: Counter, settings: ShelfLabelSettings) -> None:
        self._attached, self._counter, self._settings = attached, counter, settings
        self._numbers = itertools.count(1)
        self._batch: LabelBatch | None = None
        self._outcome: BatchOutcome | None = None
        self._progress = BatchProgress(0, 0, 0)
        self._waiting = asyncio.Event()

    @property
    def words(self) -> Mapping[str, Word]:
        """``labels``: print ``codes`` (SKUs or barcodes) ``copies`` times; ``labels_progress``; ``labels_rest``: what is missing."""
        return {"labels": self._print, "labels_progress": self._tell, "labels_rest": self._print_rest}

    def work(self) -> Work:
        """Return the one task that prints, in a store that has a label printer."""
        return {} if self._attached.label_printer is None else {"labels": self._print_batches()}

    async def finish(self) -> None:
        """Wait for nothing: labels can be printed again."""

    async def _print(self, ask: Ask) -> Answer:
        codes = msgspec.convert(ask.get("codes"), list[str])
        copies = msgspec.convert(ask.get("copies", 1), int)
        if not codes or not 1 <= copies <= MAX_COPIES or len(codes) * copies > MAX_LABELS:
            raise LabelsRefused("too_many")
        self._check_free()
        items = await self._counter.ask(lambda uow, _: items_for_labels(codes, uow))
        documents = [shelf_label(content_of(item, self._settings), self._size, self._language) for item in items]
        self._start(LabelBatch(self._number(), tuple(LabelRun(each, copies) for each in documents), PATIENCE_S))
        return await self._tell({})

    async def _print_rest(self, ask: Ask) -> Answer:
        self._check_free()
        looked = msgspec.convert(ask.get("unknown_too", False), bool)
        if self._batch is None or self._outcome is None:
            raise LabelsRefused("nothing_missing")
        rest = self._outcome.rest(self._batch, self._number(), unknown_too=looked)
        if rest is None:
            raise LabelsRefused("nothing_missing")
        self._start(rest)
        return await self._tell({})

    @property
    def _size(self) -> tuple[float, float]:
        return self._settings.width_mm, self._settings.height_mm

    @property
    def _language(self) -> Any:
        return short(self._settings.language)

    def _number(self) -> str:
        return f"labels-{next(self._numbers)}"

    def _check_free(self) -> None:
        if self._attached.label_printer is None:
            raise LabelsRefused("no_label_printer")
        if self._batch is not None and self._outcome is None:
            raise LabelsRefused("labels_under_way")

    def _start(self, batch: LabelBatch) -> None:
        self._batch, self._outcome = batch, None
        self._progress = BatchProgress(0, 0, batch.total)
        self._waiting.set()

    async def _tell(self, _: Ask) -> Answer:
        batch, outcome, progress = self._batch, self._outcome, self._progress
        if batch is None:
            return {"batch": "", "state": "none", "printed": 0, "unknown": 0, "total": 0, "reason": ""}
        told = {"batch": batch.batch_id, "total": batch.total}
        if outcome is None:
            return told | {
                "state": "printing",
                "printed": progress.printed,
                "unknown": progress.in_flight,
                "reason": progress.waiting_for,
            }
        return told | {
            "state": outcome.state.value,
            "printed": outcome.printed,
            "unknown": outcome.unknown,
            "reason": outcome.reason,
        }

    async def _print_batches(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            batch, printer = self._batch, self._attached.label_printer
            if batch is not None and printer is not None:
                self._outcome = await self._in_pieces(printer, batch)

    async def _in_pieces(self, printer: Bay[LabelPrinter], batch: LabelBatch) -> BatchOutcome:
        done: list[RunOutcome] = []
        refused: list[int] = []
        state, reasons = JobState.PRINTED, list[str]()
        for piece in _pieces(batch):
            outcome = await self._one_piece(printer, piece, sum(run.printed for run in done))
            refused += [len(done) + number for number in outcome.refused]
            done += outcome.runs
            if outcome.state is not JobState.PRINTED:
                state, reasons = outcome.state, [*reasons, outcome.reason]
            if outcome.printed + sum(piece.runs[number].copies for number in outcome.refused) < piece.total:
                break  # the printer stands still; labels that it cannot print at all keep nobody up
        done += [RunOutcome()] * (len(batch.runs) - len(done))
        return BatchOutcome(batch.batch_id, state, tuple(done), "; ".join(reasons[:3]), tuple(refused))

    async def _one_piece(self, printer: Bay[LabelPrinter], piece: LabelBatch, before: int) -> BatchOutcome:
        latest = BatchProgress(0, 0, piece.total)

        def progress(now: BatchProgress) -> None:
            nonlocal latest
            latest = now
            total = self._progress.total
            self._progress = BatchProgress(before + now.printed, now.in_flight, total, now.waiting_for)

        def ask(each: LabelPrinter) -> Coroutine[Any, Any, BatchOutcome]:
            return each.print_batch(piece, progress)

        try:
            return await printer.ask(ask, piece.patience_s * (piece.total + 1) + _SLACK_S)
        except DeviceError as hung:
            return _as_far_as_told(piece, latest, str(hung))


def _pieces(batch: LabelBatch) -> list[LabelBatch]:
    """Cut a batch between runs, so that each piece has about ``PIECE_LABELS`` labels."""
    pieces: list[list[LabelRun]] = [[]]
    for run in batch.runs:
        if pieces[-1] and sum(each.copies for each in pieces[-1]) + run.copies > PIECE_LABELS:
            pieces.append([])
        pieces[-1].append(run)
    return [
        LabelBatch(f"{batch.batch_id}.{number}", tuple(runs), batch.patience_s) for number, runs in enumerate(pieces, 1)
    ]


def _as_far_as_told(piece: LabelBatch, told: BatchProgress, reason: str) -> BatchOutcome:
    """Return the outcome of a piece whose driver hung: what it told is printed, what was in flight is unknown, in order."""
    printed, unknown, runs = told.printed, told.in_flight, []
    for run in piece.runs:
        sure = min(run.copies, printed)
        maybe = min(run.copies - sure, unknown)
        printed, unknown = printed - sure, unknown - maybe
        runs.append(RunOutcome(sure, maybe))
    return BatchOutcome(piece.batch_id, JobState.UNKNOWN if told.in_flight else JobState.FAILED, tuple(runs), reason)


def content_of(labelled: Labelled, settings: ShelfLabelSettings) -> ShelfContent:
    """Return what stands on an item's label; the other language's name is its second line."""
    item, language = labelled.item, short(settings.language)
    name = item.name(language)
    other = item.name("en" if language == "zh" else "zh")
    reference, unit = reference_price(labelled.unit_price_minor, item.unit)
    codes = [barcode.code for barcode in item.barcodes if barcode.factor_milli == 1000]
    return ShelfContent(
        name,
        labelled.unit_price_minor,
        labelled.currency,
        second_name=other if other != name else "",
        spec=_of(item.attributes, "spec", "规格"),
        unit="" if item.unit == "each" else item.unit,
        origin=_of(item.attributes, "origin", "产地"),
        reference_minor=reference,
        reference_unit=unit,
        code=codes[0] if codes else item.sku,
        supervision_phone=settings.supervision_phone,
    )


def _of(attributes: Mapping[str, str], *names: str) -> str:
    return next((attributes[name] for name in names if name in attributes), "")
