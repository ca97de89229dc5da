"""``shopwire edge …``: one store on the command line. Everything heavy is imported by the command that needs it."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from edge_agent.help import TaughtGroup, texts_of
from edge_agent.settings import EdgeSettings, Loaded, load
from edge_agent.texts import short, spoken

MAX_CODE_CHARACTERS = 10_000

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file with the settings / 设置文件."
)
data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where the journal lies / 数据目录."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON / 输出 JSON.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV / 输出 CSV.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many rows / 最多行数."
)
new_epoch_option = click.option(
    "--new-epoch",
    is_flag=True,
    help="Begin a new journal and a new series of receipts: the old journal is gone / 数据库丢失，以新的小票序列重新开始.",
)


@click.group(cls=TaughtGroup)
def edge() -> None:
    """One store."""


def _settings(config: Path | None, data_dir: Path | None) -> EdgeSettings:
    return load(config, data_dir, os.environ).settings


def _lang(ctx: click.Context) -> Any:
    return short(spoken((ctx.obj or {}).get("lang", "en")))


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


@edge.command()
@click.argument("code")
@config_option
@data_dir_option
@new_epoch_option
@json_option
@click.pass_context
def enrol(
    ctx: click.Context, code: str, config: Path | None, data_dir: Path | None, *, new_epoch: bool, as_json: bool
) -> None:
    """Take the certificate that CODE stands for; - reads it from standard input, where no other user of the box sees it."""
    from edge_agent.enrolling import enrol_edge

    card = enrol_edge(
        _typed_code(ctx) if code == "-" else code, Path(_settings(config, data_dir).data_dir), new_epoch=new_epoch
    )
    told = {"edge": card.edge, "store": card.store}
    option = f"--config {config}" if config else f"--data-dir {data_dir}" if data_dir else ""
    click.echo(_json(told) if as_json else texts_of(ctx)["cli.enrolled"].format(**told, option=option).rstrip())


def _typed_code(ctx: click.Context) -> str:
    """Return a line of a terminal, or all of a pipe: a code may come broken into lines."""
    if sys.stdin.isatty():
        click.echo(texts_of(ctx)["enrol.paste"], err=True)
        return sys.stdin.readline()
    return sys.stdin.read(MAX_CODE_CHARACTERS)


@edge.command()
@config_option
@data_dir_option
@new_epoch_option
def run(config: Path | None, data_dir: Path | None, *, new_epoch: bool) -> None:
    """Be the store."""
    from edge_agent.bootstrap import run_edge
    from edge_agent.log import configure

    loaded = load(config, data_dir, os.environ)
    configure(loaded.settings.logging, Path(loaded.settings.data_dir) / "traces")
    _tell_trouble(loaded)
    run_edge(loaded, new_epoch=new_epoch)


def _tell_trouble(loaded: Loaded) -> None:
    if loaded.trouble:
        import structlog

        structlog.get_logger(__name__).error("settings_broken", reason=loaded.trouble, used=str(loaded.source))


@edge.command()
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Holds one folder per edge / 每个门店一个子目录.",
)
@click.option("--edges", default="", metavar="A,B", help="Only these edges / 只运行这些门店.")
@click.option(
    "--till",
    type=click.Choice(["-"]),
    default="-",
    help="Baskets come as JSON lines from stdin / 从标准输入读取购物篮.",
)
@click.option(
    "--enrol",
    "enrolments",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON lines of edge and code / 注册码文件.",
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(min=0),
    default=20.0,
    show_default=True,
    help="Seconds to drain at the end / 结束时等待上传的秒数.",
)
def host(root: Path, edges: str, till: str, enrolments: Path | None, grace_s: float) -> None:
    """Be many edges in one process."""
    from edge_agent.hosting import serve
    from edge_agent.log import configure

    settings = _settings(None, root)
    configure(settings.logging)
    names = [name for name in edges.split(",") if name]
    serve(root, names, enrolments, settings, till=sys.stdin.fileno(), grace_s=grace_s)


@edge.command()
@config_option
@data_dir_option
@click.pass_context
def till(ctx: click.Context, config: Path | None, data_dir: Path | None) -> None:
    """Sell by hand."""
    from edge_agent.control import ControlClient
    from edge_agent.data_dir import DataDir
    from edge_agent.till.console import Console

    client = ControlClient(DataDir(Path(_settings(config, data_dir).data_dir)).control)
    try:
        Console(client, texts_of(ctx), _lang(ctx), click.echo).run(_typed())
    finally:
        client.close()


def _typed() -> Any:
    """Yield what is typed, with a prompt on a terminal."""
    while True:
        if sys.stdin.isatty():
            click.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        yield line


@edge.command()
@click.argument("codes", nargs=-1, metavar="CODE…")
@config_option
@data_dir_option
@click.option("--copies", type=click.IntRange(1, 999), default=1, show_default=True, help="Of each / 每种份数.")
@click.option("--rest", is_flag=True, help="What is missing of the last batch / 补打上一批缺少的.")
@click.option("--unknown-too", is_flag=True, help="With --rest: the unknown ones too / 连同不确定的.")
@click.option("--progress", is_flag=True, help="Only look at the last batch / 只查看上一批.")
@json_option
@click.pass_context
def label(
    ctx: click.Context,
    codes: tuple[str, ...],
    config: Path | None,
    data_dir: Path | None,
    copies: int,
    *,
    rest: bool,
    unknown_too: bool,
    progress: bool,
    as_json: bool,
) -> None:
    """Print shelf labels."""
    from edge_agent.control import ControlClient
    from edge_agent.data_dir import DataDir
    from edge_agent.label_face import follow

    if bool(codes) + rest + progress != 1:
        raise click.UsageError("give SKUs or barcodes, or --rest, or --progress")
    client = ControlClient(DataDir(Path(_settings(config, data_dir).data_dir)).control)
    ask: dict[str, Any] = {"do": "labels_progress"}
    if codes:
        ask = {"do": "labels", "codes": list(codes), "copies": copies}
    elif rest:
        ask = {"do": "labels_rest", "unknown_too": unknown_too}
    try:
        ctx.exit(0 if follow(client, ask, texts_of(ctx), _lang(ctx), click.echo, as_json=as_json) else 1)
    finally:
        client.close()


@edge.command()
@config_option
@data_dir_option
@json_option
@click.pass_context
def status(ctx: click.Context, config: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Tell how the store stands."""
    from edge_agent.standing import lines_of, standing_of

    standing = standing_of(_settings(config, data_dir))
    click.echo(_json(standing) if as_json else "\n".join(lines_of(standing, texts_of(ctx))))


