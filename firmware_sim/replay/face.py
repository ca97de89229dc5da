"""A replay in front of a person: where its files go, what is said, and how it ends when something breaks."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from firmware_sim.chain.api import ApiRefused, ApiSilent
from firmware_sim.chain.child import ChildFailed
from firmware_sim.failing import told
from firmware_sim.replay import dataset
from firmware_sim.replay.faults import schedule
from firmware_sim.replay.loading import ImportRefused
from firmware_sim.replay.progress import Progress
from firmware_sim.replay.run import DatabaseInUse, Options, Outcome, Replay, Stalled
from firmware_sim.replay.summary import Summary
from firmware_sim.texts import Texts, thousands

_EXPECTED = (ApiRefused, ApiSilent, ChildFailed, DatabaseInUse, ImportRefused, Stalled)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asked for; ``keep`` None = throw the files away at the end."""

    weeks: tuple[int, int]
    stores: int | None
    processes: int
    speed: float
    faults: bool
    seed: int
    keep: Path | None
    database: str


def run(wanted: Wanted, texts: Texts) -> Summary:
    """Replay and tell about it on standard error.

    Raises:
        click.ClickException: it could not be done; the message says why.
        click.Abort: Ctrl-C or SIGTERM; everything is ended.
    """
    progress = Progress(texts)
    with _folder(wanted.keep) as folder, told(*_EXPECTED):
        try:
            outcome = _replay(wanted, texts, progress, folder)
        except* (KeyboardInterrupt, asyncio.CancelledError) as group:
            progress.note("replay.interrupted")
            raise click.Abort from group
    _tell(outcome, progress)
    if wanted.keep is not None:
        progress.note("replay.kept", folder=wanted.keep)
    return outcome.summary


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="shopwire-replay-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise click.ClickException(f"{keep} is not empty; a replay starts from nothing: name another directory")
    yield keep.absolute()


def _replay(wanted: Wanted, texts: Texts, progress: Progress, folder: Path) -> Outcome:
    first, last = wanted.weeks
    progress.note("replay.reading", first=first, last=last)
    source = dataset.read(first, last, wanted.stores)
    totals = source.totals
    progress.note(
        "replay.source",
        baskets=thousands(totals.baskets),
        lines=thousands(totals.lines),
        stores=thousands(totals.stores),
        products=thousands(totals.products),
        members=thousands(len(source.households())),
        sales=thousands(totals.sales_minor / 100),
    )
    processes = min(wanted.processes, totals.stores)
    if wanted.faults:
        progress.note("replay.faults", seed=wanted.seed)
    options = Options(
        processes=processes,
        folder=folder,
        speed=wanted.speed,
        faults=schedule(wanted.seed, totals.baskets, processes) if wanted.faults else (),
        database=wanted.database,
        lang=texts.lang,
    )
    return asyncio.run(_until_told(Replay(options, source, progress)))


async def _until_told(work: Replay) -> Outcome:
    # Both end it by leaving through every `finally` on the way; SIGINT also where a shell had it ignored, as in the background.
    running = asyncio.current_task()
    assert running is not None  # noqa: S101 - we are a coroutine
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    return await work.run()


def _tell(outcome: Outcome, progress: Progress) -> None:
    summary = outcome.summary
    for use in outcome.usage:
        slope = "-" if use.slope_mb_min is None else f"{use.slope_mb_min:+.2f}"
        progress.note("replay.usage", name=use.name, peak=use.peak_mb, slope=slope, cpu=use.cpu_s)
    if summary.agrees:
        progress.note(
            "replay.exact",
            baskets=thousands(summary.hq_baskets),
            lines=thousands(summary.hq_lines),
            sales=f"{thousands(summary.hq_sales_minor // 100)}.{summary.hq_sales_minor % 100:02d}",
            rate=thousands(summary.sales_per_s),
        )
        return
    progress.note(
        "replay.differs", missing=summary.missing, duplicated=summary.duplicated, mismatched=summary.mismatched
    )
    for example in outcome.examples:
        progress.note("replay.example", what=example)
