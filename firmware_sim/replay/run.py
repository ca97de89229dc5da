"""One replay from the first store to the last cent: load, enrol, sell, wait, reckon."""

import asyncio
import calendar
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from firmware_sim.chain.api import Api
from firmware_sim.chain.host import Answer, EdgeHost
from firmware_sim.chain.usage import Usage, UsageWatch
from firmware_sim.replay import reconcile
from firmware_sim.replay.chain import ReplayChain
from firmware_sim.replay.dataset import Source
from firmware_sim.replay.faults import Fault, line_faults
from firmware_sim.replay.feeding import assign, feed
from firmware_sim.replay.loading import admit, load, price_rows
from firmware_sim.replay.nemesis import Nemesis
from firmware_sim.replay.pace import Pace
from firmware_sim.replay.progress import Count, Progress
from firmware_sim.replay.summary import Summary, source_units
from firmware_sim.texts import thousands

_DRAIN_STALL_S = 90.0
_DRAIN_LOOK_S = 0.5
_EXAMPLES = 5


class Stalled(Exception):
    """Headquarters does not get on: facts wait in the stores and nothing has moved for long."""


class DatabaseInUse(Exception):
    """Headquarters' database is not empty."""


@dataclass(frozen=True)
class Options:
    """How to replay. ``database``: a SQLAlchemy URL, empty = SQLite; ``faults`` in the order in which they strike, () = none."""

    processes: int
    folder: Path
    speed: float = 0.0
    faults: Sequence[Fault] = ()
    database: str = ""
    lang: str = "en"


class Witness:
    """Somebody outside who listens; this one does not care. Tests keep their own books here."""

    def heard(self, answer: Answer) -> None:
        """Hear a store's answer to a basket, each once."""

    def inspect(self, api: Api) -> None:
        """Look at headquarters when it has everything, before it is ended."""


@dataclass(frozen=True)
class Outcome:
    """The summary and what stands behind it; peaks are over the whole run, slopes over the selling."""

    summary: Summary
    usage: list[Usage]
    examples: list[str]


