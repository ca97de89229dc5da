"""The bench's command line: ``shopwire sim bench``, ``shopwire sim replay`` and ``shopwire demo``."""

import math
import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from firmware_sim.help import Told, ToldGroup
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


class Speed(click.FloatRange):
    """A multiple of real time; ``nan`` and ``inf``, which click takes, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the multiple, or refuse what is none."""
        speed: float = super().convert(value, param, ctx)
        if not math.isfinite(speed):
            self.fail(f"{value!r} is no speed: give a number, such as 60, or 0 for as fast as it goes", param, ctx)
        return speed


def _texts(ctx: click.Context) -> Texts:
    return Texts((ctx.obj or {}).get("lang", "en"))


@click.group(cls=ToldGroup)
def sim() -> None:
    """Simulated devices on the real wire protocol, and a real year of sales to replay.

    按真实通信协议模拟的设备，以及可回放的一整年真实销售。

    Devices also run alone, for example: python -m firmware_sim.line --help

    设备也可单独运行，例如：python -m firmware_sim.line --help

    \b
    Examples:
      shopwire sim bench config/bench.toml --store      a whole simulated store in the browser; next: press its buttons
      shopwire sim printer render receipt.bin           what these bytes look like on paper

    \b
    示例：
      shopwire sim bench config/bench.toml --store      在浏览器里打开一家模拟门店；接着按按钮试试
      shopwire sim printer render receipt.bin           看这些字节印在纸上的样子
    """  # noqa: D301 - \b is click's mark for lines to keep


sim.add_command(printer)


@sim.command()
@click.option(
    "--weeks",
    type=Weeks(),
    default="1-2",
    show_default=True,
    help="Weeks of 2017, A-B; 1-53 is the whole year / 2017 年的周次 A-B；1-53 为全年.",
)
@click.option(
    "--stores",
    type=click.IntRange(min=1),
    help="Only the N busiest stores of these weeks (default: all) / 只取这几周最忙的 N 家门店（缺省为全部）.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Edge processes that share the stores (default: one a core) / 分担门店的进程数（缺省为每核一个）.",
)
@click.option(
    "--speed",
    type=Speed(min=0),
    default=0.0,
    help="Times real time; 0, the default, is as fast as it goes / 相对真实时间的倍数；缺省 0 为尽可能快.",
)
@click.option(
    "--faults",
    is_flag=True,
    help="Kill edges, headquarters and broker, and break lines, while selling / 销售中杀掉进程、切断线路.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Which faults (default: drawn, and printed) / 故障种子（缺省为随机，并会输出）.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the summary as one JSON object, the last line of stdout / 在标准输出末行输出一个 JSON 对象.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep databases and logs here / 在此保留数据库与日志.",
)
@click.option(
    "--database",
    default="",
    metavar="URL",
    help="Headquarters' database (default: SQLite); must be empty / 总部数据库（缺省为 SQLite），须为空库.",
)
@click.pass_context
def replay(ctx: click.Context, /, *, seed: int | None, as_json: bool, processes: int | None, **chosen: Any) -> None:
    """Sell real baskets of 2017 in up to 457 stores, then reckon headquarters to the unit and to the cent.

    用最多 457 家门店重新销售 2017 年的真实购物篮，然后与总部逐件、逐分对账。

    Every store is a real edge agent with its own file, certificate and connection; broker and headquarters are the real ones. Ends with
    code 0 only when nothing is missing, nothing doubled, and every figure of every store, day and product is equal.

    每家门店都是真实的边缘代理，各有自己的文件、证书与连接；消息代理与总部也是真实的。
    只有不缺、不重，且每家门店、每天、每种商品的数字都相等时，退出码才为 0。

    \b
    Examples:
      shopwire sim replay                                  two weeks, all stores
      shopwire sim replay --weeks 1-2 --faults --json      the same with kills and broken lines
      shopwire sim replay --weeks 1-53 --keep year/        the whole year; databases and logs are kept

    \b
    示例：
      shopwire sim replay                                  两周，全部门店
      shopwire sim replay --weeks 1-2 --faults --json      同上，并杀进程、断线路
      shopwire sim replay --weeks 1-53 --keep year/        全年；保留数据库与日志
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
    help="Play a scenario (or a .toml of your own); may be repeated / 播放一个剧本（或自己的 .toml），可重复.",
)
@click.option("--list", "listed", is_flag=True, help="List the scenarios that come with the bench / 列出自带的剧本.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="ID=PROFILE",
    help="Let a device play mute, clone, garbage …; may be repeated / 让某台设备扮演 mute、clone、garbage 等，可重复.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the page on 127.0.0.1 (default: a free one) / 页面在 127.0.0.1 上的端口（缺省取空闲端口）.",
)
@click.option(
    "--store",
    "living",
    is_flag=True,
    help="Start headquarters and an edge with this CONFIG, too: a store to play with / 同时启动总部与使用此 CONFIG 的门店.",
)
@click.option(
    "--headless",
    is_flag=True,
    help="No page; with --scenario, end when all have been played / 不开页面；配合 --scenario 时播完即结束.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: one line when ready, one for the scenario's report / 输出 JSON：就绪一行，剧本报告一行.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep receipts and labels here (default: nowhere) / 在此保存小票与标签（缺省不保存）.",
)
@click.pass_context
def bench(ctx: click.Context, /, *, config: Path | None, listed: bool, as_json: bool, **chosen: Any) -> None:
    """Stand a simulator at every address of a store file, and hold the hardware in your hands.

    按门店文件中的每个地址放上一台模拟设备，像真机一样操作。

    Reads the CONFIG that the edge reads, so that `shopwire edge run` with the same file finds scanner, scale, printers and the rest.
    The page scans, weighs, tears paper, pulls cables and sends garbage. Ctrl-C takes everything away again.

    读取与门店相同的 CONFIG，因此用同一文件运行 `shopwire edge run` 就能找到扫描枪、电子秤、打印机等设备。
    页面上可以扫码、称重、撕纸、拔线、发乱码。按 Ctrl-C 全部收走。

    \b
    Examples:
      shopwire sim bench config/bench.toml                                  every class of device, and a page
      shopwire sim bench config/bench.toml --store                          the same with a store that sells
      shopwire sim bench config/bench.toml --profile printer-1=mute         a printer that answers nothing
      shopwire sim bench config/bench.toml --scenario paper-out --headless  play, report, end

    \b
    示例：
      shopwire sim bench config/bench.toml                                  各类设备与一个页面
      shopwire sim bench config/bench.toml --store                          同上，并带一家能收银的门店
      shopwire sim bench config/bench.toml --profile printer-1=mute         一台从不应答的打印机
      shopwire sim bench config/bench.toml --scenario paper-out --headless  播放、报告、结束
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