@edge.command()
@config_option
@data_dir_option
@click.option("--day", default="", metavar="YYYY-MM-DD", help="Only this business date / 只看这一营业日.")
@limit_option
@click.option("--table", "as_table", is_flag=True, help="Print a table (the default) / 输出表格（默认）.")
@csv_option
@json_option
@click.pass_context
def sales(
    ctx: click.Context,
    config: Path | None,
    data_dir: Path | None,
    day: str,
    limit: int,
    *,
    as_table: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List sales, the newest first."""
    from edge_agent.db.report import report_on
    from edge_agent.standing import journal_in
    from edge_agent.tables import with_money

    with report_on(journal_in(Path(_settings(config, data_dir).data_dir))) as report:
        rows = report.sales(day, limit)
    shown = rows if as_csv or as_json else with_money(rows, _lang(ctx))
    _list(ctx, "sales", shown, as_csv=as_csv, as_json=as_json)


@edge.command()
@config_option
@data_dir_option
@click.option("--all", "everything", is_flag=True, help="Acknowledged facts too / 包括已确认的.")
@limit_option
@csv_option
@json_option
@click.pass_context
def outbox(
    ctx: click.Context,
    config: Path | None,
    data_dir: Path | None,
    limit: int,
    *,
    everything: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List facts that wait for headquarters."""
    from datetime import UTC, datetime

    from edge_agent.db.report import report_on
    from edge_agent.standing import journal_in

    with report_on(journal_in(Path(_settings(config, data_dir).data_dir))) as report:
        rows, state = report.outbox(limit, everything=everything), report.state()
        oldest_s = report.oldest_waiting_s(datetime.now(UTC))
    if not (as_csv or as_json):
        age = f"{oldest_s / 3600:.1f} h" if oldest_s > 5400 else f"{oldest_s:.0f} s"
        click.echo(texts_of(ctx)["outbox.head"].format(waiting=state.get("waiting", 0), age=age))
    _list(ctx, "outbox", rows, as_csv=as_csv, as_json=as_json)


def _list(ctx: click.Context, what: str, rows: list[dict[str, Any]], *, as_csv: bool, as_json: bool) -> None:
    from edge_agent.tables import comma_separated, table

    if as_json:
        click.echo(_json(rows))
    elif as_csv:
        click.echo(comma_separated(rows), nl=False)
    elif rows:
        titles = {
            key.rpartition(".")[2]: title for key, title in texts_of(ctx).items() if key.startswith(f"{what}.column.")
        }
        click.echo(table(rows, titles))


@edge.command()
@config_option
@data_dir_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Look at everything and say what to do next."""
    from edge_agent.doctor import examine
    from edge_agent.findings import told
    from edge_agent.log import configure

    settings, texts = _settings(config, data_dir), texts_of(ctx)
    configure(settings.logging)
    findings = [told(finding, texts, _lang(ctx)) for finding in examine(settings)]
    bad = sum(finding.verdict == "bad" for finding in findings)
    if as_json:
        click.echo(_json([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{texts[f'doctor.{finding.verdict}']:<6} {finding.title}: {finding.text}")
            if finding.next_step:
                click.echo(f"       → {finding.next_step}")
        text = texts["doctor.wrong"] if bad else texts["doctor.all_well"]
        click.echo(text.format(bad=bad, all=len(findings)))
    ctx.exit(1 if bad else 0)


if __name__ == "__main__":
    edge()
