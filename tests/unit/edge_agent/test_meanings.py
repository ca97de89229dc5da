"""What bytes mean is told in Chinese, down to the last word; data in them stays as it is."""

import pytest
from click.testing import CliRunner

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


def test_data_is_not_taken_for_words() -> None:
    assert meaning_in("zh-CN", "text 'clear, done'") == "文字 'clear, done'"
    assert meaning_in("en", "clear") == "clear"
