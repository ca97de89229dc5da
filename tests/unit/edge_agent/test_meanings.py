"""What bytes mean is told in Chinese, down to the last word; data in them stays as it is."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from devices.decoding import PROTOCOLS
from edge_agent.desk.meanings import meaning_in
from shopwire import main


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("display 1b40 0c 4142", "初始化\n清屏\n文字 'AB'\n"),
        (
            "printer 12",
            "实时状态 12，对 DLE EOT 1：联机，钱箱引脚低电平；对 DLE EOT 2：一切正常；对 DLE EOT 3：一切正常；对 DLE EOT 4：纸正常\n",
        ),
        ("scanner 5d45303639300d", "条码 690，EAN-13、UPC-A 或 UPC-E\n"),
        ("scanner-ssi 05d00400ff22", "不是数据包：半帧\n"),
        ("light a00101a2", "继电器 1 吸合\n"),
        ("drawer 12", "不是钱箱的应答：12\n"),
    ],
)
def test_bytes_are_explained_in_chinese(words: str, told: str) -> None:
    assert CliRunner().invoke(main, ["--lang", "zh", "devices", "decode", *words.split()]).output == told


FRAMES = sorted(
    {
        frame
        for file in (Path(__file__).parents[2] / "data/golden-frames").glob("*.json")
        for frame in re.findall(r'"((?:[0-9a-fA-F]{2} ?)+)"', file.read_text("utf-8"))
    }
)
ENGLISH = re.compile("[a-z]{3,} [a-z]{3,}|error")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_english_is_left_in_what_golden_frames_mean(protocol: str) -> None:
    explained = {meaning.text for frame in FRAMES for meaning in PROTOCOLS[protocol](bytes.fromhex(frame))}
    told = {re.sub("'.*?'", "", meaning_in("zh-CN", text)) for text in explained}
    assert len(FRAMES) > 50
    assert {text for text in told if ENGLISH.search(text)} == set()


def test_data_is_not_taken_for_words() -> None:
    assert meaning_in("zh-CN", "text 'clear, done'") == "文字 'clear, done'"
    assert meaning_in("en", "clear") == "clear"
