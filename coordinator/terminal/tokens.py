"""``shopwire coordinator token …``: who may use the HTTP interface."""

from pathlib import Path
from typing import cast

import click

from coordinator.terminal.asked import ToldGroup, common, lang, opened, settings_of
from coordinator.texts import say

TOKEN_ROLES = ("viewer", "operator", "admin")


@click.group(cls=ToldGroup)
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
