"""The message catalogues: what a person reads, in zh-CN and en, by key."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from domain.money import Language as Short
from edge_agent.settings import Language

Texts = Mapping[str, str]


@cache
def texts(language: Language) -> Texts:
    """Return the catalogue of one language."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "locale" / f"{language}.json").read_text("utf-8"))
    return found


def short(language: Language) -> Short:
    """Return the language as the domain names it."""
    return "zh" if language == "zh-CN" else "en"


def spoken(lang: str) -> Language:
    """Return the catalogue for a command line's ``--lang`` (``zh`` or ``en``)."""
    return "zh-CN" if lang.startswith("zh") else "en"
