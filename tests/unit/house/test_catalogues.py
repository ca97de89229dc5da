"""Texts exist in both languages, with the same placeholders."""

import re
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[3]
ENGLISH = sorted(path for path in ROOT.glob("*/**/locale/en.json") if ".venv" not in path.parts)
PLACEHOLDER = re.compile(r"\{\w*\}")


def catalogue(path: Path) -> dict[str, str]:
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


@pytest.mark.parametrize("english", ENGLISH, ids=lambda path: path.parents[1].name)
def test_both_languages_say_the_same_things(english: Path) -> None:
    [chinese] = english.parent.glob("zh*.json")
    en, zh = catalogue(english), catalogue(chinese)
    assert en.keys() == zh.keys()
    for key, text in en.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(zh[key])), key
        assert text.strip(), key
        assert zh[key].strip(), key
