"""``shopwire coordinator …``: headquarters from the terminal."""

import asyncio
import json
from pathlib import Path

import click

from coordinator.terminal.asked import ToldGroup, common, lang, opened, settings_of
from coordinator.terminal.quarantine import quarantine
from coordinator.terminal.tokens import token
from coordinator.texts import say

ROLES = ("api", "ingest", "ticker", "all")
EXIT_BROKEN = 1


@click.group(cls=ToldGroup)
def coordinator() -> None:
    """Headquarters: take the facts of all stores, answer with stock, sales and money. / 总部：接收所有门店的事实，给出库存、销售与资金.

    \b
    A first day:
      shopwire coordinator serve --data-dir hq            # database, authority and broker are made
      shopwire coordinator token create office --role operator --data-dir hq
      (POST /v1/stores and /v1/catalogue/imports tell of stores and goods: docs/api.md has the calls)
      shopwire coordinator enrol S1 --store 1 --data-dir hq   # prints a one-time code for the store's box
      shopwire coordinator doctor --data-dir hq           # do the books balance?

    \b
    第一天：
      shopwire coordinator serve --data-dir hq            # 建立数据库、签发机构与消息代理
      shopwire coordinator token create office --role operator --data-dir hq
      （用 POST /v1/stores 与 /v1/catalogue/imports 录入门店与商品：调用方法见 docs/api.md）
      shopwire coordinator enrol S1 --store 1 --data-dir hq   # 输出门店设备的一次性注册码
      shopwire coordinator doctor --data-dir hq           # 账目是否平衡
    """  # noqa: D301 - \b is click's mark for lines to keep


@coordinator.command()
@common
@click.option(
    "--role",
    type=click.Choice(ROLES),
    help="What this process does; several may share one PostgreSQL / 本进程的角色，多个进程可共用一个 PostgreSQL.",
)
@click.option(
    "--migrate",
    is_flag=True,
    help="Take an older schema to this program's first (SQLite in --data-dir: always) / 先升级旧的数据库结构.",
)
@click.option(
    "--announce",
    is_flag=True,
    help="Print one JSON line when ready: addresses, broker, token file / 就绪时输出一行 JSON：地址、broker、令牌文件.",
)
def serve(config: Path | None, data_dir: Path | None, role: str | None, migrate: bool, announce: bool) -> None:
    """Run headquarters until Ctrl-C or SIGTERM: HTTP, ingest and timed work. / 运行总部."""
    from coordinator.bootstrap import serve as put_together

    settings = settings_of(config, data_dir, role=role)
    with opened(settings, check_schema=False) as house:
        house.check_schema(migrate=migrate)
        asyncio.run(put_together(house, settings.role, announce=announce).run())


@coordinator.command()
@common
@click.pass_context
def migrate(ctx: click.Context, config: Path | None, data_dir: Path | None) -> None:
    """Take the database to this program's schema. / 升级数据库结构."""
    from coordinator.db.schema import migrate as step

    with opened(settings_of(config, data_dir), check_schema=False) as house:
        before, after = step(house.database)
    key = "migrated_already" if before == after else "migrated"
    click.echo(say(lang(ctx), key, before=before or "-", after=after))


@coordinator.command()
@common
@click.argument("edge")
@click.option(
    "--store",
    help="Register the edge for this store first; the store must exist (POST /v1/stores) / 先为该门店登记设备，门店须已存在.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text / 输出 JSON.")
@click.pass_context
def enrol(
    ctx: click.Context, config: Path | None, data_dir: Path | None, edge: str, store: str | None, as_json: bool
) -> None:
    """Print a one-time code that gives EDGE its certificate. / 为门店设备生成一次性注册码."""
    from coordinator.authority import OwnAuthority
    from coordinator.bootstrap import published
    from coordinator.handlers import fleet

    settings = settings_of(config, data_dir)
    with opened(settings) as house:
        url = published(settings).api_url
        if not url or url.endswith(":0"):
            raise click.ClickException(say(lang(ctx), "no_url"))
        if store is not None:
            fleet.add_edge(edge, store, house.begin(), house.clock, actor="terminal")
        authority, hours = OwnAuthority(house.authority), settings.enrolment_hours
        code = fleet.open_enrolment(edge, url, hours, house.begin(), authority, house.clock, actor="terminal")
    if as_json:
        click.echo(json.dumps({"edge": edge, **code._asdict()}))
        return
    click.echo(say(lang(ctx), "code_title", edge=edge, until=code.expires_at), err=True)
    click.echo(code.code)
    click.echo(say(lang(ctx), "code_next"), err=True)


