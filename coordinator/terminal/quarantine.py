"""``shopwire coordinator quarantine …``: what could not be applied, and its two ways out."""

import json
from pathlib import Path

import click

from coordinator.terminal.asked import ToldGroup, common, lang, opened, settings_of
from coordinator.texts import said, say


@click.group(cls=ToldGroup)
def quarantine() -> None:
    """Events that could not be applied, and their two ways out. / 无法入账的事件及其处理.

    \b
    Read the reason; then one of the two:
      shopwire coordinator quarantine list --data-dir hq
      shopwire coordinator quarantine retry EVENT --data-dir hq     # after the missing item was imported
      shopwire coordinator quarantine settle EVENT --reason "till 2 summed wrongly, cash was right" --data-dir hq

    \b
    先看原因，再从后两条中选一条：
      shopwire coordinator quarantine list --data-dir hq
      shopwire coordinator quarantine retry EVENT --data-dir hq     # 补录了缺少的商品之后
      shopwire coordinator quarantine settle EVENT --reason "2 号机合计有误，现金无误" --data-dir hq
    """  # noqa: D301 - \b is click's mark for lines to keep


@quarantine.command("list")
@common
@click.option("--all", "with_resolved", is_flag=True, help="The resolved ones too / 包括已处理的.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text / 每行输出一个 JSON.")
@click.pass_context
def list_parked(
    ctx: click.Context, config: Path | None, data_dir: Path | None, with_resolved: bool, as_json: bool
) -> None:
    """Show the events that wait, oldest first: id, place, money and reason. / 列出待处理事件."""
    count = 0
    with opened(settings_of(config, data_dir)) as house:
        for row in house.parked(open_only=not with_resolved):
            count += 1
            del row["raw"]
            shown = {**row, "reason": said(lang(ctx), row["reason"])}
            click.echo(json.dumps(row, ensure_ascii=False) if as_json else say(lang(ctx), "parked_row", **shown))
            if row["resolved_at"] and not as_json:
                click.echo(say(lang(ctx), "parked_resolved", **row))
    if not as_json:
        click.echo(say(lang(ctx), "parked_count", count=count))


@quarantine.command("retry")
@common
@click.argument("event")
@click.option("--by", default="terminal", help="Your name, for the audit / 操作人，记入审计.")
@click.pass_context
def retry_parked(ctx: click.Context, config: Path | None, data_dir: Path | None, event: str, by: str) -> None:
    """Apply EVENT again, now that its cause is mended; says why when it still cannot be. / 重新入账."""
    from coordinator.db.engine import again
    from coordinator.handlers.quarantine import retry

    with opened(settings_of(config, data_dir)) as house:
        again(lambda: retry(event, house.begin(), house.clock, actor=by))
    click.echo(say(lang(ctx), "parked_booked", event=event))


@quarantine.command("settle")
@common
@click.argument("event")
@click.option("--reason", required=True, help="Why it is closed, for the auditor / 核销原因，供审计查阅.")
@click.option("--by", default="terminal", help="Your name, for the audit / 操作人，记入审计.")
@click.pass_context
def settle_parked(
    ctx: click.Context, config: Path | None, data_dir: Path | None, event: str, reason: str, by: str
) -> None:
    """Close EVENT for good: its money goes from suspense to written_off, stock is left as it is. / 核销."""
    from coordinator.db.engine import again
    from coordinator.handlers.quarantine import settle

    with opened(settings_of(config, data_dir)) as house:
        minor = again(lambda: settle(event, reason, house.begin(), house.clock, actor=by))
    click.echo(say(lang(ctx), "parked_settled", event=event, minor=minor))
