"""What the bench says to people, in Chinese and English: one catalogue a language in ``locale/``."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from domain.phrases import Phrasebook

Lang = Literal["zh", "en"]


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """Return the texts of one language by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / "locale" / f"{lang}.json").read_text("utf-8"))
    return texts


class Texts:
    """The texts of one language; calling it fills one in."""

    def __init__(self, lang: Lang) -> None:
        """Speak ``lang``."""
        self.lang = lang
        self._texts = catalogue(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text ``key`` with its ``{places}`` filled."""
        return self._texts[key].format(**values)


def in_chinese(sentence: str) -> str:
    """Return an English sentence of the bench in Chinese, as it is when ``sayings/locale`` does not know it."""
    return _sayings().said(sentence)


@cache
def _sayings() -> Phrasebook:
    folder = Path(__file__).parent / "sayings/locale"
    english, chinese = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("en", "zh-CN"))
    return Phrasebook({english[name]: chinese[name] for name in english})


def thousands(number: float) -> str:
    """Return a whole number with thin groups, easy to read on a screen.

    >>> thousands(1469307)
    '1 469 307'
    """
    return f"{number:,.0f}".replace(",", " ")


def clock(seconds: float) -> str:
    """Return a length of time as minutes and seconds, or hours when long.

    >>> clock(75), clock(3725)
    ('1:15', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
