"""The bench's command line: ``shopwire sim bench``, ``shopwire sim replay`` and ``shopwire demo``."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from firmware_sim.rendering import printer
from firmware_sim.replay.prepare import DataUnavailable, ensure_data
from firmware_sim.texts import Texts


class Weeks(click.ParamType[tuple[int, int]]):
    """``A-B`` or ``A``: weeks of 2017, 1 to 53."""

    name = "weeks"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Return first and last week."""
        if isinstance(value, tuple):
            return value
        first, _, last = str(value).partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            self.fail(f"{value!r} is not A-B, for example 1-2, or 1-53 for the whole year", param, ctx)
        weeks = int(first), int(last or first)
        if not 1 <= weeks[0] <= weeks[1] <= 53:
            self.fail(f"weeks {weeks[0]}-{weeks[1]} are not within 1-53, lowest first", param, ctx)
        return weeks


def _texts(ctx: click.Context) -> Texts:
    return Texts((ctx.obj or {}).get("lang", "en"))


@click.group()
def sim() -> None:
    """Simulated devices on the real wire protocol, and a real year of sales to replay.

    Devices also run alone, for example: python -m firmware_sim.line --help
    """


sim.add_command(printer)


@sim.command()
@click.option(
    "--weeks", type=Weeks(), default="1-2", show_default=True, help="Weeks of 2017, A-B; 1-53 is the whole year."
)
@click.option("--stores", type=click.IntRange(min=1), help="Only the N busiest stores of these weeks (default: all).")
@click.option(
    "--processes", type=click.IntRange(1, 64), help="Edge processes that share the stores (default: one a core)."
)
@click.option(
    "--speed", type=click.FloatRange(min=0), default=0.0, help="Times real time; 0, the default, is as fast as it goes."
)
@click.option("--faults", is_flag=True, help="Kill edges, headquarters and broker, and break lines, while selling.")
@click.option("--seed", type=click.IntRange(min=0), help="Which faults (default: drawn, and printed).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object, the last line of stdout.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep databases and logs here."
)
@click.option("--database", default="", metavar="URL", help="Headquarters' database (default: SQLite); must be empty.")
@click.pass_context
def replay(ctx: click.Context, /, *, seed: int | None, as_json: bool, processes: int | None, **chosen: Any) -> None:
    """Sell real baskets of 2017 in up to 457 stores, then reckon headquarters to the unit and to the cent.

    用最多 457 家门店重新销售 2017 年的真实购物篮，然后与总部逐件、逐分对账。

    Every store is a real edge agent with its own file, certificate and connection; broker and headquarters are the real ones. Ends with
    code 0 only when nothing is missing, nothing doubled, and every figure of every store, day and product is equal.

    \b
    Examples:
      shopwire sim replay                                  two weeks, all stores
      shopwire sim replay --weeks 1-2 --faults --json      the same with kills and broken lines
      shopwire sim replay --weeks 1-53 --keep year/        the whole year; databases and logs are kept
    """  # noqa: D301 - \b is click's mark for lines to keep
    texts = _texts(ctx)
    try:
        ensure_data(texts)
    except DataUnavailable as error:
        raise click.ClickException(str(error)) from error
    from firmware_sim.replay import face  # needs pyarrow, which is there only from here on

    wanted = face.Wanted(
        seed=int.from_bytes(os.urandom(2)) if seed is None else seed,
        processes=processes or os.cpu_count() or 1,
        **chosen,
    )
    summary = face.run(wanted, texts)
    if as_json:
        click.echo(msgspec.json.encode(summary))
    ctx.exit(0 if summary.agrees else 1)


@sim.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Play a scenario (or a .toml of your own); may be repeated.",
)
@click.option("--list", "listed", is_flag=True, help="List the scenarios that come with the bench.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="ID=PROFILE",
    help="Let a device play mute, clone, garbage …; may be repeated.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the page on 127.0.0.1 (default: a free one)."
)
@click.option(
    "--store",
    "living",
    is_flag=True,
    help="Start headquarters and an edge with this CONFIG, too: a store to play with.",
)
@click.option("--headless", is_flag=True, help="No page; with --scenario, end when all have been played.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one line when ready, one for the scenario's report.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep receipts and labels here (default: nowhere).",
)
@click.pass_context
def bench(ctx: click.Context, /, *, config: Path | None, listed: bool, as_json: bool, **chosen: Any) -> None:
    """Stand a simulator at every address of a store file, and hold the hardware in your hands.

    按门店文件中的每个地址放上一台模拟设备，像真机一样操作。

    Reads the CONFIG that the edge reads, so that `shopwire edge run` with the same file finds scanner, scale, printers and the rest.
    The page scans, weighs, tears paper, pulls cables and sends garbage. Ctrl-C takes everything away again.

    \b
    Examples:
      shopwire sim bench config/bench.toml                                  every class of device, and a page
      shopwire sim bench config/bench.toml --store                          the same with a store that sells
      shopwire sim bench config/bench.toml --profile printer-1=mute         a printer that answers nothing
      shopwire sim bench config/bench.toml --scenario paper-out --headless  play, report, end
    """  # noqa: D301 - \b is click's mark for lines to keep
    from firmware_sim.bench import face, scenario

    texts = _texts(ctx)
    if listed:
        for name in scenario.names():
            click.echo(f"{name:<20} {scenario.load(name).about.told(texts.lang)}")
        return
    if config is None:
        raise click.UsageError("name the store file that the edge reads, for example config/bench.toml")
    well = face.run(face.Wanted(config, **chosen), texts, sys.stdout, as_json=as_json)
    ctx.exit(0 if well else 1)


@click.command()
@click.option("--headless", is_flag=True, help="Do not stay: end everything after the show.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object, the last line of stdout.")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where receipts, databases and logs go."
)
@click.pass_context
def demo(ctx: click.Context, /, *, headless: bool, as_json: bool, folder: Path | None) -> None:
    """A small chain on this machine: three stores sell real baskets, one loses its line and catches up.

    本机上的一个小连锁：三家门店销售真实购物篮，其中一家断线后补齐。

    Starts broker, headquarters and three stores with simulated scanner, printer and camera on free ports; nothing outside is touched.
    Stays up, with its addresses printed, until Ctrl-C; then everything it started is ended.

    \b
    Examples:
      shopwire demo                                        look on
      shopwire demo --headless --json                      the same without staying; a summary object at the end
    """  # noqa: D301 - \b is click's mark for lines to keep
    from firmware_sim.demo import face

    summary = face.run(_texts(ctx), folder, sys.stderr if as_json else sys.stdout, stay=not headless)
    if as_json and summary is not None:
        click.echo(msgspec.json.encode(summary))
    ctx.exit(0 if summary is not None and summary.ok else 1)
