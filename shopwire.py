"""The root of the command line: ``shopwire edge | coordinator | scan | sim | demo``.

Each group is imported when it is called: on a Raspberry Pi importing everything would cost seconds, and
``shopwire --help`` has to answer at once.
"""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from shopwire_help import ChineseHelp, EnglishHelp, Lang, Mistake, Misused, in_chinese


class Face(NamedTuple):
    """Where a command lives (``module:attribute``) and its one line of help."""

    target: str
    en: str
    zh: str


COMMANDS = {
    "edge": Face(
        "edge_agent.__main__:edge",
        "One store: sell, print, keep every sale on disk until headquarters has it.",
        "一家门店：收银、打印，每笔销售先落盘，直到总部确认收妥。",
    ),
    "devices": Face(
        "edge_agent.desk.commands:devices",
        "The hardware of a store: what is attached, what it is, whether it works, what it says.",
        "门店硬件：接了什么、是什么、是否正常、在说什么。",
    ),
    "coordinator": Face(
        "coordinator.__main__:coordinator",
        "Headquarters: take the facts of all stores, answer with stock, sales and money.",
        "总部：接收所有门店的事实，给出库存、销售与资金。",
    ),
    "scan": Face(
        "edge_agent.scan_face:scan",
        "What a barcode or QR code means to the till: item, weight, amount, payment, or why not.",
        "一个条码或二维码对收银台意味着什么：商品、重量、金额、付款码，或为何拒绝。",
    ),
    "camera": Face(
        "devices.vision.commands:camera",
        "Which codes are in a picture: from a phone, a shelf camera, a bug report.",
        "一张图片里有哪些条码：手机照片、货架相机或故障报告。",
    ),
    "sim": Face(
        "firmware_sim.__main__:sim",
        "Simulated devices on the real wire protocol, and a real year of sales to replay.",
        "按真实通信协议模拟的设备，以及可回放的一整年真实销售。",
    ),
    "demo": Face(
        "firmware_sim.__main__:demo",
        "A small chain on this machine: three stores, a broker, headquarters.",
        "在本机运行一个小连锁：三家门店、消息代理与总部。",
    ),
}

TEXTS = {
    "en": (
        "Stores that sell with or without a line, and a headquarters that knows every unit and cent exactly once.",
        "Commands",
        "Examples",
        (
            ("shopwire demo", "see it sell, here, now; Ctrl-C ends all of it"),
            ("shopwire edge run --config config/edge.toml", "be a store"),
            ("shopwire coordinator serve --config config/coordinator.toml", "be headquarters"),
        ),
        "Every command explains itself with --help. Chinese: --lang zh, or LANG=zh_CN.UTF-8.",
    ),
    "zh": (
        "断网也照常收银的门店，加上一个对每件商品、每一分钱都恰好记一次的总部。",
        "命令",
        "示例",
        (
            ("shopwire demo", "马上在本机看它卖货；按 Ctrl-C 全部结束"),
            ("shopwire edge run --config config/edge.toml", "作为一家门店运行"),
            ("shopwire coordinator serve --config config/coordinator.toml", "作为总部运行"),
        ),
        "每条命令都可用 --help 查看说明。英文：--lang en 或 LANG=en_US.UTF-8。",
    ),
}


def language(ctx: click.Context | None) -> Lang:
    """Return ``zh`` or ``en``: what ``--lang`` says, else the terminal's own language."""
    chosen = ctx.find_root().params.get("lang") if ctx else None
    named = chosen or next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if named.lower().startswith("zh") else "en"


class Spoken(click.Context):
    """A command's context whose help is in one language."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what lays out help in the language of the command line."""
        kind = ChineseHelp if language(self) == "zh" else EnglishHelp
        return kind(width=self.terminal_width, max_width=self.max_content_width)


def spoken(command: click.Command) -> click.Command:
    """Let a command and those below it explain themselves in one language."""
    command.context_class = Spoken
    if isinstance(command, click.Group):
        for each in command.commands.values():
            spoken(each)
    return command


