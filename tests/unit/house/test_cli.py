"""The root of the command line answers at once, teaches in two languages, and every command that a page shows exists."""

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
