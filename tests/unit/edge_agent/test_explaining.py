"""``shopwire scan explain``: every kind of code, in both languages, and nothing of a payment code in full."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import shopwire
from domain.labels import DEFAULT_LAYOUTS
from domain.limits import has_control
from edge_agent.explaining import explained, lines_of, shown, unescaped
from edge_agent.texts import texts


def run(*words: str, stdin: bytes | None = None, lang: str = "en") -> Result:
    return CliRunner(env=dict(os.environ)).invoke(
        shopwire.main, ["--lang", lang, "scan", "explain", *words], input=stdin
    )


def told(*words: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
    done = run("--json", *words, stdin=stdin)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["6901234567892"], {"kind": "item", "gtin14": "06901234567892", "range": "china"}),
        (["--aim", "]E4", "96385074"], {"kind": "item", "gtin14": "00000096385074", "symbology": "EAN-8"}),
        (["02345673"], {"gtin14": "00000002345673", "alternative_gtin14": "00023456000073"}),
        (["2106013040083"], {"kind": "weighed_label", "plu": "06013", "amount_minor": 4008}),
        (["2200123004550"], {"kind": "weighed_label", "plu": "00123", "weight_g": 455}),
        (
            ["--aim", "]C1", "0106901234567892102024A{GS}310300123417261231"],
            {"kind": "gs1_message", "batch": "2024A", "weight_g": 1234, "expiry": "2026-12-31"},
        ),
        ([r"]d20106901234567892172612311012AB\x1d21SER1"], {"aim": "]d2", "serial": "SER1", "batch": "12AB"}),
        (
            ["--aim", "]d2", "010690123456789217200131"],
            {"kind": "gs1_message", "expiry": "2020-01-31", "reason": "expired"},
        ),
        (["https://x/01/9520123456788?3103=000455"], {"kind": "digital_link", "weight_g": 455}),
        (["--state", "tendering", "28763443825664394"], {"kind": "payment_code", "channel": "alipay"}),
        (["134567890123456789"], {"kind": "refused", "reason": "payment_code_while_shopping"}),
        (["--state", "tendering", "6901234567892"], {"kind": "refused", "reason": "not_a_payment_code"}),
        (["6901234567891"], {"kind": "refused", "reason": "check_digit"}),
        (["--aim", "]A0", "6901234567892"], {"kind": "refused", "reason": "symbology", "symbology": "Code 39"}),
        ([r"69\x1b@12"], {"kind": "refused", "reason": "control_character", "data": r"69\x1b@12"}),
        (["https://example.com/"], {"kind": "unknown", "reason": "address"}),
        (["javascript:alert(1)"], {"kind": "unknown", "reason": "text"}),
        (["x'; DROP TABLE sales;--"], {"kind": "unknown", "reason": "text"}),
        (["9" * 5000], {"kind": "refused", "reason": "too_long"}),
        ([""], {"kind": "unknown", "reason": "empty"}),
    ],
)
def test_what_a_code_is(words: list[str], expected: dict[str, Any]) -> None:
    (found,) = told(*words)
    assert {name: found.get(name) for name in expected} == expected


def test_the_layouts_of_a_store_file_count(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text('[[labels]]\npattern = "28IIIIIAAAAAWWWWWC"\namount_unit_minor = 10\n')
    (found,) = told("--store", str(tmp_path / "store.toml"), "281234512345100003")
    assert (found["plu"], found["amount_minor"], found["weight_g"]) == ("12345", 123_450, 10_000)
    assert told("281234512345100003")[0]["reason"] == "payment_code_while_shopping"
    (tmp_path / "store.toml").write_text('[[labels]]\npattern = "28AAAAA"\n')
    done = run("--store", str(tmp_path / "store.toml"), "1")
    assert done.exit_code == 1
    assert "13 or 18 characters" in done.output


def test_several_codes_and_lines_of_standard_input() -> None:
    lines = "]Q1茶叶\r\n".encode("gb18030") + b"6901234567892\n"
    kinds = [found["kind"] for found in told("4011", "-", stdin=lines)]
    assert kinds == ["item", "unknown", "item"]


@pytest.mark.parametrize(("lang", "words"), [("en", "weighed label"), ("zh", "称重标签")])
def test_people_read_it_in_their_language(lang: str, words: str) -> None:
    done = run("2106013040083", "--aim", "]E0", lang=lang)
    assert words in done.output
    assert "40.08" in done.output


def test_a_payment_code_is_never_shown_in_full() -> None:
    for state in ("shopping", "tendering"):
        for style in ([], ["--json"]):
            assert "134567890123456789" not in run("--state", state, *style, "134567890123456789").output


def test_an_identifier_that_is_none_is_refused_with_examples() -> None:
    done = run("--aim", "E0", "1")
    assert done.exit_code == 2
    assert "]Q1" in done.output


def test_the_separator_can_be_typed() -> None:
    assert unescaped(r"a{GS}b\x1dc\x4a") == "a\x1db\x1dcJ"


@given(st.text(max_size=60) | st.text("0123456789]CEdQ\x1d", max_size=40), st.sampled_from([None, "]E0", "]C1", "]Q1"]))
def test_whatever_it_is_it_is_told_without_control_characters(data: str, aim: str | None) -> None:
    for state in ("shopping", "tendering"):
        found = explained(data, aim, state, DEFAULT_LAYOUTS, date(2026, 11, 22))
        for language in ("en", "zh-CN"):
            lines = lines_of(found, texts(language), "en")
            assert not any(has_control(line) for line in lines)
    assert len(shown(data)) <= 80 * 10 + 1