@click.command(cls=Told)
@click.option("--headless", is_flag=True, help="Do not stay: end everything after the show / 演示完即结束，不停留.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a summary as one JSON object, the last line of stdout / 在标准输出末行输出一个 JSON 对象.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where receipts, databases and logs go / 小票、数据库与日志的存放处.",
)
@click.pass_context
def demo(ctx: click.Context, /, *, headless: bool, as_json: bool, folder: Path | None) -> None:
    """A small chain on this machine: three stores sell real baskets, one loses its line and catches up.

    本机上的一个小连锁：三家门店销售真实购物篮，其中一家断线后补齐。

    Starts broker, headquarters and three stores with simulated scanner, printer and camera on free ports; nothing outside is touched.
    Stays up, with its addresses printed, until Ctrl-C; then everything it started is ended.

    在空闲端口上启动消息代理、总部与三家带模拟扫描枪、打印机和摄像头的门店；不触及外部。显示各地址并一直运行，按 Ctrl-C 后结束它启动的一切。

    \b
    Examples:
      shopwire demo                                        look on
      shopwire demo --headless --json                      the same without staying; a summary object at the end

    \b
    示例：
      shopwire demo                                        看它收银
      shopwire demo --headless --json                      同上但不停留；结束时输出一个汇总对象
    """  # noqa: D301 - \b is click's mark for lines to keep
    from firmware_sim.demo import face

    summary = face.run(_texts(ctx), folder, sys.stderr if as_json else sys.stdout, stay=not headless)
    if as_json and summary is not None:
        click.echo(msgspec.json.encode(summary))
    ctx.exit(0 if summary is not None and summary.ok else 1)
