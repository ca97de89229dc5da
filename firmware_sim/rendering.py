"""``shopwire sim printer …``: ESC/POS files as paper."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from firmware_sim.help import ToldGroup
from firmware_sim.texts import Texts

MAX_FILE_BYTES = 16 << 20


@click.group(cls=ToldGroup)
def printer() -> None:
    """Receipt printers: look at ESC/POS bytes as paper.

    小票打印机：把 ESC/POS 字节显示成纸面。
    """


@printer.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--profile",
    default="epson-80",
    show_default=True,
    help="Which printer: epson-80, latin-80, clone-80, clone-58, mute-58, garbage-80 … / "
    "打印机型号：epson-80、latin-80、clone-80、clone-58、mute-58、garbage-80 等.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Write the paper as a picture / 保存图片.",
)
@click.option("--text", "as_text", is_flag=True, help="Only the text / 只输出文字.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object / 输出一个 JSON 对象.")
@click.pass_context
def render(ctx: click.Context, file: Path, profile: str, png: Path | None, *, as_text: bool, as_json: bool) -> None:
    """Print any ESC/POS file on a simulated printer, and say what came of it.

    在模拟打印机上打印任意 ESC/POS 文件，并说明结果。

    FILE may be - for standard input. Paper is 58 or 80 mm wide as the profile's name says; a picture has 8 dots a millimetre.

    FILE 可写 - 表示标准输入。纸宽 58 或 80 毫米，见型号名；图片每毫米 8 点。

    \b
    Examples:
      shopwire sim printer render receipt.bin                             what is on the paper, as text
      shopwire sim printer render receipt.bin --png receipt.png           the same as a picture: look at it next
      shopwire sim printer render receipt.bin --profile clone-58 --json   on 58 mm, for programs

    \b
    示例：
      shopwire sim printer render receipt.bin                             以文字显示纸面
      shopwire sim printer render receipt.bin --png receipt.png           保存为图片，接着打开看看
      shopwire sim printer render receipt.bin --profile clone-58 --json   58 毫米纸，供程序使用
    """  # noqa: D301 - \b is click's mark for lines to keep
    from firmware_sim.printer import PROFILES
    from firmware_sim.printer.fonts import FontMissing
    from firmware_sim.printer.render import render as printed  # Pillow, only for who draws

    texts = Texts((ctx.obj or {}).get("lang", "en"))
    if profile not in PROFILES:
        raise click.BadParameter(
            f"{profile!r} is not one of {', '.join(sorted(PROFILES))}", ctx, param_hint="--profile"
        )
    data = _read(file, texts)
    try:
        paper = printed(data, profile, draw=png is not None)
    except FontMissing as error:
        raise click.ClickException(str(error)) from error
    if png is not None and paper.png is not None:
        _keep(png, paper.png)
    if as_json:
        click.echo(json.dumps(_described(paper, png), ensure_ascii=False))
        return
    click.echo(paper.text)
    if not as_text:
        click.echo(_summary(paper, texts), err=True)


def _keep(file: Path, png: bytes) -> None:
    try:
        file.write_bytes(png)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error


def _summary(paper: Any, texts: Texts) -> str:
    return texts(
        "render.summary",
        receipts=len(paper.receipts),
        cuts=paper.cuts,
        pulses=len(paper.drawer_pulses),
        unknown=len(paper.unknown),
        left_over=paper.left_over,
    )


def _read(file: Path, texts: Texts) -> bytes:
    source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    with source:
        data = source.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise click.ClickException(texts("render.too_large", limit=MAX_FILE_BYTES >> 20))
    return data


def _described(paper: Any, png: Path | None) -> dict[str, Any]:
    return {
        "receipts": [receipt.lines for receipt in paper.receipts],
        "cuts": paper.cuts,
        "drawer_pulses": paper.drawer_pulses,
        "answers": paper.answers.hex(),
        "unknown": [raw.hex() for raw in paper.unknown],
        "left_over": paper.left_over,
        "png": str(png) if png else None,
    }
