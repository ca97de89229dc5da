"""Texts for people in Chinese and English: by key out of ``locale``; the code's own sentences are found again by ``sayings/locale``."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

import protocol
from domain.phrases import Phrasebook

Language = Literal["zh", "en"]
_SAYINGS = (Path(protocol.__file__).parent / "sayings/locale", Path(__file__).parent / "sayings/locale")
"""What devices say in their facts, and what headquarters itself says."""
FILES = {"zh": "zh-CN.json", "en": "en.json"}


@lru_cache(maxsize=2)
def catalogue(language: Language) -> dict[str, str]:
    """Return all texts of a language by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / "locale" / FILES[language]).read_text("utf-8"))
    return texts


def say(language: Language, key: str, **values: object) -> str:
    """Return one text with its values filled in."""
    return catalogue(language)[key].format(**values)


def said(language: Language, sentence: str) -> str:
    """Return an English sentence of the code (an error, an incident, a reason) in a person's language, as it is when nothing knows it."""
    return sentence if language == "en" else _sayings().said(sentence)


@lru_cache(maxsize=1)
def _sayings() -> Phrasebook:
    pairs: dict[str, str] = {}
    for folder in _SAYINGS:
        english, chinese = (json.loads((folder / FILES[language]).read_text("utf-8")) for language in ("en", "zh"))
        pairs |= {english[name]: chinese[name] for name in english}
    return Phrasebook(pairs)
