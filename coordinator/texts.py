"""Texts for people in Chinese and English, out of ``locale/*.json``."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

Language = Literal["zh", "en"]
FILES = {"zh": "zh-CN.json", "en": "en.json"}


@lru_cache(maxsize=2)
def catalogue(language: Language) -> dict[str, str]:
    """Return all texts of a language by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / "locale" / FILES[language]).read_text("utf-8"))
    return texts


def say(language: Language, key: str, **values: object) -> str:
    """Return one text with its values filled in."""
    return catalogue(language)[key].format(**values)