@contextmanager
def mistakes_told(lang: Lang, ctx: click.Context | None = None) -> Iterator[None]:
    """Turn what is refused into Chinese where that is spoken: click's words, and those of the command's own package."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.ClickException as error:
        if lang == "en":
            raise
        called = COMMANDS.get((ctx.invoked_subcommand or "") if ctx else "")
        raise in_chinese(error, sayings_of(called.target.partition(".")[0]) if called else {}) from error


def sayings_of(package: str) -> dict[str, str]:
    """Return the sentences of a package with their Chinese, if it keeps any: ``sayings/locale``."""
    folder = Path(str(import_module(package).__file__)).parent / "sayings/locale"
    if not folder.is_dir():
        return {}
    english, chinese = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("en", "zh-CN"))
    return {english[name]: chinese[name] for name in english}


class ToldToProgram(click.ClickException):
    """A refusal as one JSON object on standard output, where whoever asked for ``--json`` reads everything else."""

    def show(self, file: Any = None) -> None:
        """Write it."""
        click.echo(self.message, file=file)


class MisusedByProgram(ToldToProgram):
    """The same of a command that was called wrongly."""

    exit_code = click.UsageError.exit_code


@contextmanager
def mistakes_as_json() -> Iterator[None]:
    """Turn a refusal into ``{"error": its name, "message": what a person would read}``; the exit code stays."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.ClickException as error:
        told = {"error": _named(error), "message": error.format_message()}
        line = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
        misused = error.exit_code == MisusedByProgram.exit_code
        raise (MisusedByProgram if misused else ToldToProgram)(line) from error


def _named(error: BaseException) -> str:
    """Return what was refused: the agent's name for it, the class of our error, or of click's where it was click that refused."""
    while not isinstance(name := getattr(error, "refused", None), str):
        group = isinstance(error, BaseExceptionGroup)
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
        if inner is None or not (group or type(error) in (click.ClickException, Mistake, Misused)):
            return "Refused" if type(error) is click.ClickException else type(error).__name__
        error = inner
    return name


class Root(click.Group):
    """A group that knows its commands by name and imports only the one that is called."""

    context_class = Spoken
    _for_program = False

    def make_context(self, info_name: str | None, args: list[str], *others: Any, **extra: Any) -> click.Context:
        """Read the root's own options; a mistake in them is told in the person's language."""
        self._for_program = "--json" in args
        with self._told(), mistakes_told("zh" if args[:2] == ["--lang", "zh"] else language(None)):
            return super().make_context(info_name, args, *others, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a mistake in its words is told in the person's language."""
        with self._told(), mistakes_told(language(ctx), ctx):
            return super().invoke(ctx)

    def _told(self) -> AbstractContextManager[None]:
        return mistakes_as_json() if self._for_program else nullcontext()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command ``cmd_name``, or None when there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{module}:{attribute} is no click command"  # noqa: S101 - ours
        return spoken(command)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for, three examples, and where to read on; nothing is imported for it."""
        lang = language(ctx)
        about, commands, examples, lines, more = TEXTS[lang]
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(about)
        with formatter.section(commands):
            formatter.write_dl([(name, getattr(face, lang)) for name, face in COMMANDS.items()])
        with formatter.section(examples):
            for command, what in lines:
                formatter.write(f"  # {what}\n  $ {command}\n")
        self.format_options(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(more)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options alone; the commands have their own lines above."""
        click.Command.format_options(self, ctx, formatter)


@click.group(cls=Root, context_settings={"max_content_width": 110})
@click.option("--lang", type=click.Choice(["en", "zh"]), is_eager=True, help="Language of texts / 界面语言.")
@click.version_option(package_name="shopwire", prog_name="shopwire")
@click.pass_context
def main(ctx: click.Context, lang: str | None) -> None:
    """Run one command of the house; ``ctx.obj["lang"]`` tells it the language."""
    ctx.obj = {"lang": language(ctx)}


if __name__ == "__main__":
    main()
