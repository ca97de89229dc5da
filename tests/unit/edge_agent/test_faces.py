"""What a cashier types and what an operator reads: words, tables, the control socket, help in two languages."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import shopwire
from domain.errors import DomainError, TenderTooSmall
from edge_agent.control import MAX_LINE_BYTES, ControlClient, ControlServer
from edge_agent.errors import AgentNotRunning, DiskFull, UnknownAsk
from edge_agent.tables import comma_separated, table, width, with_money
from edge_agent.texts import refusal, texts
from edge_agent.till.words import ask_of
from link.enrolment import encode_code
from tests.waiting import HANG_S, until


@pytest.mark.parametrize(
    ("typed", "ask"),
    [
        ("6901234567892", {"do": "scan", "code": "6901234567892", "aim": "]X0"}),
        ("2 * 690", {"do": "scan", "code": "690", "aim": "]X0", "quantity_milli": 2000}),
        ("0.845*PLU1", {"do": "scan", "code": "PLU1", "aim": "]X0", "quantity_milli": 845}),
        ("void 3", {"do": "void", "no": 3}),
        ("member H12", {"do": "member", "member": "H12"}),
        ("TOTAL", {"do": "step", "step": "total"}),
        ("cash 50", {"do": "pay", "kind": "cash", "amount_minor": 5000}),
        ("cash 1,050.5", {"do": "pay", "kind": "cash", "amount_minor": 105_050}),
        ("cash .5", {"do": "pay", "kind": "cash", "amount_minor": 50}),
        ("cash", {"do": "pay", "kind": "cash"}),
        ("qr", {"do": "pay", "kind": "qr"}),
        ("close", {"do": "close_day"}),
        ("weigh 06013", {"do": "weigh", "code": "06013", "aim": "]X0"}),
        ("tare 20", {"do": "tare", "weight_g": 20}),
        ("tare", {"do": "tare"}),
        ("drawer", {"do": "drawer"}),
        ("drawer 张三 换 零钱", {"do": "open_drawer", "by": "张三", "reason": "换 零钱"}),
        ("recover", {"do": "recover_printer", "drop": False}),
        ("recover drop", {"do": "recover_printer", "drop": True}),
        ("zero", {"do": "zero"}),
    ],
)
def test_words(typed: str, ask: dict[str, Any]) -> None:
    found = ask_of(typed, "CNY")
    found.pop("request_id", None)
    assert found == ask


def test_every_step_that_costs_money_has_an_id_of_its_own() -> None:
    ids = {ask_of(typed, "CNY")["request_id"] for typed in ("690", "690", "weigh 1", "cash 1", "qr")}
    assert len(ids) == 5


@pytest.mark.parametrize(
    "typed",
    [
        "weigh",
        "tare x",
        "void x",
        "void",
        "cash ten",
        "cash 1.2.3",
        "cash 5.129",
        "cash 1,5",
        "cash 1,50",
        "cash ,5",
        "cash -0.5",
        "99999999999 * 690",
    ],
)
def test_numbers_that_are_none(typed: str) -> None:
    with pytest.raises((ValueError, DomainError)):
        ask_of(typed, "CNY")


def test_money_without_decimals() -> None:
    assert ask_of("cash 500", "JPY")["amount_minor"] == 500


def test_columns_line_up_in_chinese() -> None:
    shown = table([{"a": "龙井茶", "b": 5}, {"a": "tea", "b": 1200}], {"a": "品名", "b": "件"})
    assert len({width(line) for line in shown.splitlines()}) == 1
    assert table([{"a": None, "b": 1}], {"a": "x", "b": "y"}).splitlines()[1].strip() == "1"


def test_a_spreadsheet_gets_no_formula() -> None:
    out = comma_separated([{"sale": '=HYPERLINK("http://x")', "total_minor": -5}])
    assert out.splitlines() == ["sale,total_minor", '"\'=HYPERLINK(""http://x"")",-5']
    assert comma_separated([]) == ""


def test_money_is_shown_as_a_person_reads_it() -> None:
    assert with_money([{"total_minor": 1234, "currency": "CNY"}], "zh")[0]["total"] == "￥12.34"


async def answer(ask: dict[str, Any]) -> dict[str, Any]:
    match ask["do"]:
        case "echo":
            return ask
        case "small":
            raise TenderTooSmall(1, 5)
        case "full":
            raise DiskFull("committing")
        case "weigh":
            return {"code": ask["code"]}
        case word:
            raise UnknownAsk(word, "echo, small, full, weigh")


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(ControlServer(path, answer).run())
        await until(path.exists)
        yield
        server.cancel()


async def test_the_control_socket_answers_its_own_user_only(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    async with serving(deep / "control.sock"):
        assert stat.S_IMODE((deep / "control.sock").stat().st_mode) == 0o600

        def talk() -> list[dict[str, Any]]:
            client = ControlClient(deep / "control.sock")
            try:
                return [
                    client.ask(do="echo", x="龙"),
                    client.ask(do="small"),
                    client.ask(do="full"),
                    client.ask(do="dance"),
                    client.ask(do="weigh"),
                    client.ask(do="small", lang="zh"),
                ]
            finally:
                client.close()

        said = await asyncio.to_thread(talk)
    assert said[0] == {"ok": {"do": "echo", "x": "龙"}}
    assert said[1]["error"] == "TenderTooSmall"
    assert said[1]["values"] == {"tendered_minor": 1, "due_minor": 5, "missing_minor": 4}
    assert said[2]["error"] == "DiskFull"
    assert said[3]["error"] == "UnknownAsk"
    assert (
        said[3]["message"] == "this agent knows no do='dance': it knows echo, small, full, weigh. Ask for one of these"
    )
    assert said[4]["error"] == "AskIncomplete"
    assert said[4]["values"] == {"word": "'weigh'", "name": "code"}
    assert said[5]["told"] == "实收 ￥0.01，应收 ￥0.05：还差 ￥0.04"
    assert "told" not in said[1]
    for each in said[3:5]:
        chinese = refusal(texts("zh-CN"), "zh", each["error"], each["values"], each["message"])
        assert "代理不认识 do='dance'" in chinese or "缺少“code”" in chinese


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"\xff\xfe\n", b'{"do": 7}\n', b'{"do":' + b"[" * 60_000 + b"\n"])
async def test_nonsense_is_answered_and_the_next_ask_works(tmp_path: Path, line: bytes) -> None:
    async with serving(tmp_path / "control.sock"):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
        writer.write(line + b'{"do":"echo"}\n')
        refused = json.loads(await reader.readline())
        assert refused["error"] in ("BadAsk", "AskIncomplete", "UnknownAsk")
        assert "do" in refused["message"]
        assert json.loads(await reader.readline()) == {"ok": {"do": "echo"}}
        writer.close()


async def test_a_line_without_end_is_hung_up_on(tmp_path: Path) -> None:
    async with serving(tmp_path / "control.sock"):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "control.sock"))
        writer.write(b"x" * (MAX_LINE_BYTES + 10))
        async with asyncio.timeout(HANG_S):
            assert await reader.read() == b""
        writer.close()


def test_nobody_on_the_socket_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AgentNotRunning, match="shopwire edge run"):
        ControlClient(tmp_path / "control.sock")
    with pytest.raises(AgentNotRunning):
        ControlClient(tmp_path / "gone" / "control.sock")


COMMANDS = ("enrol", "host", "run", "till", "status", "sales", "outbox", "doctor")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("lang", "examples"), [("en", "Examples:"), ("zh", "示例：")])
def test_help_teaches_with_examples(command: str, lang: str, examples: str) -> None:
    done = CliRunner().invoke(shopwire.main, ["--lang", lang, "edge", command, "--help"])
    assert done.exit_code == 0
    assert examples in done.output
    assert f"shopwire edge {command}" in done.output


def test_the_group_lists_every_command() -> None:
    listed = CliRunner().invoke(shopwire.main, ["--lang", "zh", "edge", "--help"]).output
    assert all(f"  {command} " in listed for command in COMMANDS)
    assert "断网" in listed


@pytest.mark.parametrize("command", [["status"], ["sales"], ["outbox"], ["till"], ["run"]])
def test_without_a_store_each_command_says_what_is_missing(tmp_path: Path, command: list[str]) -> None:
    done = CliRunner(env={**os.environ}).invoke(
        shopwire.main, ["--lang", "en", "edge", *command, "--data-dir", str(tmp_path)]
    )
    assert done.exit_code == 1
    assert "Error" in done.output
    assert "Traceback" not in done.output
    assert "control.sock" in done.output if command == ["till"] else "shopwire edge enrol CODE" in done.output


def test_the_doctor_of_an_empty_directory_finds_what_is_wrong(tmp_path: Path) -> None:
    done = CliRunner().invoke(shopwire.main, ["--lang", "en", "edge", "doctor", "--data-dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "shopwire edge enrol CODE" in done.output


@pytest.mark.parametrize("broken", [lambda code: code, lambda code: f"{code[:40]}\n  {code[40:]}\n"])
def test_a_code_is_read_from_standard_input(tmp_path: Path, broken: Callable[[str], str]) -> None:
    with socket.socket() as nobody:  # bound and not listening: whoever calls is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        code = encode_code(url, "S1", "secret", "ab" * 32)
        command = ["--lang", "en", "edge", "enrol", "-", "--data-dir", str(tmp_path)]
        done = CliRunner().invoke(shopwire.main, command, input=broken(code))
    assert done.exit_code == 1
    assert f"{url} cannot be reached" in done.output  # so it was read whole


def test_nothing_on_standard_input_is_no_code(tmp_path: Path) -> None:
    command = ["--lang", "zh", "edge", "enrol", "-", "--data-dir", str(tmp_path)]
    done = CliRunner().invoke(shopwire.main, command, input="")
    assert done.exit_code == 1
    assert "注册码" in done.output
    assert "请复制整行" in done.output
