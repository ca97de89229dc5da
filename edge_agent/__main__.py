"""``shopwire edge …``: one store on the command line. Everything heavy is imported by the command that needs it."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from edge_agent.help import Seconds, TaughtGroup, texts_of
from edge_agent.looking import doctor, outbox, sales, status
from edge_agent.settings import Loaded, load
from edge_agent.terminal import config_option, data_dir_option, json_of, json_option, lang_of, settings_of

MAX_CODE_CHARACTERS = 10_000

new_epoch_option = click.option(
    "--new-epoch",
    is_flag=True,
    help="Begin a new journal and a new series of receipts: the old journal is gone / 数据库丢失，以新的小票序列重新开始.",
)


@click.group(cls=TaughtGroup)
def edge() -> None:
    """One store."""


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
        _typed_code(ctx) if code == "-" else code, Path(settings_of(config, data_dir).data_dir), new_epoch=new_epoch
    )
    told = {"edge": card.edge, "store": card.store}
    option = f"--config {config}" if config else f"--data-dir {data_dir}" if data_dir else ""
    click.echo(json_of(told) if as_json else texts_of(ctx)["cli.enrolled"].format(**told, option=option).rstrip())


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
    type=Seconds(min=0),
    default=20.0,
    show_default=True,
    help="Seconds to drain at the end / 结束时等待上传的秒数.",
)
def host(root: Path, edges: str, till: str, enrolments: Path | None, grace_s: float) -> None:
    """Be many edges in one process."""
    from edge_agent.hosting import serve
    from edge_agent.log import configure

    settings = settings_of(None, root)
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

    client = ControlClient(DataDir(Path(settings_of(config, data_dir).data_dir)).control)
    try:
        Console(client, texts_of(ctx), lang_of(ctx), click.echo).run(_typed())
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
    client = ControlClient(DataDir(Path(settings_of(config, data_dir).data_dir)).control)
    ask: dict[str, Any] = {"do": "labels_progress"}
    if codes:
        ask = {"do": "labels", "codes": list(codes), "copies": copies}
    elif rest:
        ask = {"do": "labels_rest", "unknown_too": unknown_too}
    try:
        ctx.exit(0 if follow(client, ask, texts_of(ctx), click.echo, as_json=as_json) else 1)
    finally:
        client.close()


for command in (status, sales, outbox, doctor):
    edge.add_command(command)

if __name__ == "__main__":
    edge()
