"""``shopwire scan explain``: what the till would make of a code, without a till."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from domain.labels import DEFAULT_LAYOUTS
from domain.scan import ScanState
from domain.symbology import is_aim
from edge_agent.help import TaughtGroup, texts_of
from edge_agent.terminal import json_of, lang_of

MAX_LINE_BYTES = 65_536


@click.group(cls=TaughtGroup)
def scan() -> None:
    """Codes and what they mean."""


def _aim(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_aim(value):
        raise click.BadParameter(f"{value!r} is no AIM identifier such as ]E0, ]C1 or ]Q1")
    return value


@scan.command()
@click.argument("codes", nargs=-1, required=True, metavar="DATA…")
@click.option("--aim", callback=_aim, metavar="]E0", help="Symbology as the scanner names it / 条码类型（AIM 标识）.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Store file whose label layouts count / 门店设置文件（标签格式）.",
)
@click.option(
    "--state",
    type=click.Choice(["shopping", "tendering"]),
    default="shopping",
    show_default=True,
    help="What the till is doing / 收银台状态.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line / 每行输出一个 JSON 对象.")
@click.pass_context
def explain(
    ctx: click.Context, codes: tuple[str, ...], aim: str | None, store: Path | None, state: str, *, as_json: bool
) -> None:
    """Tell what DATA is."""
    from edge_agent.explaining import explained, lines_of, unescaped
    from edge_agent.settings import layouts_in

    layouts = layouts_in(store) if store else DEFAULT_LAYOUTS
    today, lang = datetime.now(UTC).date(), lang_of(ctx)
    for data in _given(codes):
        told = explained(unescaped(data), aim, cast(ScanState, state), layouts, today)
        said = json_of(told) if as_json else "\n".join(lines_of(told, texts_of(ctx), lang))
        click.echo(said)


def _given(codes: tuple[str, ...]) -> Iterator[str]:
    """Yield the codes; ``-`` stands for the lines of standard input, in UTF-8 or GB18030 as scanners send them."""
    for code in codes:
        if code == "-":
            while line := sys.stdin.buffer.readline(MAX_LINE_BYTES):
                yield _text(line.rstrip(b"\r\n"))
        else:
            yield code


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")
