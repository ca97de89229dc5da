"""``shopwire edge …``: one store on the command line. Everything heavy is imported by the command that needs it."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from edge_agent.help import TaughtGroup, texts_of
from edge_agent.settings import EdgeSettings, Loaded, load

config_option = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file with the settings / 设置文件."
)
data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where the journal lies / 数据目录."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object / 输出 JSON.")
new_epoch_option = click.option(
    "--new-epoch",
    is_flag=True,
    help="Begin a new journal and a new series of receipts although this edge had one / 数据库丢失后以新的小票序列重新开始.",
)


@click.group(cls=TaughtGroup)
def edge() -> None:
    """One store."""


def _loaded(config: Path | None, data_dir: Path | None) -> Loaded:
    return load(config, data_dir, os.environ)


def _data_dir(config: Path | None, data_dir: Path | None) -> Path:
    return data_dir or Path(_loaded(config, None).settings.data_dir)


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
    """Take the certificate that CODE stands for."""
    from edge_agent.enrolling import enrol_edge

    card = enrol_edge(code, _data_dir(config, data_dir), new_epoch=new_epoch)
    click.echo(
        _json({"edge": card.edge, "store": card.store})
        if as_json
        else texts_of(ctx)["cli.enrolled"].format(edge=card.edge, store=card.store)
    )


@edge.command()
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="One folder per edge in it / 每个门店一个子目录.",
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

    settings: EdgeSettings = load(None, root, os.environ).settings
    configure(settings.logging)
    names = [name for name in edges.split(",") if name]
    serve(root, names, enrolments, settings, till=sys.stdin.fileno(), grace_s=grace_s)


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    edge()
