"""``shopwire coordinator …``: headquarters from the terminal."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from coordinator.settings import CoordinatorSettings, InvalidSettings, load
from coordinator.texts import Language, say

if TYPE_CHECKING:
    from coordinator.bootstrap import House

ROLES = ("api", "ingest", "ticker", "all")
TOKEN_ROLES = ("viewer", "operator", "admin")
EXIT_BROKEN = 1

Command = Callable[..., Any]


def common(command: Command) -> Command:
    """Add the options that every command has."""
    data = click.option(
        "--data-dir", type=click.Path(path_type=Path), help="State directory / 数据目录 [COORDINATOR_DATA_DIR]"
    )
    config = click.option("--config", type=click.Path(path_type=Path), help="TOML file with settings / 配置文件")
    return config(data(command))


def settings_of(config: Path | None, data_dir: Path | None, **overrides: Any) -> CoordinatorSettings:
    """Return the settings in force, or end with a message that names the setting."""
    try:
        return load(config, os.environ, {"data_dir": str(data_dir) if data_dir else None, **overrides})
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def opened(settings: CoordinatorSettings, *, check_schema: bool = True) -> Iterator["House"]:
    """Open headquarters' house and turn its refusals into messages; ``check_schema`` False = it may be made here and now."""
    from coordinator.bootstrap import House
    from coordinator.errors import CoordinatorError
    from coordinator.logs import configure
    from domain.errors import DomainError
    from link.errors import LinkError

    if check_schema and not settings.database and not (settings.directory / "coordinator.db").exists():
        # A doctor of an empty database would say that all is well, wherever a mistyped folder led it.
        raise click.ClickException(
            f"{settings.directory} holds no headquarters: is --data-dir right? `shopwire coordinator serve` makes one"
        )
    configure(settings.logging)
    house: House | None = None
    try:
        house = House(settings, check_schema=check_schema)
        yield house
    except (CoordinatorError, DomainError, LinkError, InvalidSettings) as error:
        raise click.ClickException(str(error)) from error
    finally:
        if house is not None:
            house.close()


def lang(ctx: click.Context) -> Language:
    """Return the language of this command."""
    return cast("Language", (ctx.obj or {}).get("lang", "zh"))


class Told(click.Command):
    """A command that stands in its group's list with its whole first sentence, in the language of the command line."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return one half of ``English. / 中文.``; lines are wrapped, not cut at ``limit``."""
        english, _, chinese = (self.help or "").partition("\n\n")[0].replace("\n", " ").partition(" / ")
        return chinese if chinese and lang(click.get_current_context().find_root()) == "zh" else english


class ToldGroup(click.Group, Told):
    """Commands and groups of that kind."""

    command_class = Told
    group_class = type


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


@coordinator.group()
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
            click.echo(json.dumps(row, ensure_ascii=False) if as_json else say(lang(ctx), "parked_row", **row))
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


@coordinator.group()
def token() -> None:
    """Tokens for people and programs that use the HTTP interface. / 接口令牌."""


@token.command("create")
@common
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(TOKEN_ROLES),
    required=True,
    help="viewer reads, operator changes, admin also revokes / viewer 只读，operator 可修改，admin 还可吊销.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    help="How long it works; without it until revoked / 有效天数，缺省为直到吊销.",
)
@click.pass_context
def create_token(
    ctx: click.Context, config: Path | None, data_dir: Path | None, name: str, role: str, days: int | None
) -> None:
    """Make token NAME and print it, this once. / 创建令牌."""
    from coordinator.handlers import access

    with opened(settings_of(config, data_dir)) as house:
        kind = cast("access.TokenRole", role)
        made = access.create_token(name, kind, house.begin(), house.clock, actor="terminal", days=days)
    click.echo(say(lang(ctx), "token_title", name=name, role=role), err=True)
    click.echo(made)


@token.command("revoke")
@common
@click.argument("name")
@click.pass_context
def revoke_token(ctx: click.Context, config: Path | None, data_dir: Path | None, name: str) -> None:
    """End token NAME at once. / 吊销令牌."""
    from coordinator.handlers import access

    with opened(settings_of(config, data_dir)) as house:
        access.revoke_token(name, house.begin(), house.clock, actor="terminal")
    click.echo(say(lang(ctx), "token_revoked", name=name))


if __name__ == "__main__":
    coordinator(prog_name="shopwire coordinator")