@coordinator.command()
@common
@click.argument("edge")
@click.pass_context
def revoke(ctx: click.Context, config: Path | None, data_dir: Path | None, edge: str) -> None:
    """Refuse EDGE for good: its certificates go on the revocation list. / 永久吊销设备."""
    from coordinator.authority import OwnAuthority
    from coordinator.handlers import fleet

    with opened(settings_of(config, data_dir)) as house:
        serials = fleet.revoke(edge, house.begin(), OwnAuthority(house.authority), house.clock, actor="terminal")
    click.echo(say(lang(ctx), "edge_revoked", edge=edge, count=len(serials)))


@coordinator.command()
@common
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text / 输出 JSON.")
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Ask the database whether the books balance and every chain verifies; exit code 1 when something is broken. / 检查不变量."""
    from coordinator.db.doctor import examine

    settings = settings_of(config, data_dir)
    with opened(settings) as house:
        findings = list(examine(house.database))
        shown = house.database.engine.url.render_as_string(hide_password=True)
    broken = [finding for finding in findings if not finding.holds]
    if as_json:
        rows = [finding._asdict() for finding in findings]
        click.echo(json.dumps({"ok": not broken, "invariants": rows}, ensure_ascii=False))
    else:
        click.echo(say(lang(ctx), "doctor_title", database=shown))
        for finding in findings:
            click.echo(f"  {'✓' if finding.holds else '✗'} {finding.id:4} {say(lang(ctx), f'rule_{finding.id}')}")
            for row in finding.broken:
                click.echo(f"         {row}")
            if not finding.holds:
                click.echo(f"         → {say(lang(ctx), f'rule_{finding.id}_next')}")
        key = "doctor_broken" if broken else "doctor_ok"
        click.echo(say(lang(ctx), key, count=len(broken)))
    if broken:
        ctx.exit(EXIT_BROKEN)


@coordinator.command()
@common
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def backup(ctx: click.Context, config: Path | None, data_dir: Path | None, file: Path) -> None:
    """Copy the database to FILE while it works, verify the copy, and tell edges what is safe. / 备份并核验.

    Keep FILE on another machine: an edge may delete what a verified backup holds. Without backups edges keep everything for their
    retention time.

    请把 FILE 放在另一台机器上：已核验的备份中的数据，门店设备可以删除。没有备份时，设备在保留期内保存全部数据。
    """
    from coordinator.db.backup import backup as make

    with opened(settings_of(config, data_dir)) as house:
        made = make(house.database, file, house.clock)
    click.echo(say(lang(ctx), "backup_done", file=file, edges=made.edges, events=made.events))


@coordinator.command()
@common
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.pass_context
def restore(ctx: click.Context, config: Path | None, data_dir: Path | None, file: Path) -> None:
    """Replace the database by backup FILE, as a new generation; edges refill what came after it. / 从备份恢复."""
    from coordinator.bootstrap import running_pid
    from coordinator.db.backup import restore as put_back
    from coordinator.running import PARTS, claim

    settings = settings_of(config, data_dir)
    if pid := running_pid(settings):
        raise click.ClickException(say(lang(ctx), "unsafe_stop", pid=pid))
    with opened(settings, check_schema=False) as house:
        claim(settings.directory, PARTS)  # until this process ends: nobody starts to serve half a database
        gen = put_back(house.database, file, house.clock)
    click.echo(say(lang(ctx), "restored", file=file, gen=gen))


coordinator.add_command(quarantine)
coordinator.add_command(token)

if __name__ == "__main__":
    coordinator(prog_name="shopwire coordinator")