class Replay:
    """One run; ``run`` returns when headquarters has been reckoned with and everything started is ended."""

    def __init__(self, options: Options, source: Source, progress: Progress, witness: Witness | None = None) -> None:
        """Sell ``source`` as ``options`` say, and tell ``progress`` and ``witness``."""
        self._options, self._source, self._progress = options, source, progress
        self._chain = ReplayChain(
            options.folder, database=options.database, apart=bool(options.faults), lang=options.lang
        )
        self._count = Count(total=source.totals.baskets)
        self._refused: list[Answer] = []
        self._witness = witness or Witness()
        self._nemesis: Nemesis | None = None
        self._watch = UsageWatch(self._chain.processes)

    async def run(self) -> Outcome:
        """Do all of it.

        Raises:
            ChildFailed, ApiRefused, ApiSilent, ImportRefused, DatabaseInUse, Stalled: it could not be done.
        """
        try:
            await self._open()
            looking = [self._watch.run(), self._keep_showing()]
            guarding = [child.watch() for child in self._chain.watched()]
            return await _with_background(
                self._sell(), [*looking, *guarding, *(host.run() for host in self._chain.hosts)]
            )
        finally:
            await self._chain.stop()

    async def _open(self) -> None:
        options, chain, totals = self._options, self._chain, self._source.totals
        self._progress.note(
            "replay.starting", processes=options.processes, database=options.database.split(":")[0] or "sqlite"
        )
        await chain.start()
        self._progress.note("replay.ready", url=chain.headquarters.url)
        await asyncio.to_thread(_must_be_empty, chain.headquarters.api)
        self._progress.note(
            "replay.loading",
            products=thousands(totals.products),
            prices=thousands(sum(1 for _ in price_rows(self._source.products()))),
            members=thousands(len(self._source.households())),
            stores=totals.stores,
            listed=thousands(sum(len(listed) for _, listed in self._source.assortment())),
        )
        api = chain.headquarters.api
        await asyncio.to_thread(
            load, api, self._source, lambda rows: self._progress.note("replay.loaded", count=thousands(rows))
        )
        await self._open_stores(api)

    async def _open_stores(self, api: Api) -> None:
        stores = self._source.stores()
        self._progress.note("replay.enrolling", edges=len(stores))
        codes = self._options.folder / "enrolments.jsonl"
        await asyncio.to_thread(admit, api, stores, codes)
        await self._chain.open_stores(assign(stores, self._options.processes), codes, self._answered)
        codes.unlink()
        self._progress.note("replay.enrolled", edges=len(stores))

    async def _sell(self) -> Outcome:
        options, chain = self._options, self._chain
        host_of = {edge: host for host in chain.hosts for edge in host.edges}
        loop = asyncio.get_running_loop()
        self._progress.selling()
        began = loop.time()
        selling = feed(self._source.baskets(), host_of, Pace(options.speed))
        await (self._sell_under_faults(selling) if options.faults else selling)
        await self._all_answered()
        await self._drain()
        seconds = loop.time() - began
        while_selling = {use.name: use.slope_mb_min for use in self._watch.report()}
        outcome = await self._reckon(seconds)
        usage = [replace(use, slope_mb_min=while_selling.get(use.name)) for use in outcome.usage]
        return replace(outcome, usage=usage)

    async def _sell_under_faults(self, selling: Coroutine[Any, Any, None]) -> None:
        options, chain = self._options, self._chain
        assert chain.broker is not None  # noqa: S101 - with faults the broker stands apart
        self._nemesis = Nemesis(
            options.faults, chain.hosts, chain.wires, chain.broker, chain.headquarters, self._progress
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(selling, name="selling")
            tasks.create_task(self._nemesis.run(self._count), name="nemesis")

    def _answered(self, answer: Answer) -> None:
        if "error" in answer:
            self._refused.append(answer)
        self._witness.heard(answer)
        self._count.sold += 1
        if self._nemesis is not None:
            self._nemesis.sold()

    async def _all_answered(self) -> None:
        for host in self._chain.hosts:
            await host.idle()
        self._progress.show(self._count, last=True)
        for answer in self._refused[:_EXAMPLES]:
            reason = answer["error"]
            self._progress.note("replay.refused", edge=answer.get("edge"), ref=answer.get("source_ref"), reason=reason)

    async def _drain(self) -> None:
        self._progress.note("replay.draining")
        loop = asyncio.get_running_loop()
        least, moved_at = -1, loop.time()
        while behind := sum([await _behind(host) for host in self._chain.hosts]):
            if behind < least or least < 0:
                least, moved_at = behind, loop.time()
            elif loop.time() - moved_at > _DRAIN_STALL_S:
                raise Stalled(f"{behind} facts wait in the stores and none has moved for {_DRAIN_STALL_S:g} s")
            await asyncio.sleep(_DRAIN_LOOK_S)
        self._progress.note("replay.drained")

    async def _reckon(self, seconds: float) -> Outcome:
        self._progress.note("replay.reckoning")
        api = self._chain.headquarters.api
        baskets, cells = await asyncio.to_thread(_reckoning, api, self._source)
        totals = await asyncio.to_thread(api.get, "/v1/reports/totals")
        await asyncio.to_thread(self._witness.inspect, api)
        if self._options.faults:
            await self._chain.headquarters.doctor()
        struck = self._nemesis.struck if self._nemesis is not None else None
        if self._nemesis is not None and struck is not None:
            self._progress.note(
                "fault.counts",
                edges=struck["edge"],
                coordinators=struck["coordinator"],
                brokers=struck["broker"],
                lines=line_faults(struck),
                again=sum(host.sent_again for host in self._chain.hosts),
            )
        summary = self._summary(totals, baskets, cells.num_rows, struck.total() if struck else 0, seconds)
        return Outcome(summary, self._watch.report(), _examples(baskets, cells))

    def _summary(
        self, hq: dict[str, int], baskets: reconcile.Baskets, mismatched: int, faults: int, seconds: float
    ) -> Summary:
        source = self._source.totals
        return Summary(
            **{name: value for name, value in asdict(source).items() if name in Summary.__struct_fields__},
            retail_discount_minor=source.retail_minor,
            coupon_discount_minor=source.coupon_minor,
            hq_lines=hq["lines"],
            hq_baskets=hq["baskets"],
            hq_quantity=source_units(hq["quantity_milli"]),
            hq_sales_minor=hq["net_minor"],
            hq_retail_discount_minor=hq["retail_minor"],
            hq_coupon_discount_minor=hq["coupon_minor"],
            hq_coupon_match_minor=hq["coupon_match_minor"],
            missing=len(baskets.missing),
            duplicated=len(baskets.duplicated),
            mismatched=mismatched,
            faults=faults,
            seconds=round(self._progress.elapsed_s, 1),
            sales_per_s=round(source.baskets / seconds, 1),
        )

    async def _keep_showing(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if 0 < self._count.sold < self._count.total:
                self._progress.show(self._count)


async def _with_background(work: Coroutine[Any, Any, Outcome], background: list[Coroutine[Any, Any, None]]) -> Outcome:
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(each) for each in background]
        outcome = await work
        for task in beside:
            task.cancel()
    return outcome


def _must_be_empty(api: Api) -> None:
    if baskets := api.get("/v1/reports/totals")["baskets"]:
        raise DatabaseInUse(
            f"the database holds {baskets} sales already; a replay starts from nothing: name an empty one"
        )


async def _behind(host: EdgeHost) -> int:
    status = await host.status()
    return sum(int(edge["top"]) - int(edge["acked"]) for edge in status.values())


def _reckoning(api: Api, source: Source) -> tuple[reconcile.Baskets, pa.Table]:
    refs = reconcile.read_refs(api.get_bytes("/v1/reports/source-refs"))
    baskets = reconcile.compare_baskets(source.basket_refs(), refs)
    differing = [
        reconcile.differing_cells(source.cells(first, last), [_report(api, first, last)])
        for first, last in months(*source.days())
    ]
    return baskets, pa.concat_tables(differing)


def _report(api: Api, first: date, last: date) -> pa.Table:
    parameters = {"from": first.isoformat(), "to": last.isoformat()}
    return reconcile.read_cells(api.get_bytes("/v1/reports/store-day-product", **parameters))


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of every calendar month that ``first`` to ``last`` touches."""
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _examples(baskets: reconcile.Baskets, cells: pa.Table) -> list[str]:
    lost = [f"missing {ref}" for ref in baskets.missing[:_EXAMPLES]]
    doubled = [f"doubled {ref}" for ref in baskets.duplicated[:_EXAMPLES]]
    return [*lost, *doubled, *(f"source - headquarters: {cell}" for cell in cells.slice(0, _EXAMPLES).to_pylist())]
