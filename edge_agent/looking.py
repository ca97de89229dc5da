"""``shopwire edge status | sales | outbox | doctor``: how a store stands, read beside a running agent or without one."""

from pathlib import Path
from typing import Any

import click

from edge_agent.help import Taught, texts_of
from edge_agent.terminal import config_option, data_dir_option, json_of, json_option, lang_of, settings_of

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV / 输出 CSV.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many rows / 最多行数."
)


@click.command(cls=Taught)
@config_option
@data_dir_option
@json_option
@click.pass_context
def status(ctx: click.Context, config: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Tell how the store stands."""
    from edge_agent.standing import lines_of, standing_of

    standing = standing_of(settings_of(config, data_dir))
    click.echo(json_of(standing) if as_json else "\n".join(lines_of(standing, texts_of(ctx))))


@click.command(cls=Taught)
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

    with report_on(journal_in(Path(settings_of(config, data_dir).data_dir))) as report:
        rows = report.sales(day, limit)
    shown = rows if as_csv or as_json else with_money(rows, lang_of(ctx))
    _list(ctx, "sales", shown, as_csv=as_csv, as_json=as_json)


@click.command(cls=Taught)
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

    with report_on(journal_in(Path(settings_of(config, data_dir).data_dir))) as report:
        rows, state = report.outbox(limit, everything=everything), report.state()
        oldest_s = report.oldest_waiting_s(datetime.now(UTC))
    if not (as_csv or as_json):
        age = f"{oldest_s / 3600:.1f} h" if oldest_s > 5400 else f"{oldest_s:.0f} s"
        click.echo(texts_of(ctx)["outbox.head"].format(waiting=state.get("waiting", 0), age=age))
    _list(ctx, "outbox", rows, as_csv=as_csv, as_json=as_json)


def _list(ctx: click.Context, what: str, rows: list[dict[str, Any]], *, as_csv: bool, as_json: bool) -> None:
    from edge_agent.tables import comma_separated, table

    if as_json:
        click.echo(json_of(rows))
    elif as_csv:
        click.echo(comma_separated(rows), nl=False)
    elif rows:
        titles = {
            key.rpartition(".")[2]: title for key, title in texts_of(ctx).items() if key.startswith(f"{what}.column.")
        }
        click.echo(table(rows, titles))


@click.command(cls=Taught)
@config_option
@data_dir_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Look at everything and say what to do next."""
    from edge_agent.doctor import examine
    from edge_agent.findings import told
    from edge_agent.log import configure
    from edge_agent.tables import padded

    settings, texts = settings_of(config, data_dir), texts_of(ctx)
    configure(settings.logging)
    findings = [told(finding, texts, lang_of(ctx)) for finding in examine(settings)]
    bad = sum(finding.verdict == "bad" for finding in findings)
    if as_json:
        click.echo(json_of([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{padded(texts[f'doctor.{finding.verdict}'], 6)} {finding.title}: {finding.text}")
            if finding.next_step:
                click.echo(f"       → {finding.next_step}")
        text = texts["doctor.wrong"] if bad else texts["doctor.all_well"]
        click.echo(text.format(bad=bad, all=len(findings)))
    ctx.exit(1 if bad else 0)
