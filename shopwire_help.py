"""How the command line explains itself in one language: which half of a text is shown, and what click itself says.

Help of options is ``English / 中文``. A docstring has paragraphs in both languages, examples too, or such halves. Click has no hook for its
own words but compiled message files for the whole process; its mistakes are found again by their English templates instead.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import IO, Any, Literal

import click

from domain.phrases import Phrasebook

Lang = Literal["en", "zh"]

_CHINESE = re.compile("[\u4e00-\u9fff]")
_PIECES = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+|\s+")
_CLOSING = frozenset("，。；：！？）》」、”…")
_EXTRA = re.compile(r"^(?P<help>.*?)(?:  )?(?P<extra>\[[^\]]*\])?$", re.DOTALL)
_EXAMPLES = "\b"

HELP = {
    "Options": "选项",
    "Commands": "命令",
    "Examples": "示例",
    "Show this message and exit.": "显示本说明。",
    "Show the version and exit.": "显示版本。",
}
_USAGE = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]..."}
_METAVARS = {
    "INTEGER RANGE": "整数", "INTEGER": "整数", "FLOAT RANGE": "数值", "FLOAT": "数值", "TEXT": "文本", "DIRECTORY": "目录",
    "FILE": "文件", "PATH": "路径",
}  # fmt: skip
_EXTRAS = {"default: ": "缺省：", "required": "必填", "env var: ": "环境变量：", "; ": "；"}
_MISTAKES = {
    "Missing argument {name}.": "缺少参数 {name}。",
    "Missing argument {name}. Choose from:{choices}": "缺少参数 {name}。可用的有：{choices}",
    "Missing option {name}.": "缺少选项 {name}。",
    "Missing option {name}. Choose from:{choices}": "缺少选项 {name}。可用的有：{choices}",
    "Missing command.": "缺少命令。",
    "No such option {name}.": "没有选项 {name}。",
    "No such option {name}. {more}": "没有选项 {name}。{more}",
    "No such command {name}.": "没有命令 {name}。",
    "No such command {name}. {more}": "没有命令 {name}。{more}",
    "Did you mean {name}?": "是不是要写 {name}？",
    "(Did you mean one of: {names}?)": "（是不是要写其中之一：{names}？）",
    "(Possible options: {names})": "（相近的选项：{names}）",
    "(Possible commands: {names})": "（相近的命令：{names}）",
    "Invalid value: {reason}": "值无效：{reason}",
    "Invalid value for {name}: {reason}": "{name} 的值无效：{reason}",
    "{value} is not one of {choices}.": "{value} 不在可用的 {choices} 之中。",
    "{value} is not {choice}.": "{value} 应为 {choice}。",
    "{value} is not a valid integer.": "{value} 不是整数。",
    "{value} is not a valid integer range.": "{value} 不是整数。",
    "{value} is not a valid float.": "{value} 不是数值。",
    "{value} is not a valid float range.": "{value} 不是数值。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 之内。",
    "File {name} does not exist.": "文件 {name} 不存在。",
    "Directory {name} does not exist.": "目录 {name} 不存在。",
    "Path {name} does not exist.": "路径 {name} 不存在。",
    "File {name} is a directory.": "{name} 是目录，应为文件。",
    "Directory {name} is a file.": "{name} 是文件，应为目录。",
    "File {name} is not readable.": "文件 {name} 无法读取。",
    "File {name} is not writable.": "文件 {name} 无法写入。",
    "Got unexpected extra argument {names}": "多余的参数 {names}",
    "Got unexpected extra arguments {names}": "多余的参数 {names}",
    "Option {name} requires an argument.": "选项 {name} 需要一个值。",
    "Option {name} requires {count} arguments.": "选项 {name} 需要 {count} 个值。",
    "Option {name} does not take a value.": "选项 {name} 不带值。",
    "Argument {name} takes {count} values.": "参数 {name} 需要 {count} 个值。",
    "Could not open file {name}: {reason}": "无法打开文件 {name}：{reason}",
}
"""What click says of a mistake, and its Chinese."""


def half(text: str, lang: Lang) -> str:
    """Return one language of ``English / 中文``; a text that is no such pair as it is.

    >>> half("Where the journal lies / 数据目录.", "zh"), half("Where the journal lies / 数据目录.", "en")
    ('数据目录。', 'Where the journal lies.')
    """
    english, _, chinese = text.partition(" / ")
    if not _CHINESE.search(chinese):
        return text
    return chinese.removesuffix(".") + "。" if lang == "zh" else english.removesuffix(".") + "."


def paragraphs(text: str, lang: Lang) -> str:
    """Return the paragraphs of a docstring that are in one language; what has no twin in that language stays."""
    all_of = text.split("\n\n")
    twins = {each.startswith(_EXAMPLES) for each in all_of if _CHINESE.search(each) and " / " not in each}
    kept = [
        half(each, lang)
        for each in all_of
        if each.startswith(_EXAMPLES) not in twins or " / " in each or bool(_CHINESE.search(each)) == (lang == "zh")
    ]
    return "\n\n".join(kept)


class EnglishHelp(click.HelpFormatter):
    """Help with the English half of every text."""

    def write_text(self, text: str) -> None:
        """Write the English paragraphs."""
        super().write_text(paragraphs(text, "en"))

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **more: Any) -> None:
        """Write names with the English half of what they mean."""
        super().write_dl([(name, _told(text, "en")) for name, text in rows], *args, **more)


class ChineseHelp(click.HelpFormatter):
    """Help in Chinese, laid out by the two columns that each character takes."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        for english, chinese in _USAGE.items():
            args = args.replace(english, chinese)
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """Write the title of a part."""
        self.write(f"{'':>{self.current_indent}}{HELP.get(heading, heading)}：\n")

    def write_text(self, text: str) -> None:
        """Write the Chinese paragraphs; examples line by line."""
        indent, shown = " " * self.current_indent, []
        for each in paragraphs(text, "zh").split("\n\n"):
            as_typed = each.startswith(_EXAMPLES)
            lines = each.split("\n")[1:] if as_typed else wrapped(" ".join(each.split()), self.width - len(indent))
            shown.append("\n".join((indent + line).rstrip() for line in lines))
        self.write("\n\n".join(shown) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they mean, the meanings below each other."""
        told = [(_metavar(name), _told(text, "zh")) for name, text in rows]
        column = min(max(columns(name) for name, _ in told), col_max) + col_spacing
        indent = " " * self.current_indent
        for name, text in told:
            first, *others = wrapped(text, self.width - self.current_indent - column) or [""]
            gap = (
                " " * (column - columns(name)) if columns(name) <= column - col_spacing else f"\n{indent}{' ' * column}"
            )
            self.write(f"{indent}{name}{gap}{first}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * column}{line}\n" for line in others))


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> columns("abc"), columns("数据")
    (3, 4)
    """
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text of at most ``width`` columns; only closing punctuation may stand out at the end.

    >>> wrapped("门店硬件：接了什么。", 10)
    ['门店硬件：', '接了什么。']
    """
    lines = [""]
    for piece in _PIECES.findall(re.sub(r"(?<=[，。；：]) +", "", text)):
        if columns(lines[-1]) + columns(piece) > width and lines[-1] and piece not in _CLOSING:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def _told(text: str, lang: Lang) -> str:
    found = _EXTRA.match(text)
    assert found is not None  # noqa: S101 - it fits any text
    about, extra = half(found["help"].strip(), lang), found["extra"] or ""
    if lang == "zh":
        about, extra = HELP.get(about, about), _replaced(extra, _EXTRAS.items())
        if _CHINESE.search(about):
            about = about.removesuffix(".").removesuffix("。") + "。"
    return "  ".join(filter(None, [about, extra]))


def _metavar(name: str) -> str:
    option, space, kind = name.partition(" ")
    return option + space + _METAVARS.get(kind, kind) if option.startswith("-") else name


def _replaced(text: str, words: Iterable[tuple[str, str]]) -> str:
    for english, chinese in words:
        text = text.replace(english, chinese)
    return text


class Mistake(click.ClickException):
    """What was refused, told in Chinese."""

    def __init__(self, message: str, ctx: click.Context | None = None) -> None:
        super().__init__(message)
        self.ctx = ctx

    def show(self, file: IO[Any] | None = None) -> None:
        """Write how the command is called and where its help is, where that was the mistake; then what was wrong."""
        if self.ctx is not None:
            where = f"运行 '{self.ctx.command_path} --help' 查看说明。"
            click.echo(f"{self.ctx.get_usage()}\n{where}\n", file=file, err=True)
        click.echo(f"错误：{self.message}", file=file, err=True)


class Misused(Mistake):
    """A mistake in the words of a command."""

    exit_code = click.UsageError.exit_code


def in_chinese(error: click.ClickException, sayings: Mapping[str, str]) -> Mistake:
    """Return what was refused in Chinese: click's own words, and ``sayings`` of the package that refused."""
    said = Phrasebook({**_MISTAKES, **sayings}).said(error.format_message())
    return Misused(said, error.ctx) if isinstance(error, click.UsageError) else Mistake(said)
