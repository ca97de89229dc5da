"""What a self-test finds, said in both languages: each key of the code has its text, each text its key."""

import inspect
import re
import string
from types import ModuleType

import pytest

from devices.ports import Health
from edge_agent import doctor, way_to_hq
from edge_agent.desk import eyes, steps, trials
from edge_agent.errors import DatabaseCorrupt
from edge_agent.findings import Finding, told
from edge_agent.standing import lines_of
from edge_agent.storage import Level
from edge_agent.texts import texts
from link.indicator import RelayState

LOOKERS: tuple[ModuleType, ...] = (doctor, way_to_hq, eyes, steps, trials)
CHINESE = re.compile("[\u4e00-\u9fff]")


def keys(kind: str) -> set[str]:
    return {key.removeprefix(f"{kind}.") for key in texts("en") if key.startswith(f"{kind}.")}


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", ["finding", "next"])
def test_each_text_belongs_to_something_that_is_looked_at(kind: str) -> None:
    quoted = set(re.findall(r'"(\w+)"', "".join(map(inspect.getsource, LOOKERS))))
    assert keys(kind) - quoted == set()


def test_each_finding_in_the_code_has_its_texts() -> None:
    source = "".join(map(inspect.getsource, LOOKERS))
    found = set(re.findall(r'Finding\(\s*(?:f?"[^"]*"), (?:"\w+"|verdict), "(\w+)"', source))
    assert len(found) > 20
    assert found <= keys("finding")
    assert set(re.findall(r'then="(\w+)"', source)) <= keys("next")


@pytest.mark.parametrize("key", sorted(key for key in texts("en") if key.startswith(("finding.", "next.", "check."))))
def test_both_languages_say_the_same_things(key: str) -> None:
    assert fields(texts("en")[key]) == fields(texts("zh-CN")[key])


def test_a_finding_is_told_in_chinese_down_to_its_cause() -> None:
    finding = Finding(
        "database", "bad", "trouble", {"reason": DatabaseCorrupt("edge.db", "row 7"), "path": "x"}, "restore"
    )
    said = told(finding, texts("zh-CN"), "zh")
    assert (said.check, said.title) == ("database", "数据库")
    assert all(CHINESE.search(text) for text in (said.text, said.next_step))
    assert "row 7" in said.text


def test_a_device_is_told_by_its_name_and_its_health_in_words() -> None:
    finding = Finding("device printer-1", "bad", "device", {"health": "absent", "reason": ""}, "run")
    said = told(finding, texts("zh-CN"), "zh")
    assert (said.title, said.text) == ("设备 printer-1", "未连接")


def test_states_levels_and_health_have_words() -> None:
    for kind, values in (
        ("link", [state.value for state in RelayState]),
        ("health", [health.value for health in Health]),
        ("level", [level.name.lower() for level in Level]),
    ):
        assert all(CHINESE.search(texts("zh-CN")[f"{kind}.{value}"]) for value in values)
        assert all(texts("en")[f"{kind}.{value}"] for value in values)


def test_a_closed_road_is_shown_in_words_with_its_reason() -> None:
    standing = {
        "running": True,
        "boot_id": "b",
        "link": {"state": "offline", "reason": "no route"},
        "open": [],
        "disk": {"free_bytes": 1 << 30, "level": "normal"},
        "devices": {"printer-1": {"health": "failed", "reason": "E2"}},
    }
    lines = list(lines_of(standing, texts("zh-CN")))
    assert "总部: 离线。技术原因：no route" in lines
    assert "设备 printer-1: 不能使用：E2" in lines
    assert any(line.endswith("充足") for line in lines)
