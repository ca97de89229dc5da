"""The root of the command line answers at once, teaches in two languages, and every command that a page shows exists."""

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import shopwire
import shopwire_help

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("config/**/*"), ROOT / "docker-compose.yml"])
PACKAGES = ("domain", "protocol", "link", "devices", "edge_agent", "coordinator", "firmware_sim", "web")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*…?|<.*>|…|\.\.\.")


def run_help(*args: str, lang: str = "C.UTF-8") -> str:
    done = CliRunner(env={"LANG": lang, "LC_ALL": ""}).invoke(shopwire.main, [*args, "--help"])
    assert done.exit_code == 0, done.output
    return done.output


def test_help_says_what_each_command_is_for_with_three_examples() -> None:
    text = run_help()
    for name in shopwire.COMMANDS:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    assert text.count("$ shopwire ") == 3


@pytest.mark.parametrize(("args", "lang"), [(("--lang", "zh"), "en_US.UTF-8"), ((), "zh_CN.UTF-8")])
def test_help_speaks_chinese_when_asked(args: tuple[str, ...], lang: str) -> None:
    assert "总部" in run_help(*args, lang=lang)


def test_help_imports_none_of_the_applications() -> None:
    code = (
        "import sys, shopwire\n"
        "try: shopwire.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('edge_agent', 'coordinator', 'firmware_sim', 'sqlalchemy', 'fastapi', 'aiomqtt', 'cryptography')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", shopwire.COMMANDS)
def test_each_command_is_there_and_explains_itself(name: str) -> None:
    assert "--help" in run_help(name)


def test_an_unknown_command_is_refused() -> None:
    done = CliRunner().invoke(shopwire.main, ["sell"])
    assert done.exit_code == 2
    assert "sell" in done.output


QUOTED = r"`(shopwire [^`\n]+)`"
ON_ITS_OWN = r"^\s*(?:\$ )?(shopwire [^\n#]+)"


def shown_commands() -> Iterator[tuple[str, str]]:
    """Each ``shopwire …`` of a page, in back quotes or as a line of its own, and of a message in the code."""
    for file in filter(Path.is_file, [*PAGES, *SOURCES]):
        pattern = QUOTED if file.suffix == ".py" else f"{QUOTED}|{ON_ITS_OWN}"
        for shown in re.finditer(pattern, file.read_text(), re.MULTILINE):
            yield str(file.relative_to(ROOT)), next(filter(None, shown.groups())).rstrip("\\ ")


def options_of(command: click.Command) -> set[str]:
    return {opt for param in command.params for opt in (*param.opts, *param.secondary_opts)} | {"--help"}


def missing_in(shown: str) -> str | None:
    """Return the first word of a shown command that the command line does not know."""
    command: click.Command = shopwire.main
    for word in shlex.split(shown)[1:]:
        if word.startswith("-") and word != "-":
            if word.split("=")[0] not in options_of(command):
                return word
        elif isinstance(command, click.Group) and not PLACEHOLDER.fullmatch(word):
            names = word.split("|")
            found = [command.get_command(click.Context(command), name) for name in names]
            if None in found:
                return word
            command = found[0] or command
    return None


@pytest.mark.parametrize(("page", "shown"), sorted(set(shown_commands())))
def test_every_command_that_a_page_shows_exists(page: str, shown: str) -> None:
    assert missing_in(shown) is None


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert missing_in("shopwire edge sell-everything") == "sell-everything"
    assert missing_in("shopwire --verbose") == "--verbose"


def commands(command: click.Command = shopwire.main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command of the house."""
    yield path
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            yield from commands(command.get_command(ctx, name) or command, (*path, name))


CHINESE = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z']+[,:;]?( [A-Za-z']+[,:;]?){2,}")
EVERY = [" ".join(path) for path in commands()]
TAUGHT = [
    path for path in EVERY if path.startswith(("devices ", "scan ", "camera ", "edge ", "sim bench", "sim printer r"))
]


@pytest.mark.parametrize("path", EVERY)
def test_help_is_in_one_language(path: str) -> None:
    english, chinese = (
        [line for line in run_help("--lang", lang, *path.split()).splitlines() if "shopwire" not in line]
        for lang in ("en", "zh")
    )
    assert [line for line in english if CHINESE.search(line) and "--lang" not in line] == []
    assert [line for line in chinese[1:] if SENTENCE.search(line)] == []
    assert any(CHINESE.search(line) for line in chinese)


def test_the_examples_of_its_docstrings_run() -> None:
    assert doctest.testmod(shopwire_help).failed == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", TAUGHT)
def test_what_an_installer_needs_teaches_by_an_example(path: str, lang: str) -> None:
    usage, *lines = run_help("--lang", lang, *path.split()).splitlines()
    assert any(f"shopwire {path}" in line for line in lines), usage


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("devices probe", "错误：缺少参数 'ADDRESS'。"),
        ("devices list --foo", "错误：没有选项 '--foo'。"),
        ("devices list --jsn", "没有选项 '--jsn'。是不是要写 '--json'？"),
        ("devices learn till", "'till' 不在可用的 'drawer', 'scale' 之中。"),
        ("devices watch --seconds x", "错误：'--seconds' 的值无效：'x' 不是数值。"),
        ("devices watch --seconds nan", "错误：'--seconds' 的值无效：'nan' 不是时长：请写秒数，例如 30"),
        ("devices watch --seconds inf", "'inf' 不是时长"),
        ("edge host --root /tmp --edges x --grace nan", "'nan' 不是时长"),
        ("edge label X --copies 9999", "9999 不在范围 1<=x<=999 之内。"),
        ("sim printer render /nope", "文件 '/nope' 不存在。"),
        ("devices probe a b", "错误：多余的参数 (b)"),
        ("sell", "错误：没有命令 'sell'。"),
        ("sim replay --weeks x", "错误：'--weeks' 的值无效：'x' 应为 A-B，例如 1-2；全年为 1-53"),
        ("sim replay --speed nan", "'nan' 不是速度：请写一个数"),
        ("sim bench", "错误：请给出门店程序所读的配置文件"),
        ("scan explain --aim E0 1", "'E0' 不是 AIM 标识"),
        ("--sell", "错误：没有选项 '--sell'。"),
    ],
)
def test_a_mistake_is_told_in_chinese_with_the_same_exit_code(words: str, told: str) -> None:
    chinese, english = (CliRunner().invoke(shopwire.main, ["--lang", lang, *words.split()]) for lang in ("zh", "en"))
    assert told in chinese.output
    assert chinese.exit_code == english.exit_code == 2
    assert "Error: " in english.output
    assert not SENTENCE.search(re.sub(r"'.*?'", "", chinese.output.partition("错误")[2])), chinese.output


@pytest.mark.parametrize(("lang", "words"), [("en", "tell edges what is safe."), ("zh", "备份并核验")])
def test_headquarters_lists_its_commands_whole(lang: str, words: str) -> None:
    shown = " ".join(CliRunner().invoke(shopwire.main, ["--lang", lang, "coordinator", "--help"]).output.split())
    assert words in shown
    assert "..." not in shown.partition("Commands:")[2]


@pytest.mark.parametrize("command", ["doctor", "backup FILE", "revoke S1", "enrol S1", "token create N --role viewer"])
def test_headquarters_is_not_made_by_a_mistyped_folder(tmp_path: Path, command: str) -> None:
    nowhere = tmp_path / "hq"
    words = ["coordinator", *command.split(), "--data-dir", str(nowhere)]
    done = CliRunner().invoke(shopwire.main, words)
    assert done.exit_code == 1
    assert "holds no headquarters" in done.output
    assert not nowhere.exists()
